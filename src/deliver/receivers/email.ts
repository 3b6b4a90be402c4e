/**
 * E-mail over SMTP by nodemailer, which is loaded when the first mail goes out. Plain text: nothing in it can be
 * markup. The Message-ID is made of the alert's id, so that repeats are one mail to servers that look, and the mails
 * of one incident are one thread.
 */

import type { Socket } from 'node:net';
import type SMTPTransport from 'nodemailer/lib/smtp-transport';
import type { Alert } from '../../incident/alert.ts';
import { OutsideError, wordsOfFailure } from '../../outside/failure.ts';
import type { Outside } from '../../outside/outside.ts';
import { cleanText, shorten } from '../clean-text.ts';
import { messageOf, plainLines } from '../message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  refused,
  SEND_TIMEOUT_MS,
  type SendContext,
  tryAgain,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalBoolean, optionalNumber, optionalText, requiredText, requiredTexts } from '../settings.ts';
import { WORDS } from '../words.ts';

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

export const email: ReceiverType = {
  keys: {
    plain: { host: 'word', port: 'port', secure: 'flag', user: 'word', from: 'word', to: 'words' },
    secrets: { password: 'text' },
    needs: [['host', 'from', 'to']],
    together: [
      ['password', 'user'],
      ['user', 'password'],
    ],
  },
  create: createEmail,
};

function createEmail(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const from = requiredText(config, 'from');
  const to = requiredTexts(config, 'to');
  const server = serverOf(config, deps);
  const timeoutMs = (deps.timeoutMs ?? SEND_TIMEOUT_MS) * EXCHANGES;
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: true,
    keepsState: false,
    digestFrom: undefined,
    send: async (alert, context) => {
      const mail = mailOf(alert, config, deps.linkOf?.(alert.incident.id), context);
      const key = `mail-left:${mail.messageId}`;
      const left = recipientsLeft(context.memo(key), to);
      const told = await sendMail(server, { from, to: left, ...mail }, { timeoutMs, signal: context.signal });
      if ('outcome' in told) return told.outcome;
      return gradeRecipients(told.refusals, { key, all: to.length, context });
    },
  };
}

interface MailServer {
  readonly outside: Outside;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

function serverOf(config: ReceiverConfig, deps: ReceiverDeps): MailServer {
  const isTls = optionalBoolean(config, 'secure') ?? false;
  const user = optionalText(config, 'user');
  const timeoutMs = deps.timeoutMs ?? SEND_TIMEOUT_MS;
  const host = requiredText(config, 'host');
  const port = optionalNumber(config, 'port') ?? (isTls ? 465 : 587);
  const secureContext = deps.outside.secureContext();
  const options = {
    host,
    port,
    secure: isTls,
    ...(user === undefined
      ? {}
      : {
          auth: { user, pass: optionalText(config, 'password') ?? '' },
          requireTLS: !isTls && !isLoopback(config),
        }),
    ...(secureContext === undefined ? {} : { tls: { secureContext } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return { outside: deps.outside, host, port, isTls, options };
}

/** A password goes over the network under TLS only. */
function isLoopback(config: ReceiverConfig): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(requiredText(config, 'host'));
}

/** Who was not told by an earlier try: all at the first one. */
function recipientsLeft(memo: string | undefined, all: readonly string[]): readonly string[] {
  const left = new Set((memo ?? '').split('\n'));
  const known = all.filter((recipient) => left.has(recipient));
  return known.length === 0 ? all : known;
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

/** What the server said to one recipient: an SMTP code, 0 when it broke off. */
interface Refusal {
  readonly recipient: string;
  readonly code: number;
}

type Told = { readonly refusals: readonly Refusal[] } | { readonly outcome: Outcome };

async function sendMail(
  server: MailServer,
  mail: Mail,
  limit: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Told> {
  const { createTransport } = await import('nodemailer');
  const stop = AbortSignal.any([limit.signal, AbortSignal.timeout(limit.timeoutMs)]);
  let connection: Socket | undefined;
  // A socket of our own is the only way to break off a mail that is under way, and the way through the proxy.
  const over = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => {
      connection?.destroy();
      reject(new OutsideError(limit.signal.aborted ? 'stopped' : `no answer within ${limit.timeoutMs} ms`));
    });
  });
  over.catch(() => undefined);
  try {
    const { outside, host, port, isTls, options } = server;
    connection = await outside.connect({ host, port, isTls }, { signal: stop });
    const transport = createTransport({ ...options, connection, secured: isTls } as SMTPTransport.Options);
    return refusalsOf(await Promise.race([transport.sendMail({ ...mail, to: [...mail.to] }), over]));
  } catch (error) {
    const refusals = refusalsOf(error);
    return refusals.refusals.length === mail.to.length ? refusals : { outcome: gradeSmtp(error) };
  } finally {
    connection?.destroy();
  }
}

/** As nodemailer reports them, of a mail that went and of one that nobody took. */
function refusalsOf(report: unknown): { readonly refusals: readonly Refusal[] } {
  const { rejectedErrors } = report as {
    rejectedErrors?: readonly { recipient?: unknown; responseCode?: unknown }[];
  };
  const refusals = (rejectedErrors ?? []).map(({ recipient, responseCode }) => ({
    recipient: String(recipient),
    code: Number(responseCode ?? 0),
  }));
  return { refusals };
}

/**
 * RFC 5321 §4.2.1: 4yz is for now, 5yz for good. Who was told is not told again; who was put off is tried again alone.
 */
function gradeRecipients(
  refusals: readonly Refusal[],
  { key, all, context }: { readonly key: string; readonly all: number; readonly context: SendContext },
): Outcome {
  const waiting = refusals.filter(({ code }) => code < 500);
  const shown = (list: readonly Refusal[]): string => [...new Set(list.map(({ code }) => code))].join(', ');
  if (waiting.length > 0) {
    context.setMemo(key, waiting.map(({ recipient }) => recipient).join('\n'));
    const error = `${waiting.length} of ${all} recipients put off (SMTP ${shown(waiting)})`;
    return { ok: false, retryable: true, error, ...(waiting.length < all ? { isAlone: true } : {}) };
  }
  if (refusals.length === 0) return { ok: true };
  return refused(`${refusals.length} of ${all} recipients refused (SMTP ${shown(refusals)})`);
}

/**
 * What the server said before or after the recipients. The content itself may be refused for good; a password, a sender
 * or a policy may be put right. The server's own words may quote what we sent: only its number is kept.
 */
function gradeSmtp(error: unknown): Outcome {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown };
  if (typeof responseCode !== 'number') return tryAgain(wordsOfFailure(error));
  const isAboutTheMail = responseCode >= 500 && command === 'DATA';
  return isAboutTheMail ? refused(`SMTP ${responseCode}`) : tryAgain(`SMTP ${responseCode}`);
}
