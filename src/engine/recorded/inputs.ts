/**
 * What a recording holds beside frames and states of feeds (`feed/files/recording.ts` knows the lines): how the engine
 * began, and each input that is no frame. An input becomes a value of JSON and at most two named texts, which are large
 * and repeat; `inputOf` makes the same input of them.
 */
import type { Aspa, VrpRow } from '../../bgp/vrp.ts';
import { RpkiDataBuilder } from '../../judge/rpki-data.ts';
import type { RpkiView } from '../../judge/world.ts';
import type { EngineConfig } from '../config.ts';
import type { ClockInput, OperatorInput } from '../input.ts';
import type { FeedInput, Remembered } from '../ports.ts';
import { decodeValue, encodeValue } from './value-text.ts';

/** Of a feed, what decides which of its frames are judged. */
export interface RecordedFeed {
  readonly name: string;
  readonly collectors: readonly string[];
  readonly ignorePeers: readonly (number | string)[];
}

export type WrittenInput =
  | {
      readonly type: 'begin';
      readonly config: EngineConfig;
      readonly remembered: Remembered;
      readonly feeds: readonly RecordedFeed[];
    }
  /** `isInPlace`: nothing but entries of the watchlist changed. */
  | { readonly type: 'config'; readonly config: EngineConfig; readonly isInPlace: boolean }
  | { readonly type: 'rpki'; readonly rpki: RpkiView | undefined }
  /** Where a feed has no frames of its own that a recording could hold. */
  | Extract<FeedInput, { readonly type: 'update' | 'peer-state' | 'own-routes' }>
  | ClockInput
  | OperatorInput;

/** Texts that go along, by what they are. */
export type TextName = 'config' | 'state' | 'rpki';

export interface Written {
  readonly value: Readonly<Record<string, unknown>>;
  readonly texts: Partial<Readonly<Record<TextName, string>>>;
}

/** RPKI data is written by its rows (`rpkiLine`): the caller does it, in stretches. */
export function writeInput(input: Exclude<WrittenInput, { readonly type: 'rpki' }>): Written {
  if (input.type === 'begin') {
    const { config, remembered, feeds } = input;
    const texts = { config: configText(config), state: JSON.stringify(encodeValue(remembered)) };
    return {
      value: { type: 'begin', feeds: feeds.map(feedOf) },
      texts,
    };
  }
  if (input.type === 'config') {
    const { config, isInPlace } = input;
    return { value: { type: 'config', isInPlace }, texts: { config: configText(config) } };
  }
  return { value: encodeValue(input) as Readonly<Record<string, unknown>>, texts: {} };
}

/** What a recording has in the place of an input cannot be read. */
export class UnreadableInput extends Error {}

/** Throws `UnreadableInput`. */
export function inputOf(
  value: Readonly<Record<string, unknown>>,
  textOf: (name: TextName) => string | undefined,
): WrittenInput {
  try {
    return readInput(value, textOf);
  } catch (error) {
    throw new UnreadableInput(`an input of the recording is lost: ${(error as Error).message}`);
  }
}

function readInput(
  value: Readonly<Record<string, unknown>>,
  textOf: (name: TextName) => string | undefined,
): WrittenInput {
  const text = (name: TextName): string => {
    const found = textOf(name);
    if (found === undefined) throw new Error(`its ${name} is not there`);
    return found;
  };
  const parsed = (name: TextName): unknown => decodeValue(JSON.parse(text(name)));
  switch (value.type) {
    case 'begin':
      return {
        type: 'begin',
        config: parsed('config') as EngineConfig,
        remembered: parsed('state') as Remembered,
        feeds: value.feeds as readonly RecordedFeed[],
      };
    case 'config':
      return {
        type: 'config',
        config: parsed('config') as EngineConfig,
        isInPlace: value.isInPlace === true,
      };
    case 'rpki':
      return { type: 'rpki', rpki: value.isKnown === true ? rpkiOf(text('rpki')) : undefined };
    default:
      if (!PLAIN_TYPES.has(String(value.type))) throw new Error(`"${value.type}" is no input`);
      return decodeValue(value) as PlainInput;
  }
}

/** Inputs that are written as they are. */
type PlainInput = Exclude<WrittenInput, { readonly type: 'begin' | 'config' | 'rpki' }>;
const PLAIN: Readonly<Record<PlainInput['type'], true>> = {
  acknowledge: true,
  resolve: true,
  note: true,
  assign: true,
  'accept-origin': true,
  'reject-origin': true,
  'forget-origin': true,
  'add-silence': true,
  'remove-silence': true,
  'import-baseline': true,
  clock: true,
  'own-routes': true,
  update: true,
  'peer-state': true,
};
const PLAIN_TYPES: ReadonlySet<string> = new Set(Object.keys(PLAIN));

/** No more of a feed's settings. */
function feedOf({ name, collectors, ignorePeers }: RecordedFeed): RecordedFeed {
  return { name, collectors, ignorePeers };
}

/**
 * Only what the engine knows of the settings: of a receiver its name and what it wants to hear, no address and no secret; of
 * the knowledge what judges, and nobody's mail and phone.
 */
function configText({ watchlist, knowledge, detection, receivers, routes, ownFeeds }: EngineConfig): string {
  const { siblings, topology, asNames, dropList, organisations } = knowledge;
  const config: EngineConfig = {
    watchlist: { entries: [...watchlist.entries] },
    knowledge: {
      siblings,
      topology,
      asNames,
      dropList,
      ...(organisations !== undefined && { organisations }),
    },
    detection,
    receivers: receivers.map(({ name, minSeverity }) => ({ name, minSeverity })),
    routes,
    ...(ownFeeds === undefined ? {} : { ownFeeds }),
  };
  return JSON.stringify(encodeValue(config));
}

// ------------------------------------------------------------ RPKI data, a line a row

export function rpkiLine(row: VrpRow | Aspa): string {
  return `${JSON.stringify(row)}\n`;
}

function rpkiOf(text: string): RpkiView {
  const builder = new RpkiDataBuilder();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as VrpRow | Aspa;
    if ('customer' in row) builder.aspa(row);
    else builder.vrp(row);
  }
  return builder.build();
}
