/**
 * One event stream for all tabs of a browser (a SharedWorker): with HTTP/1.1 a browser opens six connections to a host,
 * and six tabs with a stream each would leave none for anything else. Opens the stream for the first tab, passes whole
 * messages on to all, ends it with the last.
 */
import { createStreamReader } from './sse.ts';
import type { FromWorker, ToWorker } from './stream-words.ts';

const scope = globalThis as unknown as { onconnect: (connect: MessageEvent) => void };
const tabs = new Set<MessagePort>();
let connection: AbortController | undefined;
let isOpen = false;

scope.onconnect = ({ ports: [port] }) => {
  if (port === undefined) return;
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if (data === 'leave') tabs.delete(port);
    else tabs.add(port);
    if (data === 'again' || tabs.size === 0) end();
    if (tabs.size > 0 && connection === undefined) void run();
    else if (data === 'begin' && isOpen) port.postMessage({ type: 'open' } satisfies FromWorker);
  };
  port.start();
};

function tell(message: FromWorker): void {
  for (const tab of tabs) tab.postMessage(message);
}

function end(): void {
  connection?.abort();
  connection = undefined;
  isOpen = false;
}

/** One connection from its begin to its end; whoever still listens begins the next. */
async function run(): Promise<void> {
  const own = new AbortController();
  connection = own;
  let status = 0;
  try {
    const response = await fetch('/api/v1/alerts/stream?also=readiness', {
      cache: 'no-store',
      signal: own.signal,
    });
    status = response.ok ? 0 : response.status;
    if (response.ok && response.body !== null) await pass(response.body);
  } catch {
    // Ended from either side: both are told in the same words below.
  }
  if (connection !== own) return;
  connection = undefined;
  isOpen = false;
  tell({ type: 'ended', status });
}

async function pass(body: ReadableStream<Uint8Array>): Promise<void> {
  isOpen = true;
  tell({ type: 'open' });
  const reader = createStreamReader();
  const pieces = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    tell({ type: 'messages', messages: reader.push(value) });
  }
}
