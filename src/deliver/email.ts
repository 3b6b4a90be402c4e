/**
 * E-mail over SMTP by nodemailer, which is loaded when the first mail goes out. Plain text: nothing in it can be
 * markup. The Message-ID is made of the alert's id, so that repeats are one mail to servers that look, and the mails
 * of one incident are one thread.
 */

import { Socket } from 'node:net';
import type { Alert } from '../incident/alert.ts';
import { cleanText, shorten } from './clean-text.ts';
import { connectionError } from './http.ts';
import { messageOf, plainLines } from './message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  refused,
  SEND_TIMEOUT_MS,
  type SendContext,
  tryAgain,
} from './receiver.ts';
import { optionalBoolean, optionalNumber, optionalText, requiredText, requiredTexts } from './settings.ts';
import { WORDS } from './words.ts';

const SUBJECT_MAX = 180;
/** A mail takes several exchanges, each within the time limit; some servers greet slowly on purpose. */
const EXCHANGES = 6;

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function createEmail(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const from = requiredText(config, 'from');
  const to = requiredTexts(config, 'to');
  const server = smtpOptions(config, deps);
  const timeoutMs = (deps.timeoutMs ?? SEND_TIMEOUT_MS) * EXCHANGES;
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: true,
    keepsState: false,
    digestFrom: undefined,
    send: (alert, context) => {
      const mail = { from, to, ...mailOf(alert, config, deps.linkOf?.(alert.incident.id), context) };
      return sendMail(server, mail, { timeoutMs, signal: context.signal });
    },
  };
}

function smtpOptions(config: ReceiverConfig, deps: ReceiverDeps): Readonly<Record<string, unknown>> {
  const secure = optionalBoolean(config, 'secure') ?? false;
  const user = optionalText(config, 'user');
  const timeoutMs = deps.timeoutMs ?? SEND_TIMEOUT_MS;
  return {
    host: requiredText(config, 'host'),
    port: optionalNumber(config, 'port') ?? (secure ? 465 : 587),
    secure,
    ...(user === undefined
      ? {}
      : {
          auth: { user, pass: optionalText(config, 'password') ?? '' },
          requireTLS: !secure && !isLoopback(config),
        }),
    ...(deps.ca === undefined ? {} : { tls: { ca: deps.ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** A password goes over the network under TLS only. */
function isLoopback(config: ReceiverConfig): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(requiredText(config, 'host'));
}

function mailOf(
  alert: Alert,
  config: ReceiverConfig,
  link: string | undefined,
  context: SendContext,
): Omit<Mail, 'from' | 'to'> {
  const { language } = config;
  const message = messageOf(alert, { language, link, reminder: context.reminder });
  const mark = context.reminder === undefined ? '' : `.${context.reminder.type}-${context.reminder.number}`;
  const subject = `[Originwatch] ${message.title}: ${message.summary}`;
  return {
    subject: shorten(
      context.reminder === undefined
        ? subject
        : `${WORDS[language].reminder(context.reminder.type, context.reminder.number)} ${subject}`,
      SUBJECT_MAX,
    ),
    text: `${plainLines(message, language).join('\r\n')}\r\n`,
    messageId: `<${idPart(alert.id)}${mark}@originwatch.invalid>`,
    references: `<${idPart(alert.incident.id)}@incident.originwatch.invalid>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Originwatch-Alert': cleanText(alert.id, 80) },
  };
}

function idPart(id: string): string {
  return id.replace(/[^A-Za-z0-9.-]/g, '').slice(0, 80);
}

async function sendMail(
  options: Readonly<Record<string, unknown>>,
  mail: Mail,
  limit: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { createTransport } = await import('nodemailer');
  // A socket of our own is the only way to break off a mail that is under way.
  const socket = new Socket();
  let stop: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    stop = () => {
      socket.destroy();
      reject(new Error('stopped'));
    };
  });
  over.catch(() => undefined);
  const timer = setTimeout(stop, limit.timeoutMs);
  limit.signal.addEventListener('abort', stop);
  try {
    if (limit.signal.aborted) return tryAgain('stopped');
    const sending = createTransport({ ...options, socket }).sendMail({ ...mail, to: [...mail.to] });
    const info = await Promise.race([sending, over]);
    const lost = info.rejected.length;
    // Some took it: sending it again would tell those twice. The rest is an error of addresses.
    return lost === 0 ? { ok: true } : refused(`${lost} of ${mail.to.length} recipients refused`);
  } catch (error) {
    return limit.signal.aborted ? tryAgain('stopped') : gradeSmtp(error);
  } finally {
    clearTimeout(timer);
    limit.signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** RFC 5321 §4.2.1: 4yz is for now, 5yz for good. The server's own words may quote what we sent: only its number is kept. */
function gradeSmtp(error: unknown): Outcome {
  const code = (error as { responseCode?: unknown }).responseCode;
  if (typeof code !== 'number') return tryAgain(connectionError(error));
  return code >= 500 ? refused(`SMTP ${code}`) : tryAgain(`SMTP ${code}`);
}
