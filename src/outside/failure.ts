/**
 * What went wrong outside, in words for people: from codes and certificates alone, because the messages of Node and
 * OpenSSL may quote the address, and the address may be the secret.
 */

import type { PeerCertificate } from 'node:tls';
import { getSystemErrorName } from 'node:util';

/** Thrown by all of `outside/`. The message is one line for people and has no address in it. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection cut',
  EPIPE: 'connection cut',
  ENOTFOUND: 'name not found',
  ENODATA: 'name not found',
  EAI_AGAIN: 'name not resolved',
  EAI_FAIL: 'name not resolved',
  ESERVFAIL: 'name not resolved',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EACCES: 'not allowed by this machine',
  EPERM: 'not allowed by this machine',
  EMFILE: 'too many open files',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in the chain',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate of an unknown authority',
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not valid yet',
  CERT_REVOKED: 'certificate revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for other names',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS at this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS at this port',
  HPE_INVALID_CONSTANT: 'the answer is not HTTP',
  HPE_INVALID_VERSION: 'the answer is not HTTP',
  HPE_HEADER_OVERFLOW: 'the headers of the answer are too large',
  Z_DATA_ERROR: 'the compressed answer is damaged',
  Z_BUF_ERROR: 'the compressed answer is cut off',
  ERR_STREAM_PREMATURE_CLOSE: 'connection cut',
};

/** Words of OpenSSL by which libraries hand on what they were told, the code being lost. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/certificate has expired/i, 'CERT_HAS_EXPIRED'],
  [/certificate is not yet valid/i, 'CERT_NOT_YET_VALID'],
  [/does not match certificate's altnames/i, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/self[- ]signed certificate in certificate chain/i, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self[- ]signed certificate/i, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to (?:verify the first|get (?:local )?issuer) certificate/i, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/wrong version number/i, 'ERR_SSL_WRONG_VERSION_NUMBER'],
];

/** What went wrong, from codes of the error and its causes; never its message, unless it is one of ours. */
export function wordsOfFailure(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutsideError) return cause.message;
    const words = wordsOfOne(cause);
    if (words !== undefined) return words;
  }
  return 'failed to connect';
}

function wordsOfOne(error: Error): string | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  return /CERT|SSL|TLS|SIGNED|ALTNAME|VERIFY/.test(code) ? `TLS failed (${code})` : `failed (${code})`;
}

/** Codes of libraries (`ESOCKET`) say less than the errno beside them, or the words of OpenSSL. */
function codeOf(error: Error): string | undefined {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && WORDS[code] !== undefined) return code;
  const said = SAID.find(([pattern]) => pattern.test(error.message))?.[1];
  if (said !== undefined) return said;
  if (typeof errno === 'number' && errno < 0) return getSystemErrorName(errno);
  // Several addresses were tried: the first says why as well as any.
  const [first] = error instanceof AggregateError ? error.errors : [];
  if (first instanceof Error) return codeOf(first);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined;
}

/** Why a certificate is not believed: `code` as OpenSSL names it, and what the certificate says of itself. */
export function wordsOfCertificate(code: string, certificate: PeerCertificate, nowMs: number): string {
  const words = WORDS[code] ?? `TLS failed (${code})`;
  const until = Date.parse(certificate.valid_to);
  const from = Date.parse(certificate.valid_from);
  if (code === 'CERT_HAS_EXPIRED')
    return until < nowMs ? `certificate expired on ${dayOf(until)}` : 'a certificate of the chain expired';
  if (code === 'CERT_NOT_YET_VALID' && from > nowMs) return `certificate not valid before ${dayOf(from)}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = (certificate.subjectaltname ?? '')
      .split(', ')
      .map((name) => name.replace(/^DNS:|^IP Address:/, ''));
    const shown = names.filter((name) => /^[\w.*:-]{1,100}$/.test(name)).slice(0, 3);
    return shown.length === 0 ? words : `${words} (${shown.join(', ')})`;
  }
  return words;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
