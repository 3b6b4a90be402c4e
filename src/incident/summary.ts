/**
 * What a colleague would say of an incident, in both languages: who announces what, inside whose, who should; seen by
 * how many since when; what is new about it. Once it is over: what it was, how long it lasted, how far it reached, how
 * it ended. Pure; outside strings stay raw.
 */

import { asLabel, evidenceOf } from '../judge/evidence-words.ts';
import type { Row } from '../judge/finding.ts';
import type { Kind } from '../judge/vocabulary.ts';
import { type ActFacts, type ConditionWords, KIND_WORDS, type KindWords } from '../words/kinds.ts';
import { josa } from '../words/korean.ts';
import { doubtWords, END_WORDS, goneWords, pastWords, STOOD_THEN, seenWords } from '../words/reach.ts';
import type { Words } from '../words/words.ts';
import { type IncidentRoute, isoTime, type Resolution } from './alert.ts';
import type { IncidentState } from './incident-state.ts';

type AsName = (asn: number) => string | undefined;

/** Complete by type: a kind without words does not compile. */
const WORDS_OF: Readonly<Record<Kind, KindWords | ConditionWords>> = KIND_WORDS;
const ENDS: Readonly<Record<Resolution, (by: string | undefined) => Words>> = END_WORDS;

export function summaryOf(
  incident: IncidentState,
  routes: readonly IncidentRoute[],
  total: number,
  asName: AsName,
): Words {
  const [route] = routes;
  if (route === undefined) return { en: 'Nothing is seen any more.', ko: '더 이상 보이는 것이 없습니다.' };
  const isOver = incident.state === 'resolved';
  const parts = [swarmOf(incident, isOver), whatOf(incident, route, asName), moreOf(total)];
  if (isOver) parts.push(howItWas(incident), endOf(incident, route));
  else if (!isCondition(incident.kind)) parts.push(spreadOf(route), remarkOf(incident.rows, asName));
  return joined(parts);
}

/** How many at once; the sentence behind it names the heaviest. */
function swarmOf({ swarm, routes }: IncidentState, isOver: boolean): Words {
  if (swarm === undefined) return NOTHING;
  const networks = isOver ? Math.max(swarm.peak, swarm.offendersNow) : swarm.offendersNow;
  const what = `${routes.size}`;
  return isOver
    ? {
        en: `Up to ${networks} networks at once announced ${what} routes of ${swarm.watches} watched entries. The heaviest:`,
        ko: `최대 네트워크 ${networks}개가 동시에 감시 항목 ${swarm.watches}개의 경로 ${what}개를 광고했습니다. 가장 심각한 것:`,
      }
    : {
        en: `${networks} networks at once announce ${what} routes of ${swarm.watches} watched entries. The heaviest:`,
        ko: `네트워크 ${networks}개가 동시에 감시 항목 ${swarm.watches}개의 경로 ${what}개를 광고합니다. 가장 심각한 것:`,
      };
}

/** The first sentence: a condition tells of itself by its first row of evidence. */
function whatOf(incident: IncidentState, route: IncidentRoute, asName: AsName): Words {
  const words = WORDS_OF[route.kind];
  const facts = factsOf(incident, route, asName);
  if (incident.state === 'resolved') {
    if (words.past !== undefined) return words.past(facts);
    const rowFacts = incident.rows[0]?.facts.map(String) ?? [];
    return overOf(route.kind, rowFacts) ?? firstRow(incident.rows, asName);
  }
  return words.now?.(facts) ?? firstRow(incident.rows, asName);
}

/** What the first row of a condition says once it is over; undefined: it speaks of the past already. */
export function overOf(kind: Kind, facts: readonly string[]): Words | undefined {
  return WORDS_OF[kind].over?.(facts);
}

function isCondition(kind: Kind): boolean {
  return WORDS_OF[kind].now === undefined;
}

function firstRow(rows: readonly Row[], asName: AsName): Words {
  const [row] = rows;
  return row === undefined ? NOTHING : evidenceOf(row, asName).text;
}

const NOTHING: Words = { en: '', ko: '' };

function moreOf(total: number): Words {
  return total > 1 ? { en: `And ${total - 1} more.`, ko: `외 ${total - 1}건.` } : NOTHING;
}

function joined(parts: readonly Words[]): Words {
  const of = (language: 'en' | 'ko'): string =>
    parts
      .map((words) => words[language])
      .filter((text) => text !== '')
      .join(' ');
  return { en: of('en'), ko: of('ko') };
}

function factsOf(incident: IncidentState, route: IncidentRoute, asName: AsName): ActFacts {
  const origin = route.originAs.map((asn) => asLabel(asn, asName)).join(', ');
  return {
    origin,
    offender: incident.offender === null ? origin : asLabel(incident.offender, asName),
    prefix: route.prefix,
    watched: route.name === '' ? route.watch : `${route.name} (${route.watch})`,
    nameRemark: route.name === '' ? '' : ` (${route.name})`,
    expected: expectedWords(route, asName),
  };
}

function expectedWords(route: IncidentRoute, asName: AsName): Words {
  const names = route.expectedOrigins.map((asn) => asLabel(asn, asName));
  const last = names.at(-1);
  if (last === undefined) return { en: 'nobody may announce', ko: '아무도 광고할 수 없는 프리픽스입니다' };
  const list = names.join(', ');
  const en = names.length === 1 ? list : `${names.slice(0, -1).join(', ')} or ${last}`;
  return { en: `${en} should originate`, ko: `${josa(list, '이가')} 광고해야 하는 프리픽스입니다` };
}

/** Who carries it, now; never a count of nobody. */
function spreadOf(route: IncidentRoute): Words {
  if (!route.active) return goneWords(route.firstSeenAt);
  const { seeing } = route.vantagePoints;
  return seeing === 0 ? doubtWords(route.firstSeenAt) : seenWords(route.vantagePoints, route.firstSeenAt);
}

/** By when it is over: what still stood when somebody resolved it is over by their word. */
function howItWas(incident: IncidentState): Words {
  const endMs = incident.endedMs ?? incident.resolvedMs ?? incident.updatedMs;
  const span = {
    fromIso: isoTime(incident.firstSeenMs),
    toIso: isoTime(Math.max(endMs, incident.firstSeenMs)),
  };
  return pastWords(span, incident.peak);
}

function endOf(incident: IncidentState, route: IncidentRoute): Words {
  if (incident.resolution === undefined) return NOTHING;
  const end = ENDS[incident.resolution](incident.resolvedBy);
  return incident.resolution === 'operator' && route.active ? joined([end, STOOD_THEN]) : end;
}

/** The most telling row beside the kind: what is new, else what RPKI says. */
function remarkOf(rows: readonly Row[], asName: AsName): Words {
  const telling = ['rpki-invalid-origin', 'new-link', 'strange-transit', 'never-seen', 'related', 'siblings'];
  const row = rows
    .filter(({ code }) => telling.includes(code))
    .sort((a, b) => telling.indexOf(a.code) - telling.indexOf(b.code))[0];
  return row === undefined ? NOTHING : evidenceOf(row, asName).text;
}
