/**
 * Syslog, RFC 5424: over UDP (RFC 5426), TCP with octet counting (RFC 6587 §3.4.1) or TLS (RFC 5425).
 *
 * Syslog confirms nothing. Over TCP and TLS there is a connection per alert; the alert counts as told when it was
 * written and the other side did not break off before we closed. UDP counts as told when sent.
 */

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { formatAsn } from '../../bgp/asn.ts';
import type { Alert } from '../../incident/alert.ts';
import { wordsOfFailure } from '../../outside/failure.ts';
import { cleanText, shorten } from '../clean-text.ts';
import { messageOf } from '../message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  tryAgain,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalNumber, optionalText, requiredText } from '../settings.ts';
import type { Language } from '../words.ts';

/** RFC 5426 §3.2: what every receiver should take. */
const UDP_BYTES_MAX = 2048;
const STREAM_BYTES_MAX = 8192;
/** Facility 3, system daemons; severities of RFC 5424 §6.2.1. */
const FACILITY = 3;
const SEVERITY = { critical: 2, warning: 4, info: 6 } as const;
const NOTICE = 5;

/** Between the last byte and our close: a receiver that is going away shows it now. */
const LINGER_MS = 50;
/** For the other side's close; one that keeps its side open has read nonetheless. */
const GOODBYE_MS = 1000;

type Protocol = 'udp' | 'tcp' | 'tls';

export const syslog: ReceiverType = {
  keys: {
    plain: { host: 'word', port: 'port', protocol: { oneOf: ['udp', 'tcp', 'tls'] } },
    needs: [['host']],
  },
  create: createSyslog,
};

function createSyslog(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const host = requiredText(config, 'host');
  const wanted = optionalText(config, 'protocol') ?? 'udp';
  if (wanted !== 'udp' && wanted !== 'tcp' && wanted !== 'tls') {
    throw new Error(`receiver ${config.name}: protocol is none of udp, tcp, tls`);
  }
  const protocol: Protocol = wanted;
  const port = optionalNumber(config, 'port') ?? { udp: 514, tcp: 601, tls: 6514 }[protocol];
  const timeoutMs = deps.timeoutMs ?? SEND_TIMEOUT_MS;
  return {
    name: config.name,
    type: config.type,
    concurrency: 2,
    forPeople: false,
    keepsState: false,
    digestFrom: undefined,
    send: async (alert, context) => {
      const line = syslogLine(alert, config.language, protocol === 'udp' ? UDP_BYTES_MAX : STREAM_BYTES_MAX);
      if (protocol === 'udp') return sendDatagram(host, port, line);
      const limit = AbortSignal.timeout(timeoutMs);
      const signal = AbortSignal.any([context.signal, limit]);
      const open = (): Promise<Socket> =>
        deps.outside.connect({ host, port, isTls: protocol === 'tls' }, { signal });
      const outcome = await sendStream(open, line, signal);
      return limit.aborted && !outcome.ok ? tryAgain(`not taken within ${timeoutMs} ms`) : outcome;
    },
  };
}

/** One message, at most `bytesMax` octets of UTF-8. */
export function syslogLine(alert: Alert, language: Language, bytesMax: number): Buffer {
  const { incident } = alert;
  const severity = alert.event === 'resolved' ? NOTICE : SEVERITY[incident.severity];
  const own =
    hostname()
      .replace(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';
  const head = `<${FACILITY * 8 + severity}>1 ${alert.at} ${own} originwatch ${process.pid} ${alert.event}`;
  const message = messageOf(alert, { language, link: undefined, reminder: undefined });
  const text = `${message.title}: ${message.summary}`;
  const data = structuredData(alert);
  // RFC 5424 §6.4: UTF-8 is announced by a byte order mark.
  let line = Buffer.from(`${head} ${data} \ufeff${text}`);
  for (let length = text.length; line.length > bytesMax && length > 0; length -= 50) {
    line = Buffer.from(`${head} ${data} \ufeff${shorten(text, Math.max(1, length - 50))}`);
  }
  return line;
}

/** RFC 5424 §6.3. An identifier without `@` is IANA's to give; the number is that of its examples (RFC 5612). */
function structuredData(alert: Alert): string {
  const { incident } = alert;
  const prefixes = incident.routes.slice(0, 10).map((route) => route.prefix);
  const values: readonly (readonly [string, string])[] = [
    ['seq', String(alert.seq)],
    ['id', alert.id],
    ['incident', incident.id],
    ['reason', alert.reason],
    ['kind', incident.kind],
    ['severity', incident.severity],
    ['score', String(incident.score)],
    ['group', cleanText(incident.group, 60)],
    ['offender', incident.offender === null ? '' : formatAsn(incident.offender)],
    ['prefixes', prefixes.join(' ')],
  ];
  const parts = values.map(
    ([name, value]) => `${name}="${cleanText(value, 300).replace(/["\\\]]/g, '\\$&')}"`,
  );
  return `[originwatch@32473 ${parts.join(' ')}]`;
}

/** The family of the socket has to be that of the address: a name is looked up first. Past the proxy: that takes streams only. */
async function sendDatagram(host: string, port: number, line: Buffer): Promise<Outcome> {
  try {
    const { address, family } = await lookup(host);
    await new Promise<void>((resolve, reject) => {
      const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
      const settle = (error: Error | null): void => {
        socket.removeAllListeners('error');
        socket.on('error', () => undefined);
        socket.close();
        if (error === null) resolve();
        else reject(error);
      };
      socket.once('error', settle);
      socket.send(line, port, address, settle);
    });
    return { ok: true };
  } catch (error) {
    return tryAgain(wordsOfFailure(error));
  }
}

async function sendStream(open: () => Promise<Socket>, line: Buffer, signal: AbortSignal): Promise<Outcome> {
  let socket: Socket;
  try {
    socket = await open();
  } catch (error) {
    return tryAgain((error as Error).message);
  }
  return new Promise((resolve) => {
    let saidAll = false;
    const timers: NodeJS.Timeout[] = [];
    const settle = (outcome: Outcome): void => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.destroy();
      resolve(outcome);
    };
    const stop = (): void => settle(tryAgain('stopped'));
    const closed = (): void => settle(saidAll ? { ok: true } : tryAgain('connection cut'));
    const sayGoodbye = (): void => {
      saidAll = true;
      socket.end();
      timers.push(setTimeout(closed, GOODBYE_MS));
    };
    signal.addEventListener('abort', stop);
    socket.on('error', (error) => settle(tryAgain(wordsOfFailure(error))));
    socket.on('end', closed).on('close', closed);
    socket.resume();
    const frame = Buffer.concat([Buffer.from(`${line.length} `), line]);
    socket.write(frame, () => timers.push(setTimeout(sayGoodbye, LINGER_MS)));
  });
}
