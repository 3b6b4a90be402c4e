/**
 * Buttons in Slack by Socket Mode: a WebSocket that we open, so that nobody needs to reach us from outside.
 * `apps.connections.open` with the app token gives an address; each press comes as an envelope that has to be
 * acknowledged within three seconds; Slack renews the connection now and then (`disconnect`).
 *
 * Who pressed is recorded with the change. A press counts only for an incident whose thread stands in that channel.
 */
import { type RawData, WebSocket } from 'ws';
import type { Author, Operator, Refusal } from '../../../engine/ports.ts';
import type { Incident } from '../../../incident/alert.ts';
import { retryDelayMs } from '../../backoff.ts';
import { cleanText } from '../../clean-text.ts';
import { pause } from '../../clock.ts';
import { type ReceiverConfig, type ReceiverDeps, SEND_TIMEOUT_MS } from '../../receiver.ts';
import { optionalText } from '../../settings.ts';
import { WORDS } from '../../words.ts';
import { callSlack, type SlackAnswer } from './api.ts';
import { ACTION_PREFIX, BUTTONS, type Button, noteMessage } from './blocks.ts';
import { readThread, type Thread, threadKey } from './thread.ts';

/** Slack pings every few seconds; a connection silent for so long is dead. */
const SILENT_MS_MAX = 60_000;
const ENVELOPE_BYTES_MAX = 1_048_576;
const SILENCE_MS = 3_600_000;
/** Envelopes remembered, so that one sent again does nothing twice. */
const ENVELOPES_MAX = 200;

interface SlackSocket {
  start(): void;
  stop(): Promise<void>;
}

interface SlackSocketWork {
  readonly apiUrl: string;
  /** Posts as the bot, in step with its other messages. */
  post(body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<SlackAnswer>;
  /** Shows the changed incident in its first message. */
  refresh(incident: Incident, thread: Thread, signal: AbortSignal): Promise<void>;
}

/** Undefined when no app token is configured. */
export function createSlackSocket(
  config: ReceiverConfig,
  deps: ReceiverDeps,
  work: SlackSocketWork,
): SlackSocket | undefined {
  const token = optionalText(config, 'appToken');
  return token === undefined ? undefined : new SocketMode(token, config, deps, work);
}

/** One press, as read from an envelope. */
interface Press {
  readonly button: Button;
  readonly incidentId: string;
  readonly channel: string;
  readonly who: string;
}

class SocketMode implements SlackSocket {
  readonly #token: string;
  readonly #config: ReceiverConfig;
  readonly #deps: ReceiverDeps;
  readonly #work: SlackSocketWork;
  readonly #stop = new AbortController();
  readonly #seen = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(token: string, config: ReceiverConfig, deps: ReceiverDeps, work: SlackSocketWork) {
    this.#token = token;
    this.#config = config;
    this.#deps = deps;
    this.#work = work;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const url = await this.#open();
      const greeted = url === undefined ? false : await this.#listen(url);
      if (signal.aborted) return;
      failures = greeted ? 0 : failures + 1;
      if (failures > 0)
        await pause(this.#deps.clock, retryDelayMs(failures, this.#deps.clock.random), signal);
    }
  }

  async #open(): Promise<string | undefined> {
    const answer = await callSlack({
      outside: this.#deps.outside,
      apiUrl: this.#work.apiUrl,
      method: 'apps.connections.open',
      token: this.#token,
      body: {},
      idempotencyKey: undefined,
      timeoutMs: this.#deps.timeoutMs ?? SEND_TIMEOUT_MS,
      signal: this.#stop.signal,
      wallMs: this.#deps.clock.wallMs(),
    });
    if (!answer.ok) {
      const error = answer.outcome.ok ? 'no answer' : answer.outcome.error;
      this.#deps.note?.('slack.socket-failed', { receiver: this.#config.name, error });
      return undefined;
    }
    const { url } = answer.fields;
    return typeof url === 'string' && /^wss?:\/\//.test(url) ? url : undefined;
  }

  /** Resolves when the connection is over: true when Slack had greeted us. */
  #listen(url: string): Promise<boolean> {
    const { clock } = this.#deps;
    return new Promise((resolve) => {
      let greeted = false;
      const socket = new WebSocket(url, {
        createConnection: this.#deps.outside.connector(url, {}) as never,
        perMessageDeflate: false,
        maxPayload: ENVELOPE_BYTES_MAX,
        handshakeTimeout: this.#deps.timeoutMs ?? SEND_TIMEOUT_MS,
      });
      const end = (): void => socket.terminate();
      let cancel = clock.after(SILENT_MS_MAX, end);
      const alive = (): void => {
        cancel();
        cancel = clock.after(SILENT_MS_MAX, end);
      };
      this.#stop.signal.addEventListener('abort', end);
      socket.on('ping', alive);
      socket.on('message', (data) => {
        alive();
        const type = this.#read(data, socket);
        if (type === 'hello') greeted = true;
        if (type === 'disconnect') socket.close();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        cancel();
        this.#stop.signal.removeEventListener('abort', end);
        resolve(greeted);
      });
    });
  }

  /** Reads one frame; the envelope is acknowledged before anything is done about it. */
  #read(data: RawData, socket: WebSocket): string {
    const frame = readJson(data.toString());
    if (frame === undefined) return '';
    const { type, envelope_id: id } = frame;
    if (typeof id === 'string') {
      socket.send(JSON.stringify({ envelope_id: id }));
      if (type === 'interactive' && this.#isNew(id)) {
        const press = readPress(frame.payload);
        if (press !== undefined) void this.#act(press);
      }
    }
    return typeof type === 'string' ? type : '';
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > ENVELOPES_MAX && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }

  async #act(press: Press): Promise<void> {
    const { name, language } = this.#config;
    const thread = readThread(this.#deps.memo?.(name, threadKey(press.incidentId)));
    if (thread === undefined || thread.channel !== press.channel) {
      this.#deps.note?.('slack.press-refused', { receiver: name, incident: cleanText(press.incidentId, 80) });
      return;
    }
    const words = WORDS[language];
    const operator = this.#deps.operator?.();
    const author: Author = { by: `slack: ${press.who}`, note: `button in Slack (${name})` };
    const done =
      operator === undefined ? refusal('not running') : this.#change(operator, press, thread, author);
    const text = isRefusal(done) ? words.notDone(done.detail) : words.pressed(press.button, press.who);
    const body = { channel: thread.channel, thread_ts: thread.ts, ...noteMessage(text) };
    await this.#work.post(body, this.#stop.signal);
    if (!isRefusal(done) && press.button === 'acknowledge') {
      await this.#work.refresh(done as Incident, thread, this.#stop.signal);
    }
  }

  #change(operator: Operator, press: Press, thread: Thread, author: Author): object | Refusal {
    if (press.button === 'resolve') return operator.resolve(press.incidentId, author);
    if (press.button === 'acknowledge') return operator.acknowledge(press.incidentId, author);
    return this.#silence(operator, thread, author);
  }

  /** Quiets what this incident is made of, its group and its offender, for an hour. */
  #silence(operator: Operator, thread: Thread, author: Author): object | Refusal {
    const { group, offender, kind } = thread;
    const nowMs = this.#deps.clock.nowMs();
    return operator.addSilence({
      match: offender === null ? { group, kind } : { group, offender },
      startsAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs + SILENCE_MS).toISOString(),
      expectedOrigin: null,
      ...author,
    });
  }
}

function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}

function refusal(detail: string): Refusal {
  return { refused: 'conflict', detail };
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What Slack sends of a press; everything in it is to be looked at before it is believed. */
interface BlockActions {
  readonly type?: unknown;
  readonly user?: { readonly id?: unknown; readonly username?: unknown; readonly name?: unknown };
  readonly channel?: { readonly id?: unknown };
  readonly actions?: readonly { readonly action_id?: unknown; readonly value?: unknown }[];
}

function readPress(payload: unknown): Press | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { type, user, channel, actions } = payload as BlockActions;
  const action = Array.isArray(actions) ? actions[0] : undefined;
  const button = BUTTONS.find((name) => action?.action_id === `${ACTION_PREFIX}${name}`);
  const id = textOf(user?.id);
  if (type !== 'block_actions' || button === undefined || id === '') return undefined;
  const name = textOf(user?.username) || textOf(user?.name);
  const who = name === '' ? id : `${name} (${id})`;
  return { button, incidentId: textOf(action?.value), channel: textOf(channel?.id), who };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? cleanText(value, 80) : '';
}
