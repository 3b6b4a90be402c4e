/** RIPEstat on loopback, in the shapes of its documentation: what happened and what is, and every way to fail. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Happened {
  readonly atMs: number;
  readonly prefix: string;
  /** Undefined: withdrawn. */
  readonly path: readonly number[] | undefined;
  readonly source: string;
}

export interface Carried {
  readonly prefix: string;
  readonly path: readonly number[];
  readonly source: string;
}

export class RipestatStandIn {
  /** What `bgp-updates` knows, whatever span is asked for: the stand-in keeps to the span, and to the resource unless it lies. */
  updates: Happened[] = [];
  /** What `bgp-state` knows. */
  state: Carried[] = [];
  fails: 'not' | 'error' | 'rate' | 'garbage' | 'lies' = 'not';
  readonly asked: URL[] = [];
  atOnceMax = 0;
  private atOnce = 0;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async open(): Promise<RipestatStandIn> {
    const server = createServer((request, response) => standIn.answer(request, response));
    const standIn = new RipestatStandIn(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/data/`;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    this.asked.push(url);
    this.atOnce += 1;
    this.atOnceMax = Math.max(this.atOnceMax, this.atOnce);
    setImmediate(() => {
      this.atOnce -= 1;
      this.respond(url, response);
    });
  }

  private respond(url: URL, response: ServerResponse): void {
    if (this.fails === 'error') response.writeHead(500).end('{}');
    else if (this.fails === 'rate') response.writeHead(429, { 'retry-after': '0' }).end('{}');
    else if (this.fails === 'garbage') response.writeHead(200).end('<html>');
    else response.writeHead(200).end(JSON.stringify(this.envelope(url)));
  }

  private envelope(url: URL): object {
    const resource = url.searchParams.get('resource') ?? '';
    const isMeant = ({ prefix }: { readonly prefix: string }): boolean =>
      this.fails === 'lies' || inside(prefix, resource);
    const data = url.pathname.includes('bgp-updates')
      ? { updates: this.updatesIn(url).filter(isMeant).map(updateOf), nr_updates: this.updates.length }
      : { bgp_state: this.state.filter(isMeant).map(routeOf), nr_routes: this.state.length };
    return { status: 'ok', status_code: 200, data_call_status: 'supported', messages: [], data };
  }

  private updatesIn({ searchParams }: URL): readonly Happened[] {
    if (this.fails === 'lies') return this.updates;
    const from = Date.parse(`${searchParams.get('starttime')}Z`);
    const to = Date.parse(`${searchParams.get('endtime')}Z`) + 1_000;
    return this.updates.filter(({ atMs }) => atMs >= from && atMs <= to);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Same first two octets: enough for the tests' address space. */
function inside(prefix: string, resource: string): boolean {
  const [network = ''] = resource.split('/');
  return prefix.split('.').slice(0, 2).join('.') === network.split('.').slice(0, 2).join('.');
}

function updateOf({ atMs, prefix, path, source }: Happened): object {
  const attrs = { source_id: source, target_prefix: prefix, path: path ?? [], community: [] };
  return { seq: 1, type: path === undefined ? 'W' : 'A', timestamp: Math.floor(atMs / 1_000), attrs };
}

function routeOf({ prefix, path, source }: Carried): object {
  return { source_id: source, target_prefix: prefix, path, community: [] };
}
