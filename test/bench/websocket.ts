/** As much of a WebSocket server as the sender of the bench needs (RFC 6455): the handshake's answer, and what clients say. */
import { createHash } from 'node:crypto';

export const OPCODE_TEXT = 1;
export const OPCODE_PING = 9;
export const OPCODE_PONG = 10;

/** The accept key for a request, RFC 6455 §4.2.2. */
export function acceptKey(request: string): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(request)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Cuts the masked frames of a client out of its stream (§5.2), and unmasks them. */
export class ClientFrames {
  private rest: Buffer = Buffer.alloc(0);
  private readonly take: (opcode: number, payload: Buffer) => void;

  constructor(take: (opcode: number, payload: Buffer) => void) {
    this.take = take;
  }

  push(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (this.rest.length >= 2) {
      const short = this.rest[1]! & 0x7f;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.rest.length < head + 4) return;
      const length =
        short === 127
          ? Number(this.rest.readBigUInt64BE(2))
          : short === 126
            ? this.rest.readUInt16BE(2)
            : short;
      const start = head + 4;
      if (this.rest.length < start + length) return;
      const payload = Buffer.from(this.rest.subarray(start, start + length));
      for (let at = 0; at < length; at += 1) payload[at]! ^= this.rest[head + (at & 3)]!;
      const opcode = this.rest[0]! & 0x0f;
      this.rest = this.rest.subarray(start + length);
      this.take(opcode, payload);
    }
  }
}
