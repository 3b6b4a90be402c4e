/**
 * Answers in fewer bytes, for whoever takes them so (RFC 9110 §12.5.3): Brotli, else gzip. Texts from a kilobyte on;
 * what is streamed to a reader piece by piece is compressed as it goes. The event stream never comes here.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib';
import type { Reply } from './route.ts';

/** Less gains nothing. */
const BYTES_MIN = 1_024;
const COMPRESSIBLE =
  /^(?:text\/|image\/svg|application\/(?:json|javascript|problem|atom|manifest|openapi|x-ndjson))/;

/** What is made for one answer: about as fast as it is sent. */
const QUICK = { [constants.BROTLI_PARAM_QUALITY]: 4 };
const GZIP_LEVEL = 5;

const inBrotli = promisify(brotliCompress);
const inGzip = promisify(gzip);

export type Encoding = 'br' | 'gzip';

/** The better one of those that the request takes; undefined: as it is. */
export function encodingFor(request: IncomingMessage): Encoding | undefined {
  const wanted = new Map<string, number>();
  for (const part of String(request.headers['accept-encoding'] ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const quality = parameters.find((text) => text.startsWith('q='));
    if (name !== '') wanted.set(name, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  const quality = (name: Encoding): number => wanted.get(name) ?? wanted.get('*') ?? 0;
  if (quality('br') > 0 && quality('br') >= quality('gzip')) return 'br';
  return quality('gzip') > 0 ? 'gzip' : undefined;
}

/** The same answer as the request takes it. A strong validator names the bytes, so it names the encoding too. */
export async function compressed(reply: Reply, request: IncomingMessage): Promise<Reply> {
  const { body, type = '', headers = {} } = reply;
  if (body === undefined || body === '' || !COMPRESSIBLE.test(type)) return reply;
  const varied: Reply = { ...reply, headers: { ...headers, vary: 'Accept-Encoding' } };
  const encoding = encodingFor(request);
  if (encoding === undefined || headers['content-encoding'] !== undefined) return varied;
  const encoded = { ...varied.headers, 'content-encoding': encoding };
  if (typeof body !== 'string' && !Buffer.isBuffer(body))
    return { ...varied, headers: encoded, body: streamed(body, encoding) };
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  if (bytes.length < BYTES_MIN) return varied;
  return { ...varied, headers: encoded, body: await whole(bytes, encoding) };
}

function whole(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === 'br' ? inBrotli(bytes, { params: QUICK }) : inGzip(bytes, { level: GZIP_LEVEL });
}

function streamed(body: Readable, encoding: Encoding): Readable {
  const transform: Transform =
    encoding === 'br' ? createBrotliCompress({ params: QUICK }) : createGzip({ level: GZIP_LEVEL });
  body.on('error', (error) => transform.destroy(error));
  transform.on('close', () => body.destroy());
  return body.pipe(transform);
}

/** Once for all who ask, as small as it gets: for files that never change while we run. */
export async function smallest(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return encoding === 'br' ? inBrotli(bytes, { params }) : inGzip(bytes, { level: 9 });
}
