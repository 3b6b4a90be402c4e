/**
 * What the owner can announce against an incident's routes: the more-specifics that most networks still accept (/24,
 * /48), and what our ROAs say to each. Pure; first step of the sheet in `sheet.ts`.
 */

import { covers, type Prefix, parsePrefix, prefixFromWords } from '../../bgp/prefix.ts';
import type { Validation } from '../../judge/origin-validation.ts';
import type { Words } from '../../judge/vocabulary.ts';
import { josa } from '../../words/korean.ts';
import type { Incident, IncidentRoute } from '../alert.ts';

/** Longest prefixes that are accepted everywhere. */
const ROUTABLE_MAX = { 4: 24, 6: 48 } as const;

/** As many announcements as people paste in one go; the rest is counted. */
export const ANNOUNCEMENTS_MAX = 200;

/** Asks the ROAs; undefined where no RPKI data is loaded. */
export type Validate = (prefix: Prefix, origin: number) => Validation | undefined;

export interface RoaChange {
  readonly prefix: string;
  readonly origin: number;
  readonly maxLength: number;
  /** True: the announcement is RPKI-invalid until the change is out, so it comes first. */
  readonly first: boolean;
  readonly why: Words;
}

export interface Announcement {
  readonly prefix: string;
  readonly origin: number;
  /** The taken prefix that it answers, and the watch entry. */
  readonly against: string;
  readonly watch: string;
  readonly rpki: 'valid' | 'invalid' | 'not-found' | 'unknown';
  /** True: no longer than what is taken. The shorter path wins, so it takes back a part of the networks only. */
  readonly competes: boolean;
  readonly roa: RoaChange | null;
}

export interface Answer {
  readonly announce: readonly Announcement[];
  /** How many there would be, of which at most `ANNOUNCEMENTS_MAX` are listed. */
  readonly announceTotal: number;
  /** Why something can't be answered so, a sentence each. */
  readonly limits: readonly Words[];
}

/** Routes that stand, or all of them once the incident is over. */
export function answerOf(incident: Incident, validate: Validate): Answer {
  if (incident.family !== 'hijack')
    return { announce: [], announceTotal: 0, limits: [NO_HIJACK[incident.family]] };
  const standing = incident.routes.filter(({ active }) => active);
  const routes = standing.length > 0 ? standing : incident.routes;
  const taken = new Set(routes.map(({ prefix }) => prefix));
  const found = new Map<string, Announcement>();
  const limits = new Map<string, Words>();
  for (const route of routes) {
    const { prefixes, competes, limit } = prefixesAgainst(route, taken);
    if (limit !== undefined) limits.set(limit.en, limit);
    const origin = route.expectedOrigins[0];
    if (origin === undefined) continue;
    for (const prefix of prefixes)
      if (!found.has(prefix.text))
        found.set(prefix.text, announcement(prefix, origin, route, competes, validate));
  }
  if (incident.routesTotal > incident.routes.length) {
    const limit = moreRoutes(incident.routesTotal - incident.routes.length);
    limits.set(limit.en, limit);
  }
  const announce = [...found.values()];
  return {
    announce: announce.slice(0, ANNOUNCEMENTS_MAX),
    announceTotal: announce.length,
    limits: [...limits.values()],
  };
}

interface Against {
  readonly prefixes: readonly Prefix[];
  readonly competes: boolean;
  readonly limit: Words | undefined;
}

/** `taken`: every prefix of the incident; a half that is taken itself is answered by its own halves. */
function prefixesAgainst(route: IncidentRoute, taken: ReadonlySet<string>): Against {
  const prefix = parsePrefix(route.prefix)?.prefix;
  if (prefix === undefined) return { prefixes: [], competes: false, limit: undefined };
  if (route.expectedOrigins.length === 0)
    return { prefixes: [], competes: false, limit: nobodysPrefix(prefix) };
  const watched = parsePrefix(route.watch)?.prefix;
  if (route.kind === 'covering-prefix' && watched !== undefined && covers(prefix, watched))
    return { prefixes: [watched], competes: false, limit: undefined };
  const longest = ROUTABLE_MAX[prefix.family];
  if (prefix.length < longest) {
    const halves = halvesOf(prefix).filter(({ text }) => !taken.has(text));
    return { prefixes: halves, competes: false, limit: undefined };
  }
  if (prefix.length > longest) return { prefixes: [], competes: false, limit: tooLong(prefix, longest) };
  return { prefixes: [prefix], competes: true, limit: atTheLimit(prefix, longest) };
}

/** The two prefixes one bit longer. */
function halvesOf({ family, words, length }: Prefix): readonly Prefix[] {
  const upper: [number, number, number, number] = [...words];
  const at = length >>> 5;
  upper[at] = ((upper[at] ?? 0) | (1 << (31 - (length & 31)))) >>> 0;
  return [words, upper].map((half) => prefixFromWords(family, half as typeof upper, length + 1).prefix);
}

function announcement(
  prefix: Prefix,
  origin: number,
  route: IncidentRoute,
  competes: boolean,
  validate: Validate,
): Announcement {
  const validation = validate(prefix, origin);
  return {
    prefix: prefix.text,
    origin,
    against: route.prefix,
    watch: route.watch,
    rpki: validation?.state ?? 'unknown',
    competes,
    roa: validation === undefined ? null : roaChange(prefix, origin, validation),
  };
}

/** A ROA for exactly what is announced: a longer maxLength opens what nobody announces (RFC 9319). */
function roaChange(
  prefix: Prefix,
  origin: number,
  { state, reason, covering }: Validation,
): RoaChange | null {
  if (state === 'valid') return null;
  const roa = { prefix: prefix.text, origin, maxLength: prefix.length };
  if (state === 'not-found') return { ...roa, first: false, why: NO_ROA };
  const [vrp] = covering;
  const said = vrp === undefined ? '' : `${vrp.prefix.text}-${vrp.maxLength} AS${vrp.asn}`;
  return { ...roa, first: true, why: reason === 'length' ? tooShort(said) : foreignRoa(said, origin) };
}

// ---------------------------------------------------------------- words

const NO_ROA: Words = {
  en: 'No ROA covers it, so nothing blocks it. With this ROA, networks that validate drop what others announce there.',
  ko: '해당하는 ROA가 없어 차단되지는 않습니다. 이 ROA를 만들면 검증하는 망이 다른 오리진의 광고를 버립니다.',
};

function tooShort(vrp: string): Words {
  return {
    en: `The ROA ${vrp} does not reach that far: without this ROA first, networks that validate drop our answer.`,
    ko: `ROA ${vrp}의 maxLength보다 깁니다. 이 ROA를 먼저 만들지 않으면 검증하는 망이 대응 광고를 버립니다.`,
  };
}

function foreignRoa(vrp: string, origin: number): Words {
  return {
    en: `The ROAs (${vrp}) do not name AS${origin}: without this ROA first, networks that validate drop our answer.`,
    ko: `ROA(${vrp})에 ${josa(`AS${origin}`, '이가')} 없습니다. 이 ROA를 먼저 만들지 않으면 검증하는 망이 대응 광고를 버립니다.`,
  };
}

function atTheLimit({ text }: Prefix, longest: number): Words {
  return {
    en: `${text} is as long as most networks accept (/${longest}): nothing longer helps. Announcing the same prefix takes back the networks that are nearer to us; the rest needs a filter upstream of the offender.`,
    ko: `${josa(text, '은는')} 대부분의 망이 수용하는 한계(/${longest})이므로 더 긴 프리픽스로는 대응할 수 없습니다. 같은 프리픽스를 광고하면 우리에게 가까운 망만 되찾습니다. 나머지는 상위 사업자의 필터링이 필요합니다.`,
  };
}

function tooLong({ text }: Prefix, longest: number): Words {
  return {
    en: `${text} is longer than /${longest}: few networks accept it, and nothing that we announce beyond /${longest} gets far. Have it filtered where it enters.`,
    ko: `${josa(text, '은는')} /${longest}보다 길어 받아들이는 망이 적고, 우리가 더 길게 광고해도 멀리 전파되지 않습니다. 유입 지점에서 필터링을 요청하십시오.`,
  };
}

function nobodysPrefix({ text, length }: Prefix): Words {
  return {
    en: `No origin is expected for ${text}, so there is nothing to announce. A ROA for ${text}-${length} with AS0 lets networks that validate drop it.`,
    ko: `${text}에는 예상 오리진 AS가 없어 광고할 것이 없습니다. ${text}-${length}에 AS0 ROA를 만들면 검증하는 망이 버립니다.`,
  };
}

function moreRoutes(count: number): Words {
  return {
    en: `${count} more routes of this incident are not listed here: answer the watched prefixes as a whole.`,
    ko: `이 인시던트의 경로 ${count}건은 여기에 없습니다. 감시 프리픽스 전체로 대응하십시오.`,
  };
}

const NO_HIJACK: Readonly<Record<Exclude<Incident['family'], 'hijack'>, Words>> = {
  own: {
    en: 'The origin is our own: nothing is to be announced against it. Look at our own routers and change calendar first.',
    ko: '오리진이 우리 자신이므로 대응 광고가 필요하지 않습니다. 자체 라우터와 작업 일정을 먼저 확인하십시오.',
  },
  path: {
    en: 'The path is wrong, not the origin: a more-specific would follow the same way. Have the leak filtered, or withdraw from the neighbour that passes it on.',
    ko: '오리진이 아니라 경로가 잘못되었습니다. 더 긴 프리픽스도 같은 경로를 따릅니다. 유출 필터링을 요청하거나 전달하는 이웃에 대한 광고를 거두십시오.',
  },
  visibility: {
    en: 'The prefix is not seen: announce it again, and ask the upstreams what they hear from us.',
    ko: '프리픽스가 보이지 않습니다. 다시 광고하고 상위 사업자에게 수신 여부를 확인하십시오.',
  },
  feed: {
    en: 'Originwatch itself cannot see: nothing is to be announced.',
    ko: 'Originwatch가 관측하지 못하는 상태이므로 광고할 것이 없습니다.',
  },
};
