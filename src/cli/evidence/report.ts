/**
 * The readable report of an evidence file: one page of HTML without anything from outside, in English or Korean, to be read by
 * a manager or the police and printed. Says what happened, when, how far it reached, what was done, and what is in the file.
 */
import type { Alert, Incident } from '../../incident/alert.ts';
import type { CaseRecord } from '../../store/case-record.ts';

type Language = 'en' | 'ko';

interface ReportWords {
  readonly title: string;
  readonly facts: readonly string[];
  readonly routes: string;
  readonly routeHead: readonly string[];
  readonly evidence: string;
  readonly evidenceHead: readonly string[];
  readonly timeline: string;
  readonly timelineHead: readonly string[];
  readonly done: string;
  readonly doneHead: readonly string[];
  readonly notes: string;
  readonly sight: string;
  readonly sightHead: readonly string[];
  readonly paths: string;
  readonly none: string;
  readonly still: string;
  readonly how: string;
}

const WORDS: Readonly<Record<Language, ReportWords>> = {
  en: {
    title: 'Report of a BGP incident',
    facts: [
      'Incident',
      'What',
      'Kind',
      'Severity (highest)',
      'Caused by',
      'First seen',
      'Ended',
      'Widest reach',
      'How it ended',
      'Acknowledged by',
    ],
    routes: 'Routes',
    routeHead: [
      'Prefix',
      'Kind',
      'Origin seen',
      'Origin expected',
      'First seen',
      'Last seen',
      'Vantage points',
    ],
    evidence: 'Evidence',
    evidenceHead: ['Weight', 'What', 'Why'],
    timeline: 'Timeline',
    timelineHead: ['At', 'Alert', 'Severity', 'What was said'],
    done: 'What people did',
    doneHead: ['At', 'Who', 'What', 'On what', 'Note'],
    notes: 'Notes',
    sight: 'When we could see',
    sightHead: ['Feed', 'From', 'To', 'State', 'Reason'],
    paths: 'AS paths as seen',
    none: 'none',
    still: 'not yet',
    how: 'All times are UTC. The AS numbers are those in the routes as public route collectors received them; a number can be forged, so they say where a route seemed to come from, not who was behind it. The other files of this archive hold the alerts and frames word for word; manifest.json lists their SHA-256 sums, and “originwatch verify FILE” compares them.',
  },
  ko: {
    title: 'BGP 인시던트 보고서',
    facts: [
      '인시던트',
      '내용',
      '종류',
      '심각도(최고)',
      '유발 AS',
      '최초 관측',
      '종료',
      '최대 도달 범위',
      '종료 사유',
      '확인자',
    ],
    routes: '경로',
    routeHead: ['프리픽스', '종류', '관측된 오리진', '예상 오리진', '최초 관측', '최근 관측', '관측 지점'],
    evidence: '근거',
    evidenceHead: ['가중치', '항목', '이유'],
    timeline: '타임라인',
    timelineHead: ['시각', '알림', '심각도', '내용'],
    done: '조치 기록',
    doneHead: ['시각', '담당', '조치', '대상', '메모'],
    notes: '메모',
    sight: '관측 상태',
    sightHead: ['피드', '시작', '끝', '상태', '사유'],
    paths: '관측된 AS 경로',
    none: '없음',
    still: '진행 중',
    how: '모든 시각은 UTC입니다. AS 번호는 공개 경로 수집기가 받은 경로에 적힌 그대로이며 위조될 수 있으므로, 경로의 출처로 보인 곳일 뿐 실제 행위자를 뜻하지 않습니다. 이 파일의 다른 항목에는 알림과 원본 프레임이 그대로 들어 있고, manifest.json에 각 SHA-256 값이 있으며 “originwatch verify FILE”로 확인할 수 있습니다.',
  },
};

export function reportPage(
  { incident, audit, coverage }: CaseRecord,
  alerts: readonly Alert[],
  language: Language,
): string {
  const words = WORDS[language];
  const facts = factsOf(incident, words, language);
  const rows = incident.evidence.map((row) => [signed(row.weight), row.code, row.text[language]]);
  const sections = [
    table(words.facts.map((name, index) => [name, facts[index] ?? ''])),
    heading(words.routes, table(incident.routes.map(routeRow), words.routeHead)),
    heading(words.paths, list(pathsOf(incident), words)),
    heading(words.evidence, table(rows, words.evidenceHead)),
    heading(
      words.timeline,
      table(
        alerts.map(({ at, event, incident: then }) => [at, event, then.severity, then.summary[language]]),
        words.timelineHead,
      ),
    ),
    heading(
      words.notes,
      list(
        (incident.notes ?? []).map(({ at, by, text }) => `${at} ${by}: ${text}`),
        words,
      ),
    ),
    heading(
      words.done,
      table(
        audit.map(({ row }) => [row.at, row.who, row.action, row.subject, row.note]),
        words.doneHead,
      ),
    ),
    heading(
      words.sight,
      table(
        coverage.map(({ feed, from, to, state, reason }) => [feed, from, to, state, reason]),
        words.sightHead,
      ),
    ),
    `<p>${escaped(words.how)}</p>`,
  ];
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${escaped(words.title)} ${escaped(incident.id)}</title>
<style>body{font:14px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}h2{margin-top:1.5em;break-after:avoid}</style>
</head><body><h1>${escaped(words.title)}</h1>
${sections.join('\n')}
</body></html>
`;
}

function factsOf(incident: Incident, words: ReportWords, language: Language): string[] {
  const { peak } = incident;
  const ended = incident.endedAt ?? incident.resolvedAt;
  return [
    incident.id,
    incident.summary[language],
    incident.kind,
    `${incident.severity} (${incident.peakSeverity})`,
    incident.offender === null ? words.none : `AS${incident.offender}`,
    incident.firstSeenAt,
    ended ?? words.still,
    peak === undefined || peak === null ? '' : `${peak.seeing} / ${peak.known}`,
    incident.resolution ?? words.still,
    incident.acknowledgedBy ?? words.none,
  ];
}

function routeRow(route: Incident['routes'][number]): string[] {
  const asns = (list: readonly number[]): string => list.map((asn) => `AS${asn}`).join(', ');
  const { seeing, known } = route.vantagePoints;
  return [
    route.prefix,
    route.kind,
    asns(route.originAs),
    asns(route.expectedOrigins),
    route.firstSeenAt,
    route.lastSeenAt,
    `${seeing} / ${known}`,
  ];
}

function pathsOf({ routes }: Incident): string[] {
  return routes.flatMap(({ prefix, paths }) =>
    paths.map(({ path, vantagePoints }) => `${prefix}: ${path} (${vantagePoints})`),
  );
}

function signed(weight: number): string {
  return weight > 0 ? `+${weight}` : String(weight);
}

function heading(text: string, body: string): string {
  return `<h2>${escaped(text)}</h2>\n${body}`;
}

function table(rows: readonly (readonly string[])[], head: readonly string[] = []): string {
  const line = (cells: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const top = head.length === 0 ? '' : line(head, 'th');
  return `<table>${top}${rows.map((row) => line(row, 'td')).join('\n')}</table>`;
}

function list(rows: readonly string[], words: ReportWords): string {
  return rows.length === 0
    ? `<p>${escaped(words.none)}</p>`
    : `<ul>${rows.map((row) => `<li>${escaped(row)}</li>`).join('')}</ul>`;
}

/** Nothing from outside is markup. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
