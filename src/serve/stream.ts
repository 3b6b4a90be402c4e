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
/** How long a reader waits before it comes back, ms. */
const RETRY_MS = 2_000;

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

export interface Streams {
  /** Takes the response over. `after` undefined: from now on. Throws a 429 when there are too many streams. */
  open(response: ServerResponse, asker: Asker, after: number | undefined): void;
  count(): number;
  /** Ends the streams of askers that may not read any more. */
  cutUnless(isGood: (asker: Asker) => boolean): void;
  /** Starts listening and the heartbeat. */
  start(): void;
  /** Ends all. */
  close(): void;
}

export interface StreamOptions {
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
}

export function createStreams(options: StreamOptions): Streams {
  const { archive, publisher, limits, nowMs } = options;
  const streams = new Set<Stream>();
  let leave: (() => void) | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  const cut = (stream: Stream, reason: string): void => {
    streams.delete(stream);
    stream.response.destroy();
    options.onCut(reason);
  };
  // Where there is no room, a drain is due: that is what wakes the stream again, also under a small bound.
  const hasRoom = ({ response }: Stream): boolean =>
    !response.writableNeedDrain || response.writableLength < limits.streamBufferBytesMax;
  const write = (stream: Stream, text: string): void => {
    stream.response.write(text);
    if (stream.response.writableNeedDrain) stream.blockedAtMs ??= nowMs();
  };
  const catchUp = (stream: Stream): void => {
    try {
      readOn(stream);
    } catch {
      cut(stream, 'stream-failed');
    }
  };
  const readOn = (stream: Stream): void => {
    stream.isLive = false;
    while (hasRoom(stream)) {
      const page = archive.alertsAfter(stream.sent, PAGE);
      for (const alert of page) {
        if (!hasRoom(stream)) return;
        write(stream, alertFrame(alert));
        stream.sent = alert.seq;
      }
      if (page.length === 0) {
        for (const id of stream.changed) {
          if (!hasRoom(stream)) return;
          const incident = archive.incident(id);
          if (incident !== undefined) write(stream, incidentFrame(incident));
          stream.changed.delete(id);
        }
        stream.isLive = true;
        return;
      }
    }
  };
  const publish = (published: Published): void => {
    if (published.type === 'alert') {
      const frame = alertFrame(published.alert);
      for (const stream of streams) publishAlert(stream, published.alert.seq, frame);
      return;
    }
    const frame = incidentFrame(published.incident);
    for (const stream of streams) {
      if (stream.isLive && hasRoom(stream)) write(stream, frame);
      else {
        stream.isLive = false;
        stream.changed.add(published.incident.id);
        if (stream.changed.size > CHANGED_MAX) cut(stream, 'stream-overrun');
      }
    }
  };
  const publishAlert = (stream: Stream, seq: number, frame: string): void => {
    if (!stream.isLive || seq <= stream.sent) return;
    if (!hasRoom(stream)) stream.isLive = false;
    else if (seq > stream.sent + 1) catchUp(stream);
    else {
      write(stream, frame);
      stream.sent = seq;
    }
  };
  const beat = (): void => {
    for (const stream of streams) {
      if (stream.blockedAtMs === undefined) write(stream, ':\n\n');
      else if (nowMs() - stream.blockedAtMs >= limits.streamStallMs) cut(stream, 'stream-stalled');
    }
  };

  return {
    open(response, asker, after) {
      refuseTooMany(streams, asker, limits);
      const last = archive.lastSeq();
      const stream: Stream = {
        response,
        asker,
        // A seq beyond ours is from another database: nothing to repeat, and nothing to hold back.
        sent: Math.min(after ?? last, last),
        isLive: false,
        blockedAtMs: undefined,
        changed: new Set(),
      };
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
      response.on('drain', () => {
        stream.blockedAtMs = undefined;
        if (!stream.isLive) catchUp(stream);
      });
      response.socket?.setTimeout(0);
      response.writeHead(200, STREAM_HEADERS);
      write(stream, `: originwatch\nretry: ${RETRY_MS}\n\n`);
      catchUp(stream);
    },
    count: () => streams.size,
    cutUnless(isGood) {
      for (const stream of streams) if (!isGood(stream.asker)) cut(stream, 'token-withdrawn');
    },
    start() {
      leave = publisher.subscribe(publish);
      heartbeat = setInterval(beat, limits.heartbeatMs);
      heartbeat.unref();
    },
    close() {
      leave?.();
      clearInterval(heartbeat);
      for (const stream of streams) stream.response.end();
      streams.clear();
    },
  };
}

function refuseTooMany(streams: ReadonlySet<Stream>, asker: Asker, limits: Limits): void {
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
