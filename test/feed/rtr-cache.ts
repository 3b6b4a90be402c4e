/** A stand-in for an RTR cache on loopback: answers queries with bytes that a test writes, and shows what was asked. */
import { createServer, type Server, type Socket } from 'node:net';

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const u32 = (value: number): string => value.toString(16).padStart(8, '0');
const u8 = (value: number): string => value.toString(16).padStart(2, '0');

/** 198.51.(third).0/24 for `asn`. */
export function vrpPdu(version: number, third: number, asn: number, announced = true): string {
  return `${u8(version)} 04 0000 00000014 ${announced ? '01' : '00'} 18 18 00 c633${u8(third)}00 ${u32(asn)}`;
}
export const response = (version: number, session = '1234'): string =>
  `${u8(version)} 03 ${session} 00000008`;
export function endOfData(version: number, serial: number, expireSeconds = 7_200, session = '1234'): string {
  if (version === 0) return `00 07 ${session} 0000000c ${u32(serial)}`;
  return `${u8(version)} 07 ${session} 00000018 ${u32(serial)} 00000e10 00000258 ${u32(expireSeconds)}`;
}
export const unsupported = '00 0a 0004 00000010 00000000 00000000';

export class RtrCacheStandIn {
  /** Queries as hex, in order. */
  readonly asked: string[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** `answer`: what to send to a query; undefined closes the connection. */
  constructor(answer: (query: string) => string | undefined) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        const query = chunk.toString('hex');
        this.asked.push(query);
        const said = answer(query);
        if (said === undefined) socket.destroy();
        else socket.write(hex(said));
      });
    });
  }

  async listen(): Promise<{ host: string; port: number }> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    const address = this.server.address();
    return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
  }

  /** Unasked, as a Serial Notify comes. */
  say(text: string): void {
    for (const socket of this.sockets) socket.write(hex(text));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((done) => {
      this.server.close(() => done());
    });
  }
}
