/**
 * The event stream as a tab has it: through the browser's one worker where there is one, else by a connection of its
 * own. Either way a promise that ends with the stream.
 */
import { ApiError } from '../api.ts';
import { createStreamReader, type StreamMessage } from './sse.ts';
import type { FromWorker, ToWorker } from './stream-words.ts';

export interface Listener {
  /** The stream begins now: what was before it has to be read. */
  onOpen(): void;
  /** Also without any: a sign of life. */
  onMessages(messages: readonly StreamMessage[]): void;
}

export interface Stream {
  /** Resolves or rejects when it ended; `ApiError` when it was refused. */
  listen(listener: Listener, signal: AbortSignal): Promise<void>;
}

export function createStream(): Stream {
  const worker = startWorker();
  return {
    listen: (listener, signal) =>
      worker === undefined ? own(listener, signal) : shared(worker, listener, signal),
  };
}

/** Undefined where the browser has none, or none may run. */
function startWorker(): MessagePort | undefined {
  if (typeof SharedWorker === 'undefined') return undefined;
  try {
    const { port } = new SharedWorker(scriptUrl('/assets/stream-worker.js') as string, {
      type: 'module',
      name: 'originwatch',
    });
    port.start();
    addEventListener('pagehide', () => port.postMessage('leave' satisfies ToWorker));
    return port;
  } catch {
    return undefined;
  }
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

/** The page's policy takes scripts from trusted hands only; this is our own file. */
function scriptUrl(url: string): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  return (
    trustedTypes?.createPolicy('originwatch', { createScriptURL: (each) => each }).createScriptURL(url) ?? url
  );
}

function shared(port: MessagePort, listener: Listener, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'open') listener.onOpen();
      else if (data.type === 'messages') listener.onMessages(data.messages);
      else if (data.status === 0) resolve();
      else reject(new ApiError(data.status, ''));
    };
    signal.addEventListener('abort', () => {
      port.postMessage('again' satisfies ToWorker);
      resolve();
    });
    port.postMessage('begin' satisfies ToWorker);
  });
}

async function own(listener: Listener, signal: AbortSignal): Promise<void> {
  const response = await fetch('/api/v1/alerts/stream?also=readiness', { cache: 'no-store', signal });
  if (!response.ok || response.body === null) throw new ApiError(response.status, '');
  listener.onOpen();
  const reader = createStreamReader();
  const pieces = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    listener.onMessages(reader.push(value));
  }
}
