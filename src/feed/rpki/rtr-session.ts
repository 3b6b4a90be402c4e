/**
 * One TCP connection to one RTR cache: the query, the answer, what follows unasked (RFC 8210 §8). Says how the answer
 * ended and how the connection did; `rtr-client.ts` decides what comes next.
 */
import type { Socket } from 'node:net';
import {
  type RtrEndOfData,
  type RtrPdu,
  RtrReader,
  type RtrVersion,
  resetQuery,
  serialQuery,
} from '../../decode/rpki/rtr-pdu.ts';
import { wordsOfFailure } from '../../outside/failure.ts';
import { Outside } from '../../outside/outside.ts';
import type { FeedClock, Timer } from '../surroundings.ts';
import { RtrPayload } from './rtr-payload.ts';

/** What was in force when the last answer ended: a serial query goes on from here. */
export interface RtrPosition {
  readonly session: number;
  readonly serial: number;
  readonly payload: RtrPayload;
}

export interface RtrCache {
  readonly host: string;
  readonly port: number;
}

export interface RtrSessionOptions {
  readonly cache: RtrCache;
  /** The way out; default: direct. */
  readonly outside?: Outside | undefined;
  readonly version: RtrVersion;
  readonly from: RtrPosition | undefined;
  readonly clock: FeedClock;
  readonly onSynced: (position: RtrPosition, end: RtrEndOfData) => void;
  readonly onProblem: (code: string) => void;
  /** Called once. `tryLower`: the cache does not speak this version. */
  readonly onEnded: (end: { readonly reason: string; readonly tryLower: boolean }) => void;
}

const CONNECT_MS = 10_000;
/** Nothing for this long in the middle of an answer: the cache hangs. */
const ANSWER_MS = 60_000;
const UNSUPPORTED_VERSION = 4;

export class RtrSession {
  private readonly options: RtrSessionOptions;
  private readonly stopping = new AbortController();
  private socket: Socket | undefined;
  private readonly reader: RtrReader;
  private version: RtrVersion;
  private position: RtrPosition | undefined;
  /** What the running answer makes; undefined between answers. */
  private answer:
    | { readonly payload: RtrPayload; readonly changes: RtrPdu[] | undefined; session?: number }
    | undefined;
  private sawPdu = false;
  private ended = false;
  private timer: Timer;

  constructor(options: RtrSessionOptions) {
    this.options = options;
    this.version = options.version;
    this.position = options.from;
    this.reader = new RtrReader(
      (pdu) => this.take(pdu),
      ({ code }) => options.onProblem(code),
    );
    this.await(CONNECT_MS, 'no connection within 10 s');
    const way = options.outside ?? new Outside();
    way.connect({ ...options.cache, isTls: false }, { signal: this.stopping.signal }).then(
      (socket) => this.opened(socket),
      (error: unknown) => this.end(wordsOfFailure(error), false),
    );
  }

  private opened(socket: Socket): void {
    this.socket = socket.setNoDelay(true).setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => this.end(wordsOfFailure(error), false));
    socket.on('close', () => this.end('the cache closed the connection', !this.sawPdu));
    if (this.ended) socket.destroy();
    else this.query();
  }

  get speaks(): RtrVersion {
    return this.version;
  }

  /** Asks for what came since the last answer; does nothing while one runs. */
  refresh(): void {
    if (!this.ended && this.answer === undefined) this.query();
  }

  close(): void {
    this.ended = true;
    this.options.clock.clearTimeout(this.timer);
    this.stopping.abort();
    this.socket?.destroy();
  }

  private query(): void {
    const { position, version } = this;
    this.await(ANSWER_MS, 'no answer within 60 s');
    if (position === undefined) {
      this.answer = { payload: new RtrPayload(), changes: undefined };
      this.socket?.write(resetQuery(version));
    } else {
      this.answer = { payload: position.payload, changes: [] };
      this.socket?.write(serialQuery(version, position.session, position.serial));
    }
  }

  private startOver(): void {
    this.position = undefined;
    this.query();
  }

  private read(chunk: Buffer): void {
    if (this.answer !== undefined) this.await(ANSWER_MS, 'the answer stopped for 60 s');
    if (!this.reader.push(chunk)) this.end('an answer that cannot be read', false);
  }

  private take(pdu: RtrPdu): void {
    if (this.ended) return;
    if (pdu.type === 'error') this.takeError(pdu.code, pdu.text);
    else if (this.agreesOnVersion(pdu)) this.follow(pdu);
  }

  private follow(pdu: Exclude<RtrPdu, { type: 'error' }>): void {
    this.sawPdu = true;
    switch (pdu.type) {
      case 'serial-notify':
        if (this.answer === undefined && pdu.serial !== this.position?.serial) this.query();
        return;
      case 'cache-response':
        this.begin(pdu.session);
        return;
      case 'prefix':
      case 'aspa':
        this.takeRow(pdu);
        return;
      case 'cache-reset':
        this.startOver();
        return;
      case 'end-of-data':
        this.finish(pdu);
        return;
      case 'unused':
        return;
    }
  }

  /** A cache may answer in a lower version, which is then that of the connection (RFC 8210 §7). */
  private agreesOnVersion(pdu: RtrPdu): boolean {
    if (pdu.version === this.version) return true;
    if (pdu.type === 'serial-notify') return false;
    if (!this.sawPdu && pdu.type === 'cache-response' && pdu.version < this.version) {
      this.version = pdu.version as RtrVersion;
      return true;
    }
    this.options.onProblem('rtr-version');
    this.end(`an answer in version ${pdu.version}, asked in version ${this.version}`, !this.sawPdu);
    return false;
  }

  private takeError(code: number, text: string): void {
    this.options.onProblem(`rtr-error-${code}`);
    this.end(
      `the cache reports error ${code}${text === '' ? '' : ` (${text})`}`,
      code === UNSUPPORTED_VERSION,
    );
  }

  private begin(session: number): void {
    if (this.answer === undefined) {
      this.options.onProblem('rtr-unasked');
      return;
    }
    // Another session than the one we know: what we hold is of no use to it (RFC 8210 §5.5).
    if (this.position !== undefined && this.position.session !== session) this.startOver();
    else this.answer.session = session;
  }

  private takeRow(pdu: RtrPdu & { type: 'prefix' | 'aspa' }): void {
    if (this.answer?.session === undefined) this.options.onProblem('rtr-unasked');
    else if (this.answer.changes !== undefined) this.answer.changes.push(pdu);
    else if (!this.answer.payload.apply(pdu)) this.options.onProblem('rtr-row');
  }

  /** Changes are applied here and nowhere else: until this moment the last answer is in force, whole. */
  private finish(pdu: RtrEndOfData): void {
    const { answer } = this;
    if (answer?.session === undefined || answer.session !== pdu.session) {
      this.options.onProblem('rtr-unasked');
      return;
    }
    for (const change of answer.changes ?? []) {
      if ((change.type === 'prefix' || change.type === 'aspa') && answer.payload.apply(change)) continue;
      // It withdraws what it never announced: the sets differ, so all of it is asked for again.
      this.options.onProblem('rtr-row');
      this.startOver();
      return;
    }
    this.answer = undefined;
    this.options.clock.clearTimeout(this.timer);
    this.position = { session: pdu.session, serial: pdu.serial, payload: answer.payload };
    this.options.onSynced(this.position, pdu);
  }

  private await(delayMs: number, reason: string): void {
    this.options.clock.clearTimeout(this.timer);
    this.timer = this.options.clock.setTimeout(() => this.end(reason, false), delayMs);
  }

  private end(reason: string, tryLower: boolean): void {
    if (this.ended) return;
    this.close();
    this.options.onEnded({ reason, tryLower });
  }
}
