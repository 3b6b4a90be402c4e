/** The event stream stays whole where what is published has gaps: the archive has what was skipped. */
import { expect, test } from 'vitest';
import { anAlert, aWorld, started, until } from './fakes.ts';

test('an alert that comes before its forerunners brings them along, in order', async () => {
  const world = aWorld();
  const { url, server } = await started({}, world);
  const abort = new AbortController();
  try {
    const { body } = await fetch(`${url}/api/v1/alerts/stream`, { signal: abort.signal });
    let text = '';
    const reading = (async () => {
      for await (const piece of body ?? []) text += Buffer.from(piece).toString();
    })().catch(() => undefined);
    await until(() => text.includes('retry: '));
    const alerts = [1, 2, 3].map((seq) => anAlert(seq));
    world.alerts.push(...alerts);
    for (const alert of alerts.slice(2)) world.publish({ type: 'alert', alert });
    world.alert();
    await until(() => text.includes('id: 4\n'));
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => seq)).toEqual(['1', '2', '3', '4']);
    abort.abort();
    await reading;
  } finally {
    abort.abort();
    await server.close();
  }
});
