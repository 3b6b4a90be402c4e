/**
 * The event stream of alerts (WHATWG server-sent events): from now on, or from after a seq without gap or repeat.
 *
 * Each stream is in one of two ways. *Live*: it gets each alert as it is published. *Catching up*: it reads pages
 * from the archive, at the start and whenever its reader was too slow, so that a slow reader costs a cursor and not
 * memory. Reading and switching happen in one turn of the loop, so nothing can be published in between.
 */
import type { ServerResponse } from 'node:http';
import type { Archive, Published, Publisher } from '../engine/ports.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type { Asker } from './credentials.ts';
import type { Limits } from './limits.ts';
import { tooMany } from './problem.ts';

/** Alerts read from the archive at once while catching up. */
const PAGE = 10;
/** Incidents that changed while a stream was behind; with more it is cut, and its reader starts over. */
const CHANGED_MAX = 1_000;
/** Alerts that a stream may be behind while its reader takes nothing for so many ms. */
const BEHIND_MAX = 1_000;
const BEHIND_MS = 1_000;
/** How long a reader waits before it comes back, ms. */
const RETRY_MS = 2_000;
/** How soon a change of what `/readyz` says is told, ms. */
const READINESS_MS = 1_000;

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

export interface Streams {
  /** Takes the response over. `after` undefined: from now on. Throws a 429 when there are too many streams. */
  open(response: ServerResponse, asker: Asker, after: number | undefined, hearsReadiness?: boolean): void;
  count(): number;
  /** Ends the streams of askers that may not read any more. */
  cutUnless(isGood: (asker: Asker) => boolean): void;
  /** Starts listening and the heartbeat. */
  start(): void;
  /** Ends all. */
  close(): void;
}

export interface StreamOptions {
  /** What `/readyz` says now; told to the streams that asked for it, when it changes. */
  readonly readiness?: () => object;
  readonly archive: Archive;
  readonly publisher: Publisher;
  readonly limits: Limits;
  readonly nowMs: () => number;
  /** Told once for each stream that is cut because of its reader. */
  readonly onCut: (reason: string) => void;
}

interface Stream {
  readonly response: ServerResponse;
  readonly asker: Asker;
  /** The last seq written. */
  sent: number;
  isLive: boolean;
  /** Since when nothing was taken, ms; undefined while the reader keeps up. */
  blockedAtMs: number | undefined;
  /** Incidents that changed without an alert while it was behind. */
  readonly changed: Set<string>;
  readonly hearsReadiness: boolean;
  /** What it was told last. */
  readiness: string;
}

/** All streams and what they share. */
interface Hub {
  readonly options: StreamOptions;
  readonly streams: Set<Stream>;
}

export function createStreams(options: StreamOptions): Streams {
  const hub: Hub = { options, streams: new Set() };
  let leave: (() => void) | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let looking: NodeJS.Timeout | undefined;
  return {
    open(response, asker, after, hearsReadiness = false) {
      refuseTooMany(hub, asker);
      begin(hub, newStream(hub, response, asker, { after, hearsReadiness }));
      tellReadiness(hub);
    },
    count: () => hub.streams.size,
    cutUnless(isGood) {
      for (const stream of hub.streams) if (!isGood(stream.asker)) cut(hub, stream, 'token-withdrawn');
    },
    start() {
      leave = options.publisher.subscribe((published) => publish(hub, published));
      heartbeat = setInterval(() => beat(hub), options.limits.heartbeatMs);
      heartbeat.unref();
      looking = setInterval(() => tellReadiness(hub), READINESS_MS);
      looking.unref();
    },
    close() {
      leave?.();
      clearInterval(heartbeat);
      clearInterval(looking);
      for (const stream of hub.streams) stream.response.end();
      hub.streams.clear();
    },
  };
}

/** Whoever asked hears within a second that we cannot see any more, or can again. */
function tellReadiness(hub: Hub): void {
  const { readiness } = hub.options;
  const listeners = [...hub.streams].filter((stream) => stream.hearsReadiness);
  if (readiness === undefined || listeners.length === 0) return;
  const text = JSON.stringify(readiness());
  for (const stream of listeners) {
    if (stream.readiness === text || !hasRoom(hub, stream)) continue;
    stream.readiness = text;
    write(hub, stream, `event: readiness\ndata: ${text}\n\n`);
  }
}

function newStream(
  hub: Hub,
  response: ServerResponse,
  asker: Asker,
  { after, hearsReadiness }: { readonly after: number | undefined; readonly hearsReadiness: boolean },
): Stream {
  const last = hub.options.archive.lastSeq();
  return {
    response,
    asker,
    // A seq beyond ours is from another database: nothing to repeat, and nothing to hold back.
    sent: Math.min(after ?? last, last),
    isLive: false,
    blockedAtMs: undefined,
    changed: new Set(),
    hearsReadiness,
    readiness: '',
  };
}

function begin(hub: Hub, stream: Stream): void {
  const { response } = stream;
  hub.streams.add(stream);
  response.on('close', () => hub.streams.delete(stream));
  response.on('drain', () => {
    stream.blockedAtMs = undefined;
    if (!stream.isLive) catchUp(hub, stream);
  });
  response.socket?.setTimeout(0);
  response.writeHead(200, STREAM_HEADERS);
  write(hub, stream, `: originwatch\nretry: ${RETRY_MS}\n\n`);
  catchUp(hub, stream);
}

function cut(hub: Hub, stream: Stream, reason: string): void {
  hub.streams.delete(stream);
  stream.response.destroy();
  hub.options.onCut(reason);
}

/** Where there is no room, a drain is due: that is what wakes the stream again, also under a small bound. */
function hasRoom(hub: Hub, { response }: Stream): boolean {
  return !response.writableNeedDrain || response.writableLength < hub.options.limits.streamBufferBytesMax;
}

function write(hub: Hub, stream: Stream, text: string): void {
  stream.response.write(text);
  if (stream.response.writableNeedDrain) stream.blockedAtMs ??= hub.options.nowMs();
}

/** Goes on from the archive, and live when it has caught up. */
function catchUp(hub: Hub, stream: Stream): void {
  stream.isLive = false;
  try {
    if (readAlerts(hub, stream) && tellChanged(hub, stream)) stream.isLive = true;
  } catch {
    cut(hub, stream, 'stream-failed');
  }
}

/** True when there is no more to read, false when there is no room for more. */
function readAlerts(hub: Hub, stream: Stream): boolean {
  for (;;) {
    const page = hub.options.archive.alertsAfter(stream.sent, PAGE);
    if (page.length === 0) return true;
    for (const alert of page) {
      if (!hasRoom(hub, stream)) return false;
      write(hub, stream, alertFrame(alert));
      stream.sent = alert.seq;
    }
  }
}

/** Tells how the incidents stand that changed while the stream was behind; true when all are told. */
function tellChanged(hub: Hub, stream: Stream): boolean {
  for (const id of stream.changed) {
    if (!hasRoom(hub, stream)) return false;
    const incident = hub.options.archive.incident(id);
    if (incident !== undefined) write(hub, stream, incidentFrame(incident));
    stream.changed.delete(id);
  }
  return true;
}

/** The text is made once for all streams. */
function publish(hub: Hub, published: Published): void {
  const isAlert = published.type === 'alert';
  const frame = isAlert ? alertFrame(published.alert) : incidentFrame(published.incident);
  for (const stream of hub.streams) {
    if (isAlert) publishAlert(hub, stream, published.alert.seq, frame);
    else publishIncident(hub, stream, published.incident.id, frame);
  }
}

function publishAlert(hub: Hub, stream: Stream, seq: number, frame: string): void {
  if (!stream.isLive) cutFarBehind(hub, stream, seq);
  if (!stream.isLive || seq <= stream.sent) return;
  if (!hasRoom(hub, stream)) stream.isLive = false;
  else if (seq > stream.sent + 1) catchUp(hub, stream);
  else {
    write(hub, stream, frame);
    stream.sent = seq;
  }
}

/** Whoever takes nothing while a thousand alerts pass comes back with `Last-Event-ID`, and misses none. */
function cutFarBehind(hub: Hub, stream: Stream, seq: number): void {
  const { blockedAtMs } = stream;
  if (blockedAtMs === undefined || seq - stream.sent <= BEHIND_MAX) return;
  if (hub.options.nowMs() - blockedAtMs >= BEHIND_MS) cut(hub, stream, 'stream-behind');
}

function publishIncident(hub: Hub, stream: Stream, id: string, frame: string): void {
  if (stream.isLive && hasRoom(hub, stream)) {
    write(hub, stream, frame);
    return;
  }
  stream.isLive = false;
  stream.changed.add(id);
  if (stream.changed.size > CHANGED_MAX) cut(hub, stream, 'stream-overrun');
}

/** A sign of life to each stream, and the end of those whose reader takes nothing. */
function beat(hub: Hub): void {
  const { limits, nowMs } = hub.options;
  for (const stream of hub.streams) {
    if (stream.blockedAtMs === undefined) write(hub, stream, ':\n\n');
    else if (nowMs() - stream.blockedAtMs >= limits.streamStallMs) cut(hub, stream, 'stream-stalled');
  }
}

function refuseTooMany({ streams, options: { limits } }: Hub, asker: Asker): void {
  const own = [...streams].filter((stream) => stream.asker.key === asker.key).length;
  if (streams.size >= limits.streamsMax || own >= limits.streamsPerReaderMax) {
    throw tooMany('Too many event streams are open.', RETRY_MS / 1000);
  }
}

function alertFrame(alert: Alert): string {
  return `id: ${alert.seq}\nevent: alert\ndata: ${JSON.stringify(alert)}\n\n`;
}

function incidentFrame(incident: Incident): string {
  return `event: incident\ndata: ${JSON.stringify(incident)}\n\n`;
}
