/**
 * A polite client of RIPEstat's data API, for `init --ripestat`, backfill and status: at most 8 requests under way, a
 * name of its own (`sourceapp`), patience with errors that pass, and bounds on what it takes. Answers are read by
 * `decode/ripestat/ripestat-json.ts`. Detection never waits for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Update } from '../../bgp/update.ts';
import {
  type AnnouncedPrefix,
  type Read,
  type RisPeer,
  type RoutingStatus,
  readAnnouncedPrefixes,
  readBgpState,
  readBgpUpdates,
  readRisPeers,
  readRoutingStatus,
} from '../../decode/ripestat/ripestat-json.ts';
import { OperationalError } from '../../engine/errors.ts';
import { Outside, type TextAnswer } from '../../outside/outside.ts';

export interface RipestatOptions {
  /** Default `https://stat.ripe.net`. */
  readonly baseUrl?: string;
  /** Of the data API itself, with a slash at its end; instead of `baseUrl`. */
  readonly dataUrl?: string;
  /** Requests under way at once; RIPEstat allows 8, and more is cut to 8. */
  readonly concurrentMax?: number;
  /** Tries of one request, the first included; default 4. */
  readonly attemptsMax?: number;
  /** Of one try, default 60,000. */
  readonly timeoutMs?: number;
  /** Default 64 MiB. */
  readonly answerBytesMax?: number;
  /** Ends everything under way and waiting. */
  readonly signal?: AbortSignal;
  /** The way out; default: direct. */
  readonly outside?: Outside;
  /** Waits before a retry; a test gives one that does not. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** A span and the collectors to ask, `rrc06` or `6`; all when absent. */
export interface RipestatSpan {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly collectors?: readonly string[];
}

export interface RipestatMoment {
  /** Absent: now. */
  readonly atMs?: number;
  readonly collectors?: readonly string[];
}

const CONCURRENT_MAX = 8;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** One way a try may end: an answer, or an error with what to do about it. */
interface Failure {
  readonly detail: string;
  readonly retryable: boolean;
  /** As the server asked (`Retry-After`). */
  readonly afterMs: number | undefined;
}

type Parameters = Readonly<Record<string, string | undefined>>;

/** Methods reject with `OperationalError('ripestat-fetch')`; what can't be read of an answer is among its problems. */
export class Ripestat {
  readonly #options: RipestatOptions;
  readonly #outside: Outside;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(options: RipestatOptions = {}) {
    this.#options = options;
    this.#outside = options.outside ?? new Outside();
    this.#free = Math.max(1, Math.min(CONCURRENT_MAX, options.concurrentMax ?? CONCURRENT_MAX));
  }

  /** What an AS originates, seen by at least ten peers. */
  async announcedPrefixes(asn: number, span: RipestatSpan = {}): Promise<Read<readonly AnnouncedPrefix[]>> {
    return readAnnouncedPrefixes(
      await this.#ask('announced-prefixes', { resource: `AS${asn}`, ...spanOf(span) }),
    );
  }

  /** The routes of a prefix, an address or an AS at one moment. */
  async bgpState(resource: string, moment: RipestatMoment = {}): Promise<Read<readonly Update[]>> {
    const { atMs, collectors } = moment;
    const data = await this.#ask('bgp-state', {
      resource,
      timestamp: timeOf(atMs),
      rrcs: rrcsOf(collectors),
    });
    return readBgpState(data, atMs);
  }

  /** What happened to prefixes, addresses or ASes (a list by comma); RIPEstat indexes from January 2024 on. */
  async bgpUpdates(resource: string, span: RipestatSpan = {}): Promise<Read<readonly Update[]>> {
    return readBgpUpdates(
      await this.#ask('bgp-updates', { resource, ...spanOf(span), unix_timestamps: 'TRUE' }),
    );
  }

  /** Who saw a prefix or an AS first and last, and how widely; 8-hourly, so nothing to alert on. */
  async routingStatus(resource: string, moment: RipestatMoment = {}): Promise<Read<RoutingStatus>> {
    return readRoutingStatus(await this.#ask('routing-status', { resource, timestamp: timeOf(moment.atMs) }));
  }

  /** All RIS peers and how many prefixes each carries. */
  async risPeers(moment: RipestatMoment = {}): Promise<Read<readonly RisPeer[]>> {
    return readRisPeers(await this.#ask('ris-peers', { query_time: timeOf(moment.atMs) }));
  }

  /** One call through the queue, tried again while that makes sense. */
  async #ask(call: string, parameters: Parameters): Promise<unknown> {
    const url = this.#urlOf(call, parameters);
    const { attemptsMax = 4, signal, wait = defaultWait } = this.#options;
    await this.#enter();
    try {
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted();
        const outcome = await this.#try(url);
        if ('data' in outcome) return outcome.data;
        if (!outcome.retryable || attempt >= attemptsMax) throw failed(call, outcome);
        await wait(outcome.afterMs ?? Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1)), signal);
      }
    } catch (error) {
      if (error instanceof OperationalError) throw error;
      throw new OperationalError('ripestat-fetch', `${call}: given up`, { cause: error });
    } finally {
      this.#leave();
    }
  }

  #urlOf(call: string, parameters: Parameters): URL {
    const { baseUrl = 'https://stat.ripe.net', dataUrl = new URL('/data/', baseUrl).href } = this.#options;
    const url = new URL(`${call}/data.json`, dataUrl);
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) url.searchParams.set(name, value);
    url.searchParams.set('sourceapp', 'originwatch');
    return url;
  }

  async #try(url: URL): Promise<{ readonly data: unknown } | Failure> {
    const { timeoutMs = 60_000, answerBytesMax = 64 * 1024 * 1024, signal } = this.#options;
    const headers = { accept: 'application/json', 'accept-encoding': 'gzip' };
    try {
      const answer = await this.#outside.askText(
        { url: url.href, headers, timeoutMs, signal },
        answerBytesMax,
      );
      if (!answer.isWhole) return { detail: 'the answer is too large', retryable: false, afterMs: undefined };
      return outcomeOf(answer);
    } catch (error) {
      const detail = (error as Error).message;
      return { detail, retryable: signal?.aborted !== true, afterMs: undefined };
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** 429 and 5xx pass; other refusals are about the question. An envelope may say `error` under a 200. */
function outcomeOf({ status, headers, text }: TextAnswer): { readonly data: unknown } | Failure {
  const envelope = envelopeOf(text);
  const isOk = status >= 200 && status < 300;
  if (isOk && envelope?.status === 'ok') return { data: envelope.data };
  const code = isOk ? Number(envelope?.status_code ?? 500) : status;
  const said = Array.isArray(envelope?.messages) ? ` ${JSON.stringify(envelope.messages).slice(0, 120)}` : '';
  const detail =
    envelope === undefined && isOk ? 'the answer is no RIPEstat envelope' : `status ${code}${said}`;
  return { detail, retryable: code === 429 || code >= 500, afterMs: retryAfterOf(headers['retry-after']) };
}

function envelopeOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function retryAfterOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(RETRY_MAX_MS, seconds * 1000) : undefined;
}

function failed(call: string, { detail, retryable }: Failure): OperationalError {
  return new OperationalError('ripestat-fetch', `${call}: ${detail}`, { retryable });
}

async function defaultWait(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal });
}

function spanOf({ fromMs, toMs, collectors }: RipestatSpan): Parameters {
  return { starttime: timeOf(fromMs), endtime: timeOf(toMs), rrcs: rrcsOf(collectors) };
}

/** UTC to the second, as RIPEstat reads it. */
function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 19);
}

/** Numbers without the prefix; other projects' collectors are none of RIPEstat's. */
function rrcsOf(collectors: readonly string[] | undefined): string | undefined {
  const numbers = (collectors ?? []).flatMap((name) => /^(?:rrc)?(\d{1,3})$/i.exec(name)?.[1] ?? []);
  return numbers.length === 0 ? undefined : numbers.map(Number).join(',');
}
