/**
 * The forms of recorded input, told by content. A form is how the decompressed bytes of a file become records; adding
 * one is one file and one line in the list that the caller composes.
 */
import type { Problem } from '../../bgp/update.ts';
import type { FeedInput } from '../../engine/ports.ts';
import type { Bytes } from './compression.ts';

/** An input that is no frame, with the texts that it names (`engine/recorded/inputs.ts`); or how far the alerts were committed. */
export type Recorded =
  | {
      readonly type: 'said';
      readonly value: Readonly<Record<string, unknown>>;
      /** Undefined: the text is not in the file, or damaged. */
      readonly textOf: (name: string) => string | undefined;
      readonly report: (what: string) => void;
    }
  | { readonly type: 'committed'; readonly seq: number };

/** One thing out of a file, in the file's order. */
export interface FileRecord {
  /** The record's own time in ms since the epoch: arrival in our recordings, else the collector's stamp; undefined: none usable. */
  readonly stampMs: number | undefined;
  /** Undefined where there is nothing to judge: answers, keepalives, bad frames, the end of a recording. They still move the clock. */
  readonly input: FeedInput | undefined;
  /** What an own recording says beyond that. */
  readonly recorded?: Recorded;
  readonly problems: readonly Problem[];
}

/** A file as a form reads it. */
export interface OpenedFile {
  /** As given on the command line. */
  readonly file: string;
  /** Decompressed, from the beginning. Throws `DamagedInput` where the rest can't be had. */
  readonly bytes: Bytes;
  /** Something of the file is lost: `where` (a line, an offset), `what` is wrong. */
  report(where: string, what: string): void;
}

export interface Form {
  readonly name: string;
  /** `head`: the first bytes, up to 64 KiB; fewer only where the file is shorter. */
  matches(head: Buffer): boolean;
  /** Yields batches, none of them empty; bounded memory; may throw `DamagedInput` after all that is whole. */
  read(opened: OpenedFile): AsyncIterable<readonly FileRecord[]>;
}

/** True when the bytes begin with an MRT header (RFC 6396 §2) of a type and length that exist. */
export function isMrt(head: Buffer): boolean {
  if (head.length < 12) return false;
  const type = head.readUInt16BE(4);
  const length = head.readUInt32BE(8);
  return MRT_TYPES.has(type) && length <= MRT_RECORD_BYTES_MAX;
}

/** TABLE_DUMP, TABLE_DUMP_V2, BGP4MP, BGP4MP_ET, ISIS and OSPF; 5 (BGP) and 0 to 10 are deprecated but met. */
const MRT_TYPES = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 32, 33, 48, 49]);
const MRT_RECORD_BYTES_MAX = 16 * 1024 * 1024;
