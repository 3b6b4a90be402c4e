/**
 * Telegram by the bot API: plain text without a parse mode, so that nothing in it is markup. Telegram still makes
 * mentions, commands, tags and links of plain text; the characters that begin them are replaced by their wide forms.
 * The bot's token stands in the address: no address ever reaches an error.
 */

import type { Alert } from '../../incident/alert.ts';
import { shorten } from '../clean-text.ts';
import { type Answered, gradeAnswer, post } from '../http.ts';
import { messageOf, plainLines } from '../message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  type SendContext,
  tryAgain,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalUrl, requiredText } from '../settings.ts';
import { inert } from '../template-text.ts';

const TEXT_MAX = 4096;

export const telegram: ReceiverType = {
  keys: {
    plain: { chatId: 'word-or-number', apiUrl: 'url' },
    secrets: { botToken: 'text' },
    needs: [['botToken', 'chatId']],
  },
  create: createTelegram,
};

function createTelegram(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const token = requiredText(config, 'botToken');
  const chatId = typeof config.chatId === 'number' ? String(config.chatId) : requiredText(config, 'chatId');
  const base = optionalUrl(config, 'apiUrl', 'https://api.telegram.org').replace(/\/$/, '');
  const url = `${base}/bot${token}/sendMessage`;
  const secrets = [url, token];
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: true,
    keepsState: false,
    digestFrom: undefined,
    send: async (alert, context): Promise<Outcome> => {
      const call = (chat: string): Promise<Answered> =>
        post({
          outside: deps.outside,
          url,
          headers: { 'content-type': 'application/json; charset=utf-8', 'idempotency-key': alert.id },
          body: JSON.stringify({ chat_id: chat, ...textOf(alert, config, deps, context) }),
          timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
          signal: context.signal,
          secrets,
          wallMs: deps.clock.wallMs(),
        });
      // A group that became a supergroup has another id; Telegram names it once and from then on expects it.
      const key = `chat:${chatId}`;
      let answer = await call(context.memo(key) ?? chatId);
      const moved = movedTo(answer);
      if (moved !== undefined) {
        context.setMemo(key, moved);
        answer = await call(moved);
      }
      return grade(answer, secrets);
    },
  };
}

function textOf(
  alert: Alert,
  config: ReceiverConfig,
  deps: ReceiverDeps,
  context: SendContext,
): Readonly<Record<string, unknown>> {
  const link = deps.linkOf?.(alert.incident.id);
  const { language } = config;
  const message = messageOf(alert, { language, link: undefined, reminder: context.reminder });
  const lines = plainLines(message, language).map(inert);
  const text = shorten(lines.join('\n'), TEXT_MAX - (link === undefined ? 0 : link.length + 1));
  return {
    text: link === undefined ? text : `${text}\n${link}`,
    link_preview_options: { is_disabled: true },
  };
}

/** The bot API's answers: `{ ok, description, parameters }`. What it says of the chat may be put right, of the text not. */
function grade(answer: Answered, secrets: readonly string[]): Outcome {
  if (!answer.answered) return gradeAnswer(answer, secrets);
  const { description, parameters } = readAnswer(answer.body);
  if (answer.status === 429) {
    const seconds = parameters?.retry_after;
    const asked = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : answer.retryAfterMs;
    return tryAgain('HTTP 429', asked);
  }
  if (answer.status === 400 && /\b(?:chat|group|rights|bot|topic|member|user)\b/i.test(description))
    return tryAgain('HTTP 400: the chat does not take messages of this bot');
  return gradeAnswer(answer, secrets);
}

interface BotAnswer {
  readonly description: string;
  readonly parameters: { readonly retry_after?: unknown; readonly migrate_to_chat_id?: unknown } | undefined;
}

function readAnswer(body: string): BotAnswer {
  try {
    const { description, parameters } = JSON.parse(body) as { description?: unknown; parameters?: unknown };
    return {
      description: typeof description === 'string' ? description : '',
      parameters: typeof parameters === 'object' && parameters !== null ? parameters : undefined,
    };
  } catch {
    return { description: '', parameters: undefined };
  }
}

function movedTo(answer: Answered): string | undefined {
  if (!answer.answered || answer.status !== 400) return undefined;
  const id = readAnswer(answer.body).parameters?.migrate_to_chat_id;
  return typeof id === 'number' || (typeof id === 'string' && /^-?\d{1,20}$/.test(id))
    ? String(id)
    : undefined;
}
