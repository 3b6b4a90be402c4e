/**
 * Reads a VRP row straight from the bytes of an export when it stands there as rpki-client and Routinator write it:
 * `asn`, `prefix`, `maxLength`, and behind them at most `ta` and `expires`. Half a million rows then leave no strings
 * behind. Only sound rows are taken; whatever is unusual or wrong in any way is left to `vrp-json-row.ts`, which says
 * what. Used by `vrp-json.ts`.
 */
import { ASN_MAX } from '../../bgp/asn.ts';
import { lengthMax } from '../../bgp/prefix.ts';
import type { RpkiRows } from '../../bgp/vrp.ts';

const [SPACE, QUOTE, COMMA, COLON, BACKSLASH, SLASH, DOT, ZERO] = [
  0x20, 0x22, 0x2c, 0x3a, 0x5c, 0x2f, 0x2e, 0x30,
];
const [LETTER_A, LETTER_S, OBJECT_OPEN, OBJECT_CLOSE] = [0x41, 0x53, 0x7b, 0x7d];
const ASN_KEY = Buffer.from('"asn"');
const PREFIX_KEY = Buffer.from('"prefix"');
const MAX_LENGTH_KEY = Buffer.from('"maxLength"');
const ANCHOR_KEY = Buffer.from('"ta"');
const EXPIRES_KEY = Buffer.from('"expires"');

/** A cursor over the bytes; every `read…` and `skip…` moves it, and says false or -1 where the form is not the usual. */
export class UsualRowReader {
  private readonly rows: RpkiRows;
  private data: Buffer = Buffer.alloc(0);
  private at = 0;
  private readonly groups = new Uint16Array(8);
  private readonly row = {
    family: 4 as 4 | 6,
    words: [0, 0, 0, 0] as [number, number, number, number],
    length: 0,
    maxLength: 0,
    asn: 0,
    untilSeconds: 0,
    roaEndsSeconds: 0,
  };

  constructor(rows: RpkiRows) {
    this.rows = rows;
  }

  /** The place behind the row that begins at `at`; -1 when it was not taken. The data is not kept. */
  read(data: Buffer, at: number): number {
    this.data = data;
    this.at = at;
    const { row } = this;
    if (!this.skipSign(OBJECT_OPEN) || !this.skipKey(ASN_KEY) || !this.readAsn()) return -1;
    if (!this.skipSign(COMMA) || !this.skipKey(PREFIX_KEY) || !this.readPrefix()) return -1;
    if (!this.skipSign(COMMA) || !this.skipKey(MAX_LENGTH_KEY)) return -1;
    row.maxLength = this.readNumber();
    if (row.maxLength < row.length || row.maxLength > lengthMax(row.family) || !this.readRest()) return -1;
    this.rows.vrp(row);
    return this.at;
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.data[this.at];
      if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at += 1;
    }
  }

  /** White space, then that sign. */
  private skipSign(sign: number): boolean {
    this.skipSpace();
    if (this.data[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  /** White space, the key with its quotes, a colon, white space. */
  private skipKey(key: Uint8Array): boolean {
    this.skipSpace();
    for (let index = 0; index < key.length; index += 1) {
      if (this.data[this.at + index] !== key[index]) return false;
    }
    this.at += key.length;
    if (!this.skipSign(COLON)) return false;
    this.skipSpace();
    return true;
  }

  /** Decimal digits without leading zero, at most ten; -1 when there are none. */
  private readNumber(): number {
    const begin = this.at;
    let value = 0;
    for (; this.at - begin <= 10; this.at += 1) {
      const digit = (this.data[this.at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = this.at - begin;
    return digits === 0 || digits > 10 || (digits > 1 && this.data[begin] === ZERO) ? -1 : value;
  }

  private readAsn(): boolean {
    const isNamed = this.data[this.at] === QUOTE;
    if (isNamed && (this.data[this.at + 1] !== LETTER_A || this.data[this.at + 2] !== LETTER_S)) return false;
    if (isNamed) this.at += 3;
    this.row.asn = this.readNumber();
    if (isNamed && !this.skipSign(QUOTE)) return false;
    return this.row.asn >= 0 && this.row.asn <= ASN_MAX;
  }

  private readPrefix(): boolean {
    const { row } = this;
    if (this.data[this.at] !== QUOTE) return false;
    this.at += 1;
    const begin = this.at;
    row.family = 4;
    if (!this.readQuad()) {
      this.at = begin;
      row.family = 6;
      if (!this.readGroups()) return false;
    }
    row.length = this.readNumber();
    if (row.length < 0 || row.length > lengthMax(row.family) || this.data[this.at] !== QUOTE) return false;
    this.at += 1;
    return this.isNetwork();
  }

  /** `192.0.2.0/`. */
  private readQuad(): boolean {
    let word = 0;
    for (let octet = 0; octet < 4; octet += 1) {
      const value = this.readNumber();
      if (value < 0 || value > 255 || this.data[this.at] !== (octet === 3 ? SLASH : DOT)) return false;
      this.at += 1;
      word = word * 256 + value;
    }
    const { words } = this.row;
    words[0] = word;
    words[1] = 0;
    words[2] = 0;
    words[3] = 0;
    return true;
  }

  /** `2001:db8::/`; a dotted tail is not usual. */
  private readGroups(): boolean {
    const { data, groups } = this;
    let count = 0;
    let gap = -1;
    if (data[this.at] === COLON && data[this.at + 1] === COLON) {
      gap = 0;
      this.at += 2;
    }
    while (count < 8 && data[this.at] !== SLASH) {
      const value = this.readGroup();
      if (value < 0) return false;
      groups[count] = value;
      count += 1;
      if (data[this.at] === SLASH) break;
      if (data[this.at] !== COLON) return false;
      this.at += 1;
      if (data[this.at] === SLASH) return false;
      if (data[this.at] !== COLON) continue;
      if (gap >= 0) return false;
      gap = count;
      this.at += 1;
    }
    if (data[this.at] !== SLASH || (gap < 0 ? count !== 8 : count > 7)) return false;
    this.at += 1;
    this.spread(count, gap);
    return true;
  }

  /** One to four hexadecimal digits; -1 when there are none or more. */
  private readGroup(): number {
    const begin = this.at;
    let value = 0;
    for (; this.at - begin <= 4; this.at += 1) {
      const byte = this.data[this.at] ?? 0;
      const letter = (byte | 0x20) - 0x57;
      const digit = byte >= ZERO && byte <= 0x39 ? byte - ZERO : letter >= 10 && letter <= 15 ? letter : -1;
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    const digits = this.at - begin;
    return digits === 0 || digits > 4 ? -1 : value;
  }

  /** Puts the groups behind the gap to the end and makes words of them. */
  private spread(count: number, gap: number): void {
    const { groups, row } = this;
    if (gap >= 0) {
      groups.copyWithin(8 - (count - gap), gap, count);
      groups.fill(0, gap, 8 - (count - gap));
    }
    for (let word = 0; word < 4; word += 1) {
      row.words[word] = (groups[word * 2] ?? 0) * 65_536 + (groups[word * 2 + 1] ?? 0);
    }
  }

  /** False when bits are set behind the length. */
  private isNetwork(): boolean {
    const { words, length } = this.row;
    for (let word = 0; word < 4; word += 1) {
      const free = Math.min(32, 32 * (word + 1) - length);
      const mask = free >= 32 ? -1 : (1 << Math.max(0, free)) - 1;
      if (((words[word] ?? 0) & mask) !== 0) return false;
    }
    return true;
  }

  /** What stands behind `maxLength`, up to and with the closing brace. */
  private readRest(): boolean {
    this.row.untilSeconds = 0;
    while (!this.skipSign(OBJECT_CLOSE)) {
      if (!this.skipSign(COMMA)) return false;
      if (this.skipKey(EXPIRES_KEY)) {
        this.row.untilSeconds = this.readNumber();
        if (this.row.untilSeconds < 0 || this.row.untilSeconds > ASN_MAX) return false;
      } else if (!this.skipKey(ANCHOR_KEY) || !this.skipValue()) return false;
    }
    return true;
  }

  /** A number, or a plain string without escapes. */
  private skipValue(): boolean {
    if (this.data[this.at] !== QUOTE) return this.readNumber() >= 0;
    for (this.at += 1; ; this.at += 1) {
      const byte = this.data[this.at];
      if (byte === undefined || byte < SPACE || byte === BACKSLASH) return false;
      if (byte === QUOTE) break;
    }
    this.at += 1;
    return true;
  }
}
