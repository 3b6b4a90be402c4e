/**
 * Takes whole text frames off a WebSocket's stream of bytes before `ws` sees them (RFC 6455 §5.2): what most frames of
 * a full feed need is a look at their bytes, and an object, a slice and three calls for each cost more than that look.
 * Stands between the socket and `ws`; the handshake, control frames, fragments, large and malformed frames go to `ws`
 * untouched, which also writes. Order is kept: while `ws` holds bytes that it has not read, everything goes to it.
 *
 * Bytes are laid into the scanner's own memory, a piece of the stream at a time, and a run of text frames is scanned in one
 * call. Nothing is copied for a frame that the scanner settles.
 */
import type { OnReadOpts, Socket } from 'node:net';

/** Longest frame taken here, header and all; longer ones are for `ws`. */
const TAKEN_BYTES_MAX = 65_535;
/** Bytes of the stream looked at in one go. */
const PIECE_BYTES = 65_536;
/** Read in one go: what of it is not settled is judged before anybody else has a turn. */
const READ_BYTES = 16_384;
/** What the scanner's array has to hold: the rest of the piece before, and a piece. */
export const AREA_BYTES_MIN: number = TAKEN_BYTES_MAX + PIECE_BYTES;

/**
 * Frames that are not settled, after which the socket is read again in the next turn of the event loop only: each of them
 * costs its judging, and whoever else waits for the loop waits for all of one turn.
 */
const TURN_FRAMES = 30;

const FINAL_TEXT = 0x81;
const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_BYTES_MAX = 65_536;

/** What becomes of text frames; called in their order. */
export interface FrameTaker {
  /** Frames that were settled: how many, and the bytes of their payload. */
  readonly settled: (frames: number, bytes: number) => void;
  /** A frame that was not; the buffer is the receiver's. */
  readonly frame: (payload: Buffer) => void;
}

/** Settles frames where they lie. One scanner may serve several connections: an area is filled and read in one turn. */
export interface FrameScanner {
  /** At least `AREA_BYTES_MIN`; the tap writes into it. */
  readonly area: Uint8Array;
  /** A piece of the stream begins: time to stamp it. */
  begin(): void;
  /**
   * Takes the unmasked text frames that lie whole one behind the other from `start` to at most `end`; returns where it
   * stopped. What it takes it has settled, or handed to `taker.frame`.
   */
  take(start: number, end: number, taker: FrameTaker): number;
}

export interface FrameTapOptions extends FrameTaker {
  readonly scanner: FrameScanner;
}

export class FrameTap {
  readonly #options: FrameTapOptions;
  /** Counts what is handed on. */
  readonly #taker: FrameTaker;
  #pass: (bytes: Buffer | null) => boolean = () => true;
  #socket: Socket | undefined;
  #head: Buffer | undefined = Buffer.alloc(0);
  #isOpen = false;
  /** A frame in fragments is under way: `ws` puts it together, or finds that it is none. */
  #inFragments = false;
  /** Bytes of the current frame that still go to `ws`. */
  #passing = 0;
  #held: Buffer | undefined;
  #heldLength = 0;
  /** Frames handed on since the socket was last read anew. */
  #handed = 0;
  /** The frame whose header was read last. */
  #start = 0;
  #length = 0;

  constructor(options: FrameTapOptions) {
    this.#options = options;
    this.#taker = {
      settled: options.settled,
      frame: (payload) => {
        this.#handed += 1;
        options.frame(payload);
      },
    };
  }

  /** Puts itself before whoever reads the socket. */
  attach(socket: Socket): Socket {
    this.#socket = socket;
    this.#pass = socket.push.bind(socket) as (bytes: Buffer | null) => boolean;
    socket.push = (bytes: Buffer | null): boolean => (bytes === null ? this.#pass(null) : this.#take(bytes));
    return socket;
  }

  /** For the connection: every read of the socket goes into one buffer and from there into the tap, nothing is allocated. */
  onread(): OnReadOpts {
    return {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, bytes) => this.#take(bytes.subarray(0, length) as Buffer),
    };
  }

  /** `ws` says that the connection is open: from now on frames are taken. */
  open(): void {
    this.#isOpen = true;
  }

  #take(bytes: Buffer): boolean {
    let wantsMore = true;
    let rest = bytes;
    if (this.#head !== undefined) {
      const start = this.#skipHead(rest);
      if (start > 0) wantsMore = this.#pass(Buffer.from(rest.subarray(0, start)));
      rest = rest.subarray(start);
    }
    for (let at = 0; at < rest.length; at += PIECE_BYTES)
      wantsMore = this.#piece(rest.subarray(at, at + PIECE_BYTES)) && wantsMore;
    if (this.#handed < TURN_FRAMES) return wantsMore;
    this.#handed = 0;
    setImmediate(() => this.#readOn());
    return false;
  }

  /** The socket stopped reading because it was told to wait; what was handed on meanwhile is dealt with. */
  #readOn(): void {
    const socket = this.#socket;
    if (socket !== undefined && !socket.destroyed && !socket.isPaused()) socket._read(0);
  }

  /** How many of these bytes belong to the answer of HTTP. */
  #skipHead(bytes: Buffer): number {
    const head = Buffer.concat([this.#head ?? HEAD_END, bytes]);
    const end = head.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = head.length > HEAD_BYTES_MAX ? undefined : head;
      // An endless head is no answer: whatever follows is for the others to refuse.
      if (this.#head === undefined) this.#passing = Number.POSITIVE_INFINITY;
      return bytes.length;
    }
    this.#head = undefined;
    if (head.indexOf(' 101') > end || !/^HTTP\/1\.1 101/.test(head.toString('latin1', 0, 12)))
      this.#passing = Number.POSITIVE_INFINITY;
    return bytes.length - (head.length - end - HEAD_END.length);
  }

  #piece(bytes: Buffer): boolean {
    const { area } = this.#options.scanner;
    const held = this.#heldLength;
    if (held > 0 && this.#held !== undefined) area.set(this.#held.subarray(0, held));
    area.set(bytes, held);
    const end = held + bytes.length;
    this.#heldLength = 0;
    this.#options.scanner.begin();
    let at = 0;
    let wantsMore = true;
    while (at < end) {
      if (this.#passing === 0) {
        const stop = this.#takeFrames(at, end);
        if (stop > at) {
          at = stop;
          continue;
        }
        if (!this.#readHeader(at, end)) break;
        const whole = this.#start + this.#length;
        if (whole > end && this.#isForTap(at, whole)) break;
        this.#noteFragment(area[at]!);
        this.#passing = whole - at;
      }
      const count = Math.min(this.#passing, end - at);
      wantsMore = this.#pass(Buffer.from(area.subarray(at, at + count)));
      this.#passing -= count;
      at += count;
    }
    this.#hold(area, at, end);
    return wantsMore;
  }

  /** Lets the scanner take what it can; where it stopped. Nothing is taken while `ws` has bytes before it to read. */
  #takeFrames(at: number, end: number): number {
    const { scanner } = this.#options;
    if (!this.#isTaking() || scanner.area[at] !== FINAL_TEXT) return at;
    return scanner.take(at, end, this.#taker);
  }

  #isTaking(): boolean {
    return this.#isOpen && !this.#inFragments && this.#socket?.readableLength === 0;
  }

  /** Where the payload of the frame at `at` begins, and how long it is; false when its header is not there in full. */
  #readHeader(at: number, end: number): boolean {
    const { area } = this.#options.scanner;
    if (end - at < 2) return false;
    const short = area[at + 1]! & 0x7f;
    const masked = area[at + 1]! > 0x7f ? 4 : 0;
    this.#start = at + (short < 126 ? 2 : short === 126 ? 4 : 10) + masked;
    if (this.#start > end) return false;
    this.#length = short;
    if (short === 126) this.#length = (area[at + 2]! << 8) | area[at + 3]!;
    if (short === 127) this.#length = Number(new DataView(area.buffer, area.byteOffset + at).getBigUint64(2));
    return true;
  }

  /** A text frame of usual length. Servers don't mask. */
  #isForTap(at: number, whole: number): boolean {
    const { area } = this.#options.scanner;
    return (
      this.#isTaking() && area[at] === FINAL_TEXT && area[at + 1]! < 127 && whole - at <= TAKEN_BYTES_MAX
    );
  }

  #noteFragment(first: number): void {
    const opcode = first & 0x0f;
    if (opcode <= 2) this.#inFragments = (first & 0x80) === 0;
  }

  #hold(area: Uint8Array, at: number, end: number): void {
    if (at >= end) return;
    this.#held ??= Buffer.alloc(TAKEN_BYTES_MAX);
    this.#held.set(area.subarray(at, end));
    this.#heldLength = end - at;
  }
}
