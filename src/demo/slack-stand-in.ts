/** An incoming webhook on loopback that says yes to everything and hands over what Slack would have shown. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SlackStandIn {
  readonly url: string;
  close(): Promise<void>;
}

/** More than Slack itself would take. */
const BODY_BYTES_MAX = 1_000_000;

/** `onMessage` gets the message line by line, as it would be read. */
export async function startSlackStandIn(
  onMessage: (lines: readonly string[]) => void,
): Promise<SlackStandIn> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      response.end('ok');
      onMessage(linesOf(Buffer.concat(chunks).toString()));
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/services/demo`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All text of all blocks, in order; Slack's escapes undone. */
function linesOf(body: string): readonly string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) collect(one);
    else if (typeof value === 'object' && value !== null) {
      const { text, ...rest } = value as Readonly<Record<string, unknown>>;
      if (typeof text === 'string') texts.push(text);
      else collect(text);
      for (const one of Object.values(rest)) collect(one);
    }
  };
  try {
    collect((JSON.parse(body) as { blocks?: unknown }).blocks);
  } catch {
    texts.push(body);
  }
  return texts.flatMap((text) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').split('\n'),
  );
}
