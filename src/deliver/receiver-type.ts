/**
 * What a type of receiver is made of: its keys in the configuration and how it is created. One object per type, in a file or
 * folder of its own under `receivers/`, named once in `receiver-types.ts`; `config/` reads the keys from here, and the tests ask
 * for a bench and a row in the README.
 */
import type { Receiver, ReceiverConfig, ReceiverDeps } from './receiver.ts';

/** What a key may hold. `text` may have several lines. */
export type PlainKey =
  | 'word'
  | 'words'
  | 'word-or-number'
  | 'url'
  | 'flag'
  | 'port'
  | 'seconds'
  | 'command'
  | 'mention'
  | 'text'
  | { readonly oneOf: readonly string[] };

export interface ReceiverKeys {
  /** Keys with plain values. */
  readonly plain?: Readonly<Record<string, PlainKey>>;
  /** Keys with a secret; `url`: what it hides has to be an http(s) URL. */
  readonly secrets?: Readonly<Record<string, 'text' | 'url'>>;
  /** Keys with an address that may be a secret and may be written out. */
  readonly addresses?: readonly string[];
  /** Keys with a map of names to texts, each a secret or written out. */
  readonly hiddenMaps?: readonly string[];
  /** What has to be there; inner lists are alternatives, the first complete one counts. */
  readonly needs: readonly (readonly string[])[];
  /** The first key means nothing without the second. */
  readonly together?: readonly (readonly [string, string])[];
  /** Keys of which only one may be there, the better one last. */
  readonly either?: readonly (readonly [string, string])[];
}

/** What is wrong with the value of one key, beyond its form. */
export interface KeyComplaint {
  readonly key: string;
  readonly found: string;
  readonly remedy: string;
}

export interface ReceiverType {
  readonly keys: ReceiverKeys;
  /** Looks at values that belong together; no secret is among them. */
  readonly check?: (values: Readonly<Record<string, unknown>>) => KeyComplaint | undefined;
  /** Opens nothing yet. Throws an `Error` that names the key, never the value, when the settings make no sense. */
  readonly create: (config: ReceiverConfig, deps: ReceiverDeps) => Receiver;
}
