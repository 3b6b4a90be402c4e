/**
 * The sections about input. `feeds`: one entry for each type of source, with its own keys beside those of every feed; a type
 * that `FeedSettings` has and the list here lacks does not compile. `rpki`: where VRPs and ASPAs come from.
 */
import { isIP } from 'node:net';
import { collectorName } from '../../bgp/vantage-point.ts';
import type { Item } from '../item.ts';
import { plain } from '../item.ts';
import * as rules from '../rules.ts';
import { isHostName, readList, textOf, UniqueNames } from '../section.ts';
import type { BackfillSettings, BmpSettings, FeedSettings, RisLiveSettings, Settings } from '../settings.ts';
import { type Rule, readMap, type Shape, shape } from '../shape.ts';
import type { Sources } from '../sources.ts';
import { bmpKeys, readBmp } from './bmp.ts';

type MapItem = Item & { readonly kind: 'map' };
type Values = Readonly<Record<string, unknown>>;
type Common = Pick<FeedSettings, 'name' | 'collectors' | 'ignorePeers'>;

interface FeedType<Settings extends FeedSettings> {
  /** Its own keys and those of every feed. */
  readonly shape: () => Shape;
  /** From checked values, with its defaults. */
  readonly make: (common: Common, values: Values, item: MapItem | undefined, sources: Sources) => Settings;
}

/** Each use needs rules of its own. */
function withCommonKeys(own: () => Readonly<Record<string, Rule>>): () => Shape {
  return shape(() => ({
    type: rules.required(rules.enumOf(TYPE_NAMES)),
    name: rules.wordText(),
    collectors: rules.listOf(rules.collector()),
    ignorePeers: rules.listOf(rules.peer()),
    ...own(),
  }));
}

const RIS_LIVE: FeedType<RisLiveSettings> = {
  shape: withCommonKeys(() => ({
    url: rules.url(['wss:', 'ws:']),
    subscribe: rules.enumOf(['auto', 'filtered', 'firehose']),
    filterPrefixesMax: rules.wholeNumber(0, 10_000_000),
  })),
  make: (common, values) => ({
    type: 'ris-live',
    ...common,
    url: textOf(values.url, 'wss://ris-live.ripe.net/v1/ws/'),
    subscribe: (values.subscribe ?? 'auto') as RisLiveSettings['subscribe'],
    filterPrefixesMax: (values.filterPrefixesMax ?? 1_000) as number,
  }),
};

const BMP: FeedType<BmpSettings> = {
  shape: withCommonKeys(bmpKeys),
  make: (common, values, item, sources) => ({ type: 'bmp', ...common, ...readBmp(item, values, sources) }),
};

const FEED_TYPES: {
  readonly [T in FeedSettings['type']]: FeedType<Extract<FeedSettings, { readonly type: T }>>;
} = { 'ris-live': RIS_LIVE, bmp: BMP };
const TYPE_NAMES = Object.keys(FEED_TYPES) as readonly FeedSettings['type'][];

/** The feeds; RIS Live as it is when the section is absent. */
export function readFeeds(item: Item | undefined, sources: Sources): readonly FeedSettings[] {
  const items = readList(item, 'feeds', sources.problems);
  if (items === undefined) return [makeFeed('ris-live', {}, undefined, sources)];
  const names = new UniqueNames('feed', sources.problems);
  return items.map((feed) => {
    const type = typeIn(feed);
    // Of a type that there is not, its keys are nobody's affair.
    const options = { what: 'a feed', isOpen: type === undefined };
    const values = readMap(feed, FEED_TYPES[type ?? 'ris-live'].shape(), sources.problems, options) ?? {};
    const made = makeFeed(type ?? 'ris-live', values, feed.kind === 'map' ? feed : undefined, sources);
    if (feed.kind === 'map') names.take(made.name, (feed.pairs.get('name')?.value ?? feed).at);
    return made;
  });
}

/** Undefined: it names a type, and there is none of that name. */
function typeIn(feed: Item): FeedSettings['type'] | undefined {
  const type = feed.kind === 'map' ? feed.pairs.get('type')?.value : undefined;
  if (type === undefined) return 'ris-live';
  return TYPE_NAMES.find((name) => type.kind === 'scalar' && type.value === name);
}

function makeFeed(
  type: FeedSettings['type'],
  values: Values,
  item: MapItem | undefined,
  sources: Sources,
): FeedSettings {
  const common: Common = {
    name: textOf(values.name, type),
    collectors: [...new Set(((values.collectors ?? []) as string[]).map(collectorName))],
    ignorePeers: [...new Set((values.ignorePeers ?? []) as (number | string)[])],
  };
  return FEED_TYPES[type].make(common, values, item, sources);
}

const backfillShape = shape(() => ({
  ripestat: rules.orNull(rules.url(['https:', 'http:'])),
  archive: rules.orNull(rules.url(['https:', 'http:'])),
  hoursMax: rules.duration('hours'),
}));

export function readBackfill(item: Item | undefined, sources: Sources): BackfillSettings {
  if (item !== undefined && plain(item) === null)
    return { ripestat: undefined, archive: undefined, hoursMax: 24, isConfigured: true };
  const values = item && readMap(item, backfillShape(), sources.problems, { what: 'the section backfill' });
  const urlOf = (key: 'ripestat' | 'archive', fallback: string): string | undefined => {
    const url = values?.[key];
    if (url === null) return undefined;
    return typeof url === 'string' ? url.replace(/\/*$/, '/') : fallback;
  };
  return {
    ripestat: urlOf('ripestat', 'https://stat.ripe.net/data/'),
    archive: urlOf('archive', 'https://data.ris.ripe.net/'),
    hoursMax: (values?.hoursMax ?? 24) as number,
    isConfigured: item !== undefined,
  };
}

const rpkiShape = shape(() => ({ vrps: rules.anything(), rtr: rules.anything() }));
const rtrShape = shape(() => ({
  host: rules.required(rules.lineText(253)),
  port: rules.required(rules.wholeNumber(1, 65_535)),
}));
const vrpsShape = shape(() => ({
  url: rules.url(['https:', 'http:']),
  file: rules.lineText(4_096),
  refreshMinutes: rules.duration('minutes'),
}));

const REFRESH_MINUTES = 10;

/** `fileInstead` stands for `--vrps FILE`: it replaces what is configured, which is checked all the same. */
export function readRpki(
  item: Item | undefined,
  sources: Sources,
  fileInstead: string | undefined,
): Settings['rpki'] {
  const configured = readConfiguredRpki(item, sources);
  if (fileInstead === undefined) return configured;
  const name = sources.named(fileInstead);
  if (!sources.isReadable(name))
    sources.problems.addAbsence(
      { file: name.shown, line: 1, col: 1 },
      'the file cannot be read',
      'name one that exists',
    );
  return { ...configured, url: undefined, file: name.absolute, rtr: [] };
}

type VrpSettings = Omit<Settings['rpki'], 'rtr'>;

function readConfiguredRpki(item: Item | undefined, sources: Sources): Settings['rpki'] {
  const none = { url: undefined, file: undefined, refreshMinutes: REFRESH_MINUTES, rtr: [] };
  if (
    item === undefined ||
    readMap(item, rpkiShape(), sources.problems, { what: 'the section rpki' }) === undefined
  )
    return none;
  const pairs = item.kind === 'map' ? item.pairs : undefined;
  return { ...readVrps(pairs?.get('vrps')?.value, sources), rtr: readRtr(pairs?.get('rtr')?.value, sources) };
}

function readRtr(item: Item | undefined, { problems }: Sources): Settings['rpki']['rtr'] {
  const caches: { host: string; port: number }[] = [];
  for (const cache of readList(item, 'rpki.rtr', problems) ?? []) {
    const values = readMap(cache, rtrShape(), problems, { what: 'a validator' });
    if (values === undefined) continue;
    const { host, port } = values as { host: string; port: number };
    if (!isHostName(host) && isIP(host) === 0)
      problems.add(
        cache.at,
        'a validator whose host is neither a name nor an address',
        'write { host: 127.0.0.1, port: 3323 }',
      );
    else if (caches.some((other) => other.host === host && other.port === port))
      problems.add(cache.at, 'the same validator twice', 'keep one of them');
    else caches.push({ host, port });
  }
  return caches;
}

function readVrps(vrps: Item | undefined, sources: Sources): VrpSettings {
  const none = { url: undefined, file: undefined, refreshMinutes: REFRESH_MINUTES };
  const { problems } = sources;
  if (vrps === undefined || plain(vrps) === null) return none;
  const values = readMap(vrps, vrpsShape(), problems, { what: 'a source of VRPs' });
  if (values === undefined || vrps.kind !== 'map') return none;
  const has = (key: string): boolean => vrps.pairs.has(key);
  if (has('url') === has('file')) {
    if (has('url')) problems.add(vrps.at, 'a source of VRPs with both url and file', 'keep one of them');
    else
      problems.addAbsence(
        vrps.at,
        'a source of VRPs without url and file',
        'write { url: … } or { file: … }',
      );
  }
  return {
    url: values.url as string | undefined,
    file: typeof values.file === 'string' ? readVrpsFile(values.file, vrps, sources) : undefined,
    refreshMinutes: (values.refreshMinutes ?? REFRESH_MINUTES) as number,
  };
}

/** The file is read by the feed, again and again; here it only has to be there. */
function readVrpsFile(path: string, vrps: Item & { kind: 'map' }, sources: Sources): string {
  const name = sources.beside(vrps.at.file, path);
  const at = vrps.pairs.get('file')?.value.at ?? vrps.at;
  if (!sources.isReadable(name))
    sources.problems.add(
      at,
      `the file ${JSON.stringify(name.shown)} cannot be read`,
      'create it or name another',
    );
  return name.absolute;
}
