/**
 * Opens the bytes of an RPKI export: a file (read again only when it changed) or a URL (RFC 9110 conditional request:
 * ETag and Last-Modified), gzip undone, bounded in bytes and time. Used by `vrp-export.ts` alone.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { OperationalError } from '../../engine/errors.ts';
import { OutsideError } from '../../outside/failure.ts';
import { Outside } from '../../outside/outside.ts';
import type { FeedClock } from '../surroundings.ts';

/** What tells an unchanged export: the validators of the answer, or size and time of the file. */
export interface SourceMark {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export interface SourceBounds {
  readonly mark: SourceMark | undefined;
  /** Of what comes in, and of what it unpacks to. */
  readonly bytesMax: number;
  /** For the whole of it, from the request to the last byte. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: FeedClock;
  /** The way out; default: direct. */
  readonly outside?: Outside | undefined;
}

export interface OpenSource {
  readonly name: string;
  readonly mark: SourceMark;
  /** Unpacked. Throws `OperationalError('rpki-fetch')`. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Has to be called when the chunks are no longer wanted. */
  close(): void;
}

/** `unchanged` when the mark still holds. Rejects with `OperationalError('rpki-fetch')`. */
export async function openVrpSource(
  location: { readonly file: string } | { readonly url: string },
  bounds: SourceBounds,
): Promise<OpenSource | 'unchanged'> {
  const limit = timeLimit(bounds);
  const name = 'file' in location ? location.file : shownUrl(location.url);
  try {
    const opened =
      'file' in location
        ? await openFile(location.file, bounds, limit)
        : await openUrl(location.url, bounds, limit);
    if (opened === 'unchanged') {
      limit.close();
      return 'unchanged';
    }
    const chunks = unpacked(opened.body, name, bounds, limit);
    const close = (): void => {
      limit.close();
      opened.close();
    };
    return { name, mark: opened.mark, chunks, close };
  } catch (error) {
    limit.close();
    throw fetchError(name, error, limit, bounds);
  }
}

interface Limit {
  readonly signal: AbortSignal;
  readonly expired: boolean;
  close(): void;
}

/** One deadline over everything, on the clock that was handed in. */
function timeLimit(bounds: SourceBounds): Limit {
  const controller = new AbortController();
  let expired = false;
  const timer = bounds.clock.setTimeout(() => {
    expired = true;
    controller.abort();
  }, bounds.timeoutMs);
  return {
    signal: AbortSignal.any([bounds.signal, controller.signal]),
    get expired() {
      return expired;
    },
    close: () => bounds.clock.clearTimeout(timer),
  };
}

interface Opened {
  readonly body: AsyncIterable<Uint8Array>;
  readonly close: () => void;
  readonly mark: SourceMark;
}

const REDIRECTS_MAX = 5;

async function openFile(file: string, bounds: SourceBounds, limit: Limit): Promise<Opened | 'unchanged'> {
  const { size, mtimeMs, ino } = await stat(file);
  const mark = { etag: `${ino}-${size}`, lastModified: String(mtimeMs) };
  if (sameMark(mark, bounds.mark)) return 'unchanged';
  const body = createReadStream(file, { signal: limit.signal });
  return { body, mark, close: () => void body.destroy() };
}

async function openUrl(url: string, bounds: SourceBounds, limit: Limit): Promise<Opened | 'unchanged'> {
  const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'gzip' };
  if (bounds.mark?.etag !== undefined) headers['if-none-match'] = bounds.mark.etag;
  if (bounds.mark?.lastModified !== undefined) headers['if-modified-since'] = bounds.mark.lastModified;
  const way = bounds.outside ?? new Outside();
  const { signal } = limit;
  const answer = await way.ask({ url, headers, signal, redirectsMax: REDIRECTS_MAX });
  const { status, close } = answer;
  const [etag, lastModified] = [answer.headers.etag, answer.headers['last-modified']].map(textOrNone);
  if (status === 304 && bounds.mark !== undefined) {
    close();
    return 'unchanged';
  }
  if (status < 200 || status > 299) {
    close();
    throw new OutsideError(`the server answered ${status}`);
  }
  return { body: answer.chunks, close, mark: { etag, lastModified } };
}

function textOrNone(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function sameMark(a: SourceMark, b: SourceMark | undefined): boolean {
  return a.etag === b?.etag && a.lastModified === b?.lastModified;
}

/** Passes the bytes on, through gunzip where they begin like gzip (RFC 1952 §2.3.1), and counts them. */
async function* unpacked(
  body: AsyncIterable<Uint8Array>,
  name: string,
  bounds: SourceBounds,
  limit: Limit,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    const raw: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
    const head = await readHead(raw);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    for await (const chunk of isGzip ? gunzip(rejoined(head, raw)) : rejoined(head, raw)) {
      if (limit.signal.aborted) throw new Error('stopped');
      bytes += chunk.length;
      if (bytes > bounds.bytesMax) throw new Error(`it is larger than ${bounds.bytesMax} bytes`);
      yield chunk;
    }
  } catch (error) {
    throw fetchError(name, error, limit, bounds);
  }
}

/** The first bytes, at least two unless it ends before. */
async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* rejoined(head: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function gunzip(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const unzip = createGunzip();
  const packed = Readable.from(bytes, { objectMode: false });
  packed.once('error', (error) => unzip.destroy(error));
  return packed.pipe(unzip);
}

/** Scheme, host and path: what stands in user information or query may be a secret. */
function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? 'the configured URL' : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

function fetchError(name: string, error: unknown, limit: Limit, bounds: SourceBounds): OperationalError {
  if (error instanceof OperationalError) return error;
  const what = limit.expired ? `nothing whole within ${bounds.timeoutMs} ms` : causeOf(error);
  return new OperationalError('rpki-fetch', `${name}: ${what}`, { cause: error, retryable: true });
}

/** Words of `outside/`, else the system's code: texts of others may repeat the URL with its query. */
function causeOf(error: unknown): string {
  if (error instanceof OutsideError) return error.message;
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === 'string' ? code : (message ?? 'it cannot be read');
}
