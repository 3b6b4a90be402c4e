/** Reads the daemon's event stream over HTTP, as any client would. */
import type { Alert } from '../incident/alert.ts';

/** Calls `onAlert` for each alert from now on; resolves once the stream stands. Ends with the signal. */
export async function followAlerts(
  url: string,
  onAlert: (alert: Alert) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`${url}/api/v1/alerts/stream`, { signal });
  if (!response.ok || response.body === null) throw new Error(`the event stream answers ${response.status}`);
  void readStream(response.body, onAlert);
}

async function readStream(body: AsyncIterable<Uint8Array>, onAlert: (alert: Alert) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const alert = alertOf(text.slice(0, end));
        text = text.slice(end + 2);
        if (alert !== undefined) onAlert(alert);
      }
    }
  } catch {
    // The daemon ended, or we do: either way there is nothing more to read.
  }
}

function alertOf(message: string): Alert | undefined {
  const lines = message.split('\n');
  if (!lines.includes('event: alert')) return undefined;
  const data = lines.find((line) => line.startsWith('data:'));
  return data === undefined ? undefined : (JSON.parse(data.slice(5)) as Alert);
}
