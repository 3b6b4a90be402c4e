/** The configured feeds as live sources: each `type` of the configuration has its source, or this does not compile. */
import type { FeedSettings } from '../config/settings.ts';
import type { LiveSource, SourcePorts, SourceReport, SourceType, WatchedSpace } from '../feed/source.ts';
import { SOURCE_TYPES } from '../feed/source-types.ts';

const TYPES: {
  readonly [T in FeedSettings['type']]: SourceType<Extract<FeedSettings, { readonly type: T }>>;
} = SOURCE_TYPES;

export function openSource(settings: FeedSettings, ports: SourcePorts): LiveSource {
  return TYPES[settings.type].open(settings, ports);
}

export function describeSource(settings: FeedSettings, space: WatchedSpace): SourceReport {
  return TYPES[settings.type].describe(settings, space);
}

/** Codes of problems and reasons for drops of every type, for metrics that begin with 0. */
export function sourceCodes(): { readonly problems: readonly string[]; readonly drops: readonly string[] } {
  const types = Object.values(TYPES);
  return {
    problems: [...new Set(types.flatMap(({ problems }) => Object.keys(problems)))],
    drops: [...new Set(types.flatMap(({ drops }) => Object.keys(drops)))],
  };
}
