/**
 * Telegram by the bot API: plain text without a parse mode, so that nothing in it is markup. Telegram still makes
 * mentions, commands, tags and links of plain text; the characters that begin them are replaced by their wide forms.
 * The bot's token stands in the address: no address ever reaches an error.
 */

import { shorten } from './clean-text.ts';
import { gradeAnswer, post } from './http.ts';
import { messageOf, plainLines } from './message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  tryAgain,
} from './receiver.ts';
import { optionalUrl, requiredText } from './settings.ts';

const TEXT_MAX = 4096;

export function createTelegram(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
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
      const link = deps.linkOf?.(alert.incident.id);
      const { language } = config;
      const message = messageOf(alert, { language, link: undefined, reminder: context.reminder });
      const lines = plainLines(message, language).map(inert);
      const text = shorten(lines.join('\n'), TEXT_MAX - (link === undefined ? 0 : link.length + 1));
      const body = {
        chat_id: chatId,
        text: link === undefined ? text : `${text}\n${link}`,
        link_preview_options: { is_disabled: true },
      };
      const nowMs = deps.clock.nowMs();
      const answer = await post({
        url,
        headers: { 'content-type': 'application/json; charset=utf-8', 'idempotency-key': alert.id },
        body: JSON.stringify(body),
        timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
        signal: context.signal,
        secrets,
        nowMs,
      });
      if (answer.answered && answer.status === 429) {
        return tryAgain('HTTP 429', retryAfterOf(answer.body) ?? answer.retryAfterMs);
      }
      return gradeAnswer(answer, secrets);
    },
  };
}

/** Takes the meaning out of `@name`, `#tag`, `/command` and `scheme://`. */
function inert(line: string): string {
  return line
    .replaceAll('@', '＠')
    .replaceAll('#', '＃')
    .replaceAll('://', '：//')
    .replace(/(^|\s)\/(?=\w)/g, '$1／');
}

/** Telegram says the pause in the body: `{ "parameters": { "retry_after": 5 } }`. */
function retryAfterOf(body: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    const seconds = (answer as { parameters?: { retry_after?: unknown } } | null)?.parameters?.retry_after;
    return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
