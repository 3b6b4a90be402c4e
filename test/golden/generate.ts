/**
 * Makes the golden scenarios from the facts of `../shared/data/incidents-facts.json`: AS numbers, prefixes, paths,
 * times. Run by hand (`tsx test/golden/generate.ts`) when the facts change; `golden:update` then writes what is expected.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { FOLDER, type Golden, type GoldenEvent } from './scenario-file.ts';

const FACTS = new URL('../../../shared/data/incidents-facts.json', import.meta.url).pathname;

interface Fact {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly watch: readonly {
    prefix: string;
    origins: readonly number[] | null;
    upstreams?: readonly number[];
  }[];
  readonly events: readonly {
    t: string;
    type: 'announce' | 'withdraw';
    prefix: string;
    path?: readonly (number | readonly number[])[];
    peer: number;
    peer_ip?: string;
    reconstructed: boolean;
  }[];
  readonly expected: {
    type: string;
    severity?: string | null;
    earliest?: string | null;
    suspect_origin?: number | readonly number[];
    suspect_first_hop?: number;
    suspect_transit?: number;
    leaker?: number | readonly number[];
  };
  readonly roas?: readonly { prefix: string; maxLength: number; asn: number }[];
}

/** Sessions that stand in for the many that lost a network: the facts name one. */
const OUTAGE_SESSIONS = 12;
/** Behind the last update: long enough for an end to be declared. */
const AFTERWARDS_MS = 600_000;

/** Ends that the facts leave out: who saw it second lost it with the others. */
const ENDS: Readonly<Record<string, Fact['events']>> = {
  'klayswap-kakao-2022': [
    {
      t: '2022-02-03T04:28:30Z',
      type: 'withdraw',
      prefix: '211.249.221.0/24',
      peer: 174,
      reconstructed: true,
    },
  ],
};

function goldenOf(fact: Fact): Golden {
  const { expected } = fact;
  const events = [...fact.events, ...(ENDS[fact.id] ?? [])]
    .sort((a, b) => Date.parse(a.t) - Date.parse(b.t))
    .map(eventOf);
  const last = Date.parse(events.at(-1)?.t ?? '');
  const suspects = [
    expected.suspect_origin,
    expected.suspect_first_hop,
    expected.suspect_transit,
    expected.leaker,
  ].flat();
  return {
    id: fact.id,
    title: fact.title,
    until: iso(last + AFTERWARDS_MS),
    watch: fact.watch.map(({ prefix, origins, upstreams }) => ({
      prefix,
      ...(origins === null ? {} : { origins }),
      ...(upstreams === undefined ? {} : { upstreams }),
    })),
    ...(fact.roas === undefined || fact.roas.length === 0
      ? {}
      : { roas: fact.roas.map(({ prefix, maxLength, asn }) => ({ prefix, maxLength, asn })) }),
    meaning: {
      type: expected.type,
      severity: expected.severity ?? null,
      suspects: suspects.filter((asn) => asn !== undefined),
      ...(expected.earliest ? { earliest: expected.earliest } : {}),
    },
    events: fact.kind === 'withdrawal' ? events.flatMap(manySessions) : events,
  };
}

function eventOf(event: Fact['events'][number]): GoldenEvent {
  return {
    t: iso(Date.parse(event.t)),
    peer: event.peer,
    ...(event.peer_ip === undefined ? {} : { address: event.peer_ip }),
    prefix: event.prefix,
    ...(event.type === 'announce' && event.path !== undefined ? { path: event.path } : {}),
    ...(event.reconstructed ? {} : { captured: true }),
  };
}

function manySessions(event: GoldenEvent): readonly GoldenEvent[] {
  return Array.from({ length: OUTAGE_SESSIONS }, (_, index) => {
    const peer = 64_512 + index;
    return { ...event, peer, ...(event.path === undefined ? {} : { path: [peer, ...event.path] }) };
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** One line an event, so that a change reads as one. */
function textOf(golden: Golden): string {
  const { events, ...head } = golden;
  const lines = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`,
  );
  const rows = events.map((event) => `    ${JSON.stringify(event)}`).join(',\n');
  return `{\n${lines.join('\n')}\n  "events": [\n${rows}\n  ]\n}\n`;
}

function main(): void {
  if (!existsSync(FACTS)) {
    console.error('skipped: ../shared/data/incidents-facts.json is not here');
    return;
  }
  const { incidents } = JSON.parse(readFileSync(FACTS, 'utf8')) as { incidents: readonly Fact[] };
  for (const fact of incidents) {
    if (fact.events.length === 0) continue;
    writeFileSync(`${FOLDER}${fact.id}.json`, textOf(goldenOf(fact)));
  }
}

main();
