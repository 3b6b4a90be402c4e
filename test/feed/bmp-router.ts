/** A router of our own, as the other side of a BMP listener: connects until it is taken, and again after it was cut. */
import { connect, createServer, type Socket } from 'node:net';
import { bmp, tlv } from '../decode/bmp-bytes.ts';

/** A port of the loopback that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export class Router {
  private readonly port: number;
  private socket: Socket | undefined;
  private closed = false;
  /** What it says first. */
  greeting: Buffer;

  constructor(port: number, greeting = hello()) {
    this.port = port;
    this.greeting = greeting;
  }

  connect(): void {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    socket.on('connect', () => {
      this.socket = socket;
      socket.write(this.greeting);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.socket = undefined;
      if (!this.closed) setTimeout(() => this.connect(), 10);
    });
  }

  /** False while it is not connected. */
  send(message: Buffer): boolean {
    this.socket?.write(message);
    return this.socket !== undefined;
  }

  cut(): void {
    this.socket?.destroy();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.socket?.destroy();
  }
}

/** Initiation of a router that says who it is. */
export function hello(name = 'seoul-1'): Buffer {
  return bmp(4, Buffer.concat([tlv(1, Buffer.from('a test')), tlv(2, Buffer.from(name))]));
}
