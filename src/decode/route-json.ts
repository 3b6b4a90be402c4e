/**
 * A route as one JSON object: all that the record says, with names and without placeholders. For `decode --json`.
 */
import { formatAsPath, originsOf } from '../bgp/as-path.ts';
import { vantagePointName } from '../bgp/vantage-point.ts';
import type { PathAttributes } from './bgp/update-attributes.ts';
import { CONFED_SEQUENCE, CONFED_SET, pathOf } from './bgp/update-path.ts';
import { originName } from './mrt/bgpdump-line.ts';
import type { PrintedRecord, RouteRecord, StateRecord } from './route-record.ts';

const TYPES = { A: 'announcement', W: 'withdrawal', B: 'rib', STATE: 'state' } as const;
const STATES = [
  'unknown',
  'idle',
  'connect',
  'active',
  'open-sent',
  'open-confirm',
  'established',
  'clearing',
  'deleted',
];

/** Plain data for `JSON.stringify`; keys that do not apply are left out. */
export function routeJson(record: PrintedRecord): Readonly<Record<string, unknown>> {
  const micros = record.microseconds ?? 0;
  const { vantagePoint, problems } = record;
  return {
    type: TYPES[record.type],
    format: record.format,
    at: new Date(record.seconds * 1000 + micros / 1000).toISOString(),
    timestamp: record.seconds + micros / 1_000_000,
    vantagePoint: vantagePointName(vantagePoint),
    collector: vantagePoint.collector,
    peerAddress: vantagePoint.peerAddress,
    peerAsn: vantagePoint.peerAsn,
    ...(record.type === 'STATE' ? stateFields(record) : routeFields(record)),
    ...(problems.length === 0 ? {} : { problems }),
  };
}

function stateFields({ oldState, newState }: StateRecord): Readonly<Record<string, unknown>> {
  const named = (state: number): string => STATES[state] ?? `${state}`;
  return { oldState: named(oldState), newState: named(newState) };
}

function routeFields(record: RouteRecord): Readonly<Record<string, unknown>> {
  const { attributes, originatedSeconds } = record;
  return {
    prefix: record.prefix.text,
    ...present('direction', record.direction === 'sent' ? 'sent' : undefined),
    ...present('safi', record.safi === 1 ? undefined : record.safi),
    ...present('pathId', record.pathId),
    ...present(
      'originatedAt',
      originatedSeconds === undefined ? undefined : new Date(originatedSeconds * 1000).toISOString(),
    ),
    ...(attributes === undefined ? {} : attributeFields(attributes)),
    ...present('nextHop', record.nextHop),
  };
}

function attributeFields(attributes: PathAttributes): Readonly<Record<string, unknown>> {
  const path = pathOf(attributes.segments ?? []);
  const { grade } = attributes;
  return {
    path: formatAsPath(path),
    asPath: path,
    originAs: originsOf(path),
    ...present('confederation', confederationOf(attributes)),
    ...present('origin', attributes.origin === undefined ? undefined : originName(attributes.origin)),
    ...present('med', attributes.med),
    ...present('localPref', attributes.localPref),
    ...present(
      'communities',
      attributes.communities?.map((pair) => pair.join(':')),
    ),
    ...present(
      'largeCommunities',
      attributes.largeCommunities?.map((triple) => triple.join(':')),
    ),
    ...present('extendedCommunities', attributes.extendedCommunities),
    ...present('atomicAggregate', attributes.atomicAggregate),
    ...present('aggregator', attributes.aggregator),
    ...present('onlyToCustomer', attributes.onlyToCustomer),
    ...present('originatorId', attributes.originatorId),
    ...present('clusterList', attributes.clusterList),
    ...present('linkLocalNextHop', attributes.reach?.[0]?.nextHops[1]),
    ...present('unknownAttributes', attributes.unknown),
    ...present('rfc7606', grade === undefined ? undefined : grade),
  };
}

/** Confederation segments are no part of the path that is judged; who wants to see them finds them here. */
function confederationOf(attributes: PathAttributes): readonly unknown[] | undefined {
  const found = (attributes.segments ?? []).filter(
    ({ type }) => type === CONFED_SEQUENCE || type === CONFED_SET,
  );
  return found.length === 0 ? undefined : found.map(({ type, asns }) => ({ set: type === CONFED_SET, asns }));
}

function present(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [name]: value };
}
