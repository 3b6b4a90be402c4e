/** Messages as one long run of WebSocket frames, rendered before any clock starts. */

/** Frames back to back; `starts[n]` is where the n-th begins, the last one where all end. */
export interface Reel {
  readonly bytes: Buffer;
  readonly starts: Float64Array;
  readonly count: number;
}

const USUAL_BYTES = 512;

/** An unmasked text frame, RFC 6455 §5.2. The text is ASCII. */
export function framed(text: string): Buffer {
  const frame = Buffer.alloc(text.length + 4);
  return frame.subarray(0, writeFrame(frame, 0, text));
}

function writeFrame(target: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length > 65_535) throw new Error('message too long for the bench');
  target[at] = 0x81;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2 + target.write(text, at + 2, 'latin1');
  }
  target[at + 1] = 126;
  target.writeUInt16BE(length, at + 2);
  return at + 4 + target.write(text, at + 4, 'latin1');
}

export function reelOf(messages: Iterable<string>): Reel {
  let bytes = Buffer.allocUnsafe(1_048_576);
  const starts: number[] = [0];
  let at = 0;
  for (const text of messages) {
    if (at + text.length + 4 > bytes.length) {
      const larger = Buffer.allocUnsafe(bytes.length * 2 + text.length + USUAL_BYTES);
      bytes.copy(larger, 0, 0, at);
      bytes = larger;
    }
    at = writeFrame(bytes, at, text);
    starts.push(at);
  }
  return { bytes: bytes.subarray(0, at), starts: Float64Array.from(starts), count: starts.length - 1 };
}
