/**
 * What `check` says of checked settings: what will be watched and subscribed, who will be told, what the ROAs leave
 * open, and what is likely to be a mistake although it is no error. Pure.
 */

import { domainToASCII } from 'node:url';
import { parseAddress } from '../bgp/address.ts';
import { formatAsn, isUnroutableAsn } from '../bgp/asn.ts';
import { bogonOf } from '../bgp/bogon.ts';
import { overlaps, type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { severityRank } from '../bgp/severity.ts';
import { isHostName } from '../config/section.ts';
import type { RouteSettings, Settings } from '../config/settings.ts';
import { describeSource } from '../daemon/feeds/sources.ts';
import type { SourceReport } from '../feed/source.ts';
import type { RoaExposure } from '../judge/roa-exposure.ts';
import type { Words } from '../judge/vocabulary.ts';
import { type WatchEntries, type WatchEntry, watchName } from '../match/watchlist.ts';
import { josa } from '../words/korean.ts';

export interface CheckWarning {
  readonly code: string;
  readonly text: Words;
}

/** `learned`: what watched ASes are known to originate beyond the watchlist. */
export function feedReports(settings: Settings, learned: readonly Prefix[]): readonly SourceReport[] {
  const { watchlist, feeds } = settings;
  return feeds.map((feed) => describeSource(feed, { watchlist, learned }));
}

/** In the order in which people would ask. */
export function warningsOf(settings: Settings, exposures: readonly RoaExposure[]): readonly CheckWarning[] {
  return [
    ...watchWarnings(settings),
    ...tellingWarnings(settings),
    ...exposures.map(({ code, text }) => ({ code, text })),
    ...rpkiWarnings(settings),
  ];
}

function warning(code: string, en: string, ko: string): CheckWarning {
  return { code, text: { en, ko } };
}

// ---------------------------------------------------------------- the watchlist

/** Longest prefixes that are accepted everywhere. */
const ROUTABLE_MAX = { 4: 24, 6: 48 } as const;

function watchWarnings({ watchlist, feeds }: Settings): CheckWarning[] {
  const { entries } = watchlist;
  const found: CheckWarning[] = [];
  if (!some(entries, (entry) => entry.type === 'asn' || !entry.ignore))
    found.push(
      warning(
        'nothing-watched',
        'Nothing is watched: the watchlist has no entry that is judged.',
        '감시할 항목이 없습니다.',
      ),
    );
  if (feeds.length === 0)
    found.push(
      warning(
        'no-feed',
        'No feed is configured: nothing will be seen.',
        '피드가 설정되지 않아 아무것도 보이지 않습니다.',
      ),
    );
  for (const entry of entries) found.push(...entryWarnings(entry));
  return found;
}

function entryWarnings(entry: WatchEntry): CheckWarning[] {
  if (entry.type !== 'prefix') return hostNameWarnings(entry);
  if (entry.ignore) return [];
  const { prefix, origins, upstreams } = entry;
  const found: CheckWarning[] = [...hostNameWarnings(entry), ...spaceWarnings(prefix)];
  if (prefix.length > ROUTABLE_MAX[prefix.family])
    found.push(
      warning(
        'long-prefix',
        `${prefix.text} is longer than /${ROUTABLE_MAX[prefix.family]}: few networks accept it, so few vantage points will show it.`,
        `${prefix.text}: /${ROUTABLE_MAX[prefix.family]}보다 길어 받아들이는 망이 적고, 관측 지점에도 거의 보이지 않습니다.`,
      ),
    );
  const odd = [...(origins ?? []), ...(upstreams ?? [])].find(isUnroutableAsn);
  if (odd !== undefined)
    found.push(
      warning(
        'unroutable-asn',
        `${prefix.text} expects ${formatAsn(odd)}, a private or reserved number.`,
        `${prefix.text}: 예상 AS에 사설 또는 예약 번호 ${josa(formatAsn(odd), '이가')} 있습니다.`,
      ),
    );
  return found;
}

function hostNameWarnings(entry: WatchEntry): CheckWarning[] {
  return entry.services
    .filter((service) => !isNameOfHost(service))
    .map((service) =>
      warning(
        'service-no-host-name',
        `${watchName(entry)} names the service ${service}, which is no host name: status HOSTNAME will not find it.`,
        `${watchName(entry)}: 서비스 ${josa(service, '은는')} 호스트 이름이 아니므로 status HOSTNAME으로 조회되지 않습니다.`,
      ),
    );
}

/** With names in other scripts; an address is none. */
function isNameOfHost(text: string): boolean {
  return parseAddress(text) === undefined && isHostName(domainToASCII(text) || text);
}

function spaceWarnings(prefix: Prefix): CheckWarning[] {
  if (prefix.length === 0)
    return [
      warning(
        'whole-table',
        `${prefix.text} watches the whole Internet: every announcement that no other entry covers is judged by it.`,
        `${prefix.text}: 인터넷 전체를 감시합니다. 다른 항목에 속하지 않는 모든 광고가 이 항목으로 판정됩니다.`,
      ),
    ];
  const bogon = bogonOf(prefix);
  if (bogon === undefined) return [];
  return [
    warning(
      'unroutable-prefix',
      `${prefix.text} is space that nobody announces rightfully on the Internet: ${bogon.what}.`,
      `${prefix.text}: 인터넷에 정당하게 광고되지 않는 대역입니다(${bogon.what}).`,
    ),
  ];
}

// ---------------------------------------------------------------- who is told

function tellingWarnings(settings: Settings): CheckWarning[] {
  const { receivers, routes } = settings;
  if (receivers.length === 0)
    return [
      warning(
        'no-receivers',
        'No receivers are configured: alerts show on the dashboard and in the API only.',
        '수신처가 설정되지 않아 알림은 대시보드와 API에만 표시됩니다.',
      ),
    ];
  return [
    ...linkWarnings(settings),
    ...routes.flatMap((route, index) => routeWarnings(route, index + 1, settings)),
    ...(routes.length === 0 ? [] : coverageWarnings(settings)),
  ];
}

/** Types whose messages machines read, not people. */
const MACHINES = ['webhook', 'alertmanager', 'syslog', 'command'];

function linkWarnings({ receivers, serve }: Settings): CheckWarning[] {
  const people = receivers.filter(({ type }) => !MACHINES.includes(type));
  if (serve.publicUrl !== undefined || people.length === 0) return [];
  const names = people.map(({ name }) => name).join(', ');
  return [
    warning(
      'no-public-url',
      `serve.publicUrl is not set: messages to ${names} carry no link to the dashboard that others can open.`,
      `serve.publicUrl이 없어 ${names}에 보내는 메시지에 대시보드 링크가 없습니다.`,
    ),
  ];
}

function routeWarnings(route: RouteSettings, number: number, settings: Settings): CheckWarning[] {
  const found: CheckWarning[] = [];
  const dead = whyDead(route, settings);
  if (dead !== undefined)
    found.push(
      warning(
        'route-matches-nobody',
        `Route ${number} never matches: ${dead}.`,
        `${number}번 경로(route)는 일치하는 것이 없습니다: ${dead}.`,
      ),
    );
  const before = settings.routes.slice(0, number - 1).findIndex(({ match }) => isEverything(match));
  if (before >= 0)
    found.push(
      warning(
        'route-shadowed',
        `Route ${number} is never reached: route ${before + 1} matches everything.`,
        `${number}번 경로(route)는 도달할 수 없습니다: ${before + 1}번이 모두와 일치합니다.`,
      ),
    );
  for (const name of deafReceivers(route, settings))
    found.push(
      warning(
        'route-below-severity',
        `Route ${number} sends ${(route.match.severity ?? []).join(', ')} to ${name}, whose minSeverity is higher: it hears nothing.`,
        `${number}번 경로(route)의 심각도는 ${name}의 minSeverity보다 낮아 전달되지 않습니다.`,
      ),
    );
  if (route.receivers.length === 0)
    found.push(
      warning(
        'route-without-receivers',
        `Route ${number} names no receiver: what it matches reaches nobody.`,
        `${number}번 경로(route)에 수신처가 없습니다.`,
      ),
    );
  return found;
}

function isEverything(match: RouteSettings['match']): boolean {
  return Object.values(match).every((values) => values === undefined);
}

/** Undefined for a route that something can match. */
function whyDead({ match }: RouteSettings, { watchlist, feeds }: Settings): string | undefined {
  const { entries } = watchlist;
  const groups = new Set(feeds.map(({ name }) => name));
  const tags = new Set<string>();
  for (const entry of entries) {
    groups.add(entry.group);
    for (const tag of entry.tags) tags.add(tag);
  }
  if (match.group !== undefined && !match.group.some((group) => groups.has(group)))
    return `no entry has the group ${match.group.join(' or ')}`;
  if (match.tags !== undefined && !match.tags.some((tag) => tags.has(tag)))
    return `no entry has the tag ${match.tags.join(' or ')}`;
  const hasAs = some(entries, ({ type }) => type === 'asn');
  if (match.prefix !== undefined && !hasAs && !match.prefix.some((text) => touchesWatch(text, entries)))
    return `no entry overlaps ${match.prefix.join(' or ')}`;
  return undefined;
}

function touchesWatch(text: string, entries: WatchEntries): boolean {
  const prefix = parsePrefix(text)?.prefix;
  return (
    prefix !== undefined &&
    some(entries, (entry) => entry.type === 'prefix' && overlaps(entry.prefix, prefix))
  );
}

function some(entries: WatchEntries, isMeant: (entry: WatchEntry) => boolean): boolean {
  for (const entry of entries) if (isMeant(entry)) return true;
  return false;
}

function deafReceivers({ match, receivers }: RouteSettings, settings: Settings): readonly string[] {
  const highest = Math.max(...(match.severity ?? ['critical']).map((word) => severityRank(word as 'info')));
  return settings.receivers
    .filter(({ name, minSeverity }) => receivers.includes(name) && severityRank(minSeverity) > highest)
    .map(({ name }) => name);
}

/** Groups whose incidents no route takes whatever they are, and receivers that no route names. */
function coverageWarnings({ watchlist, feeds, routes, receivers }: Settings): CheckWarning[] {
  const found: CheckWarning[] = [];
  const takes = (group: string): boolean =>
    routes.some(({ match }) => match.group === undefined || match.group.includes(group));
  const groups = new Set<string>();
  for (const { group } of watchlist.entries) groups.add(group);
  for (const group of groups)
    if (!takes(group))
      found.push(
        warning(
          'group-unrouted',
          `No route takes alerts of the group ${group}: nobody is told of them. A last route without match takes the rest.`,
          `그룹 ${group}의 알림을 받는 경로(route)가 없어 아무에게도 전달되지 않습니다.`,
        ),
      );
  for (const { name } of feeds)
    if (!takes(name) && watchlist.entries.length > 0)
      found.push(
        warning(
          'blindness-unrouted',
          `No route takes alerts of the group ${name}: nobody is told when that feed is blind (kind feed-blind).`,
          `피드 ${name}의 장애(feed-blind)를 받는 경로(route)가 없습니다.`,
        ),
      );
  const named = new Set(
    routes.flatMap((route) => [...route.receivers, ...(route.escalate?.receivers ?? [])]),
  );
  for (const { name } of receivers)
    if (!named.has(name))
      found.push(
        warning(
          'receiver-unrouted',
          `No route names the receiver ${name}: it is never told.`,
          `수신처 ${josa(name, '을를')} 지정한 경로(route)가 없습니다.`,
        ),
      );
  return found;
}

function rpkiWarnings({ rpki }: Settings): CheckWarning[] {
  if (rpki.file !== undefined || (rpki.url === undefined && rpki.rtr.length > 0)) return [];
  const en =
    rpki.url === undefined
      ? 'No VRPs are configured: RPKI gives no evidence, and open ROAs are not found. See rpki.vrps, or --vrps FILE.'
      : 'The VRPs come from a URL, and check sends nothing: give --vrps FILE to find open ROAs.';
  const ko =
    rpki.url === undefined
      ? 'VRP가 설정되지 않아 RPKI 근거가 없고 열린 ROA도 찾을 수 없습니다. rpki.vrps 또는 --vrps FILE을 참고하십시오.'
      : 'VRP를 URL에서 받도록 설정되어 있으나 check는 아무것도 보내지 않습니다. --vrps FILE로 확인하십시오.';
  return [warning('no-vrps', en, ko)];
}

// ---------------------------------------------------------------- entries as data

/** An entry as the watchlist has it, prefixes as text. */
export function entryJson(entry: WatchEntry): Record<string, unknown> {
  const { name, group, services, tags, minPeers, mitigation, mustSeeThrough, mute } = entry;
  const { upstreams, path, severity } = entry;
  const own =
    entry.type === 'asn'
      ? {}
      : {
          origins: entry.origins ?? null,
          maxLength: entry.maxLength,
          moreSpecifics: entry.moreSpecifics,
          ignore: entry.ignore,
        };
  return {
    watch: watchName(entry),
    name,
    group,
    ...own,
    upstreams: upstreams ?? null,
    minPeers,
    mitigation,
    mustSeeThrough,
    mute,
    path: path ?? null,
    services,
    tags,
    severity: severity ?? null,
  };
}
