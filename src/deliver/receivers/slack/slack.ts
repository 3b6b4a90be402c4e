/**
 * Slack, two ways: an incoming webhook gets each alert as a message of its own; a bot token gets one thread per
 * incident, whose first message always shows the incident as it is now. Both keep to one message a second, and tell
 * a storm as one digest. Buttons come with an app token (`slack-socket.ts`).
 */

import type { Alert, Incident } from '../../../incident/alert.ts';
import { pause } from '../../clock.ts';
import { postJson } from '../../http.ts';
import { standingAlert } from '../../message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  type SendContext,
} from '../../receiver.ts';
import type { ReceiverType } from '../../receiver-type.ts';
import { optionalText, optionalUrl, requiredText, requiredUrl } from '../../settings.ts';
import { callSlack, type SlackAnswer, type SlackCall } from './api.ts';
import {
  digestMessage,
  incidentMessage,
  noteMessage,
  plainMessage,
  type SlackMessage,
  type SlackOptions,
  threadMessage,
} from './blocks.ts';
import { createSlackSocket } from './socket.ts';
import { newsSince, readThread, type Thread, threadKey, writeThread } from './thread.ts';

/** Slack takes about one message a second for each channel and webhook. */
const SLACK_PACE_MS = 1_000;
/** More waiting than this many seconds' worth is told as one digest. */
const DIGEST_FROM = 10;

type Sender = (call: {
  readonly message: Pick<SlackMessage, 'text'> & Partial<SlackMessage>;
  readonly alert: Alert;
  readonly context: SendContext;
}) => Promise<Outcome>;

export const slack: ReceiverType = {
  keys: {
    plain: { channel: 'word', apiUrl: 'url', mention: 'mention' },
    secrets: { webhookUrl: 'url', botToken: 'text', appToken: 'text' },
    needs: [['webhookUrl'], ['botToken', 'channel']],
    together: [
      ['appToken', 'botToken'],
      ['botToken', 'channel'],
    ],
    either: [['webhookUrl', 'botToken']],
  },
  create: createSlack,
};

function createSlack(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  return optionalText(config, 'botToken') === undefined
    ? createByWebhook(config, deps)
    : createByBot(config, deps);
}

/** Takes the next free second and waits for it; callers that overlap get one each. */
function createPace(deps: ReceiverDeps): (signal: AbortSignal) => Promise<void> {
  let nextMs = 0;
  return (signal) => {
    const nowMs = deps.clock.nowMs();
    const atMs = Math.max(nowMs, nextMs);
    nextMs = atMs + SLACK_PACE_MS;
    return pause(deps.clock, atMs - nowMs, signal);
  };
}

function receiverBase(config: ReceiverConfig): Omit<Receiver, 'send'> {
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: true,
    keepsState: false,
    digestFrom: DIGEST_FROM,
  };
}

function optionsOf(
  alert: Alert,
  config: ReceiverConfig,
  deps: ReceiverDeps,
  context: SendContext,
): SlackOptions {
  const buttons = optionalText(config, 'appToken') !== undefined;
  return {
    language: config.language,
    link: deps.linkOf?.(alert.incident.id),
    reminder: context.reminder,
    buttons,
    mention: mentionOf(config),
  };
}

/** `S…` names a user group, `U…` or `W…` somebody, `here` and `channel` whoever is there. */
function mentionOf(config: ReceiverConfig): string | undefined {
  const mention = optionalText(config, 'mention');
  if (mention === undefined) return undefined;
  if (mention === 'here' || mention === 'channel') return `<!${mention}>`;
  return mention.startsWith('S') ? `<!subteam^${mention}>` : `<@${mention}>`;
}

function digestOf(alerts: readonly Alert[], config: ReceiverConfig, deps: ReceiverDeps): SlackMessage {
  return digestMessage(alerts, { language: config.language, link: deps.homeLink?.() });
}

// ---------------------------------------------------------------- incoming webhook

function createByWebhook(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const url = requiredUrl(config, 'webhookUrl');
  const pace = createPace(deps);
  const sendOnce: Sender = async ({ message, alert, context }) => {
    await pace(context.signal);
    return postJson({
      outside: deps.outside,
      url,
      headers: { 'idempotency-key': alert.id },
      json: message,
      timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
      signal: context.signal,
      secrets: [url],
      wallMs: deps.clock.wallMs(),
    });
  };
  const send: Sender = async (call) => {
    const outcome = await sendOnce(call);
    return isOver(outcome) ? sendOnce({ ...call, message: plainMessage(call.message) }) : outcome;
  };
  const buttonless = { ...config, appToken: undefined };
  return {
    ...receiverBase(config),
    send: (alert, context) =>
      send({ message: webhookMessage(alert, optionsOf(alert, buttonless, deps, context)), alert, context }),
    sendDigest: (alerts, context) => sendDigest(send, alerts, digestOf(alerts, config, deps), context),
  };
}

/** Refused for what it looks like: the bare words are better than nothing. */
function isOver(outcome: Outcome): boolean {
  return !outcome.ok && (!outcome.retryable || outcome.isTooLarge === true);
}

/** A webhook has no thread: what is only more of the same is told in short. */
function webhookMessage(alert: Alert, options: SlackOptions): SlackMessage {
  const isShort = alert.event === 'updated' && options.reminder === undefined;
  return isShort ? threadMessage(alert, options) : incidentMessage(alert, options);
}

async function sendDigest(
  send: Sender,
  alerts: readonly Alert[],
  message: SlackMessage,
  context: SendContext,
): Promise<Outcome> {
  const [first] = alerts;
  return first === undefined ? { ok: true } : send({ message, alert: first, context });
}

// ---------------------------------------------------------------- bot

type Call = (
  method: SlackCall['method'],
  body: Readonly<Record<string, unknown>>,
  alert: Alert | undefined,
  signal: AbortSignal,
) => Promise<SlackAnswer>;

function createByBot(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const channel = requiredText(config, 'channel');
  const apiUrl = optionalUrl(config, 'apiUrl', 'https://slack.com/api').replace(/\/$/, '');
  const token = requiredText(config, 'botToken');
  const pace = createPace(deps);
  const call: Call = async (method, body, alert, signal) => {
    const answer = await callOnce(method, body, alert, signal);
    if (answer.ok || !isOver(answer.outcome) || !('blocks' in body)) return answer;
    return callOnce(method, plainMessage(body), alert, signal);
  };
  const callOnce: Call = async (method, body, alert, signal) => {
    await pace(signal);
    const timeoutMs = deps.timeoutMs ?? SEND_TIMEOUT_MS;
    return callSlack({
      outside: deps.outside,
      apiUrl,
      method,
      token,
      body,
      idempotencyKey: alert?.id,
      timeoutMs,
      signal,
      wallMs: deps.clock.wallMs(),
    });
  };
  const send: Sender = async ({ message, alert, context }) => {
    const answer = await call('chat.postMessage', { channel, ...message }, alert, context.signal);
    return answer.ok ? { ok: true } : answer.outcome;
  };
  const stopped = new AbortController();
  const drawn = new Map<string, string>();
  /** A press is heard of twice, from the button and from the incident: the first message is drawn once. */
  const redraw = async (incident: Incident, thread: Thread, signal: AbortSignal): Promise<void> => {
    const state = stateOf(incident);
    if (drawn.get(incident.id) === state) return;
    rememberDrawn(drawn, incident.id, state);
    const buttons = optionalText(config, 'appToken') !== undefined;
    const link = deps.linkOf?.(incident.id);
    const options = { language: config.language, link, reminder: undefined, buttons };
    const message = incidentMessage(standingAlert(incident), options);
    await call('chat.update', { channel: thread.channel, ts: thread.ts, ...message }, undefined, signal);
  };
  /** What people said since the thread last heard of it. */
  const tellNotes = async (incident: Incident, thread: Thread, signal: AbortSignal): Promise<void> => {
    const news = newsSince(incident, thread.notedAt, config.language);
    for (const { text } of news) {
      const body = { channel: thread.channel, thread_ts: thread.ts, ...noteMessage(text) };
      await call('chat.postMessage', body, undefined, signal);
    }
    const notedAt = news.at(-1)?.at;
    const now = readThread(deps.memo?.(config.name, threadKey(incident.id)));
    if (notedAt === undefined || now === undefined) return;
    deps.setMemo?.(config.name, threadKey(incident.id), writeThread({ ...now, notedAt }));
  };
  const socket = createSlackSocket(config, deps, {
    apiUrl,
    post: (body, signal) => call('chat.postMessage', body, undefined, signal),
    refresh: (incident, thread, signal) => redraw(incident, thread, signal),
  });
  return {
    ...receiverBase(config),
    send: (alert, context) => {
      rememberDrawn(drawn, alert.incident.id, stateOf(alert.incident));
      return tellThread(alert, optionsOf(alert, config, deps, context), { channel, call, context });
    },
    sendDigest: (alerts, context) => sendDigest(send, alerts, digestOf(alerts, config, deps), context),
    changed: (incident) => {
      const thread = readThread(deps.memo?.(config.name, threadKey(incident.id)));
      if (thread === undefined) return;
      void redraw(incident, thread, stopped.signal)
        .then(() => tellNotes(incident, thread, stopped.signal))
        .catch(() => undefined);
    },
    start: () => socket?.start(),
    stop: async () => {
      stopped.abort();
      await socket?.stop();
    },
  };
}

/** Incidents of which is remembered how their first message looks. */
const DRAWN_MAX = 500;

function rememberDrawn(drawn: Map<string, string>, id: string, state: string): void {
  drawn.delete(id);
  drawn.set(id, state);
  const [oldest] = drawn.keys();
  if (drawn.size > DRAWN_MAX && oldest !== undefined) drawn.delete(oldest);
}

/** What of an incident may change without an alert. */
function stateOf({
  state,
  severity,
  acknowledgedBy,
  acknowledged,
  assignee,
  notes,
  resolvedBy,
}: Incident): string {
  return JSON.stringify([state, severity, acknowledged, acknowledgedBy, assignee, notes.length, resolvedBy]);
}

interface ThreadWork {
  readonly channel: string;
  readonly call: Call;
  readonly context: SendContext;
}

/**
 * First the root is brought up to date, then the thread gets its line: the root's change may be repeated freely, so
 * a failure between the two costs nothing when all is tried again.
 */
async function tellThread(alert: Alert, options: SlackOptions, work: ThreadWork): Promise<Outcome> {
  const { call, context } = work;
  const thread = readThread(context.memo(threadKey(alert.incident.id)));
  if (thread === undefined) return openThread(alert, options, work);
  const { channel, ts } = thread;
  const root = { channel, ts, ...incidentMessage(alert, { ...options, reminder: undefined }) };
  const update = await call('chat.update', root, alert, context.signal);
  if (!update.ok && ROOT_GONE.has(update.code)) return openThread(alert, options, work);
  if (!update.ok && !ROOT_FIXED.has(update.code)) return update.outcome;
  const line = {
    channel,
    thread_ts: ts,
    reply_broadcast: isLoud(alert, context),
    ...threadMessage(alert, options),
  };
  const reply = await call('chat.postMessage', line, alert, context.signal);
  return reply.ok ? { ok: true } : reply.outcome;
}

const ROOT_GONE: ReadonlySet<string> = new Set([
  'message_not_found',
  'channel_not_found',
  'thread_not_found',
]);
const ROOT_FIXED: ReadonlySet<string> = new Set([
  'edit_window_closed',
  'cant_update_message',
  'update_failed',
]);

/** Worth showing in the channel, too, and not in the thread alone. */
function isLoud(alert: Alert, context: SendContext): boolean {
  return alert.event === 'escalated' || alert.event === 'reopened' || context.reminder !== undefined;
}

async function openThread(alert: Alert, options: SlackOptions, work: ThreadWork): Promise<Outcome> {
  const { call, channel, context } = work;
  const answer = await call(
    'chat.postMessage',
    { channel, ...incidentMessage(alert, options) },
    alert,
    context.signal,
  );
  if (!answer.ok) return answer.outcome;
  const { ts, channel: id } = answer.fields;
  if (typeof ts === 'string') {
    const { group, kind, offender } = alert.incident;
    const { notes } = alert.incident;
    const notedAt = notes.at(-1)?.at ?? '';
    const thread = { channel: typeof id === 'string' ? id : channel, ts, group, kind, offender, notedAt };
    context.setMemo(threadKey(alert.incident.id), writeThread(thread));
  }
  return { ok: true };
}
