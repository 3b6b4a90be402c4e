/** The configured feeds as live sources: each `type` of the configuration has its source, or this does not compile. */
import type { FeedSettings } from '../../config/settings.ts';
import type { LiveSource, SourcePorts, SourceReport, SourceType, WatchedSpace } from '../../feed/source.ts';
import { SOURCE_TYPES } from '../../feed/source-types.ts';

const TYPES: {
  readonly [T in FeedSettings['type']]: SourceType<Extract<FeedSettings, { readonly type: T }>>;
} = SOURCE_TYPES;

/** The compiler cannot see that a type and its settings belong together once there are several; the table above does. */
function typeOf<S extends FeedSettings>(settings: S): SourceType<S> {
  return TYPES[settings.type] as unknown as SourceType<S>;
}

export function openSource(settings: FeedSettings, ports: SourcePorts): LiveSource {
  return typeOf(settings).open(settings, ports);
}

export function describeSource(settings: FeedSettings, space: WatchedSpace): SourceReport {
  return typeOf(settings).describe(settings, space);
}

/** True when what the feed did not see can be asked for at RIS. */
export function hasHistory(settings: FeedSettings): boolean {
  return TYPES[settings.type].history === 'ris';
}

/** Codes of problems and reasons for drops of every type, for metrics that begin with 0. */
export function sourceCodes(): { readonly problems: readonly string[]; readonly drops: readonly string[] } {
  const types = Object.values(TYPES);
  return {
    problems: [...new Set(types.flatMap(({ problems }) => Object.keys(problems)))],
    drops: [...new Set(types.flatMap(({ drops }) => Object.keys(drops)))],
  };
}
