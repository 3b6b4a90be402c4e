/** detection.md §2 rule 4, silence is never safety, told through recordings of our own: they know the state of the feed. */
import { describe, expect, test } from 'vitest';
import { announce, brief, briefly, DAY, HOUR, MINUTE, type Step, T0, tell, withdraw } from '../scenario.ts';

const watch = [{ prefix: '203.0.112.0/22', origins: [7625] }];
const TAKEN = '203.0.113.0/24';

type Line =
  | Step
  | {
      readonly at: number;
      readonly state: 'live' | 'stalled' | 'down';
      readonly since?: number;
      readonly blindAt?: number;
    }
  | {
      readonly at: number;
      readonly collector: string;
      readonly state: 'live' | 'silent';
      readonly since: number;
    }
  | { readonly at: number; readonly end: true };

function recording(lines: readonly Line[]): readonly string[] {
  const header = { recording: 'originwatch', version: 1, at: T0 * 1000 };
  return [header, ...lines.map(lineOf)].map((line) => JSON.stringify(line));
}

function lineOf(line: Line): Record<string, unknown> {
  const at = (T0 + line.at) * 1000;
  if ('end' in line) return { at, end: true };
  if ('state' in line) {
    const { since, ...rest } = line;
    const blindAt = 'blindAt' in rest && rest.blindAt !== undefined ? (T0 + rest.blindAt) * 1000 : undefined;
    return { ...rest, at, feed: 'ris', reason: 'test', since: since && (T0 + since) * 1000, blindAt };
  }
  const frame = JSON.stringify({ type: 'ris_message', data: { timestamp: T0 + line.at, ...line.frame } });
  return { at, feed: 'ris', via: 'live', frame };
}

const said = (lines: readonly Line[]): Promise<readonly string[]> =>
  briefly({ watch, steps: [], lines: recording(lines) });

describe('a collector that falls silent', () => {
  const live = { at: 0, state: 'live' } as const;
  const from = (collector: string, peer: number): Step =>
    announce(60, '203.0.112.0/22', `${peer} 7625`, { collector });
  const silent = { at: 200, collector: 'rrc06', state: 'silent', since: 100 } as const;
  const story = (...lines: readonly Line[]): Promise<readonly string[]> =>
    said([
      live,
      ...lines,
      silent,
      { at: 900, collector: 'rrc06', state: 'live', since: 900 },
      { at: 1_500, end: true },
    ]);

  test('and through which most see a watched prefix makes blind until it is heard', async () => {
    expect(await story(from('rrc06', 174), from('rrc06', 1299), from('rrc00', 3356))).toEqual([
      '+200 opened feed-blind - warning 4',
      '+1200 resolved feed-blind - warning 4',
    ]);
  });
  test('and through which half or fewer see it is no incident', async () => {
    expect(await story(from('rrc06', 174), from('rrc00', 3356))).toEqual([]);
  });
  test('takes nothing back: what it showed is neither seen nor over', async () => {
    const hijack = announce(60, TAKEN, '174 9457', { collector: 'rrc06' });
    const { alerts } = await tell({
      watch,
      steps: [],
      lines: recording([live, hijack, silent, { at: 9_000, end: true }]),
    });
    const [own] = alerts.filter(({ incident }) => incident.family === 'hijack').slice(-1);
    expect(own).toMatchObject({ event: 'opened' });
  });
});

describe('the state of the feed', () => {
  const live = { at: 0, state: 'live' } as const;
  const opened = announce(60, TAKEN, '174 9457');

  test('silent for a minute: blind, and over when it delivers again', async () => {
    expect(
      await said([live, { at: 100, state: 'stalled' }, { at: 200, state: 'live' }, { at: 600, end: true }]),
    ).toEqual(['+160 opened feed-blind - warning 4', '+500 resolved feed-blind - warning 4']);
  });
  test('back within the minute: nobody hears of it', async () => {
    expect(
      await said([live, { at: 100, state: 'stalled' }, { at: 159, state: 'live' }, { at: 600, end: true }]),
    ).toEqual([]);
  });
  test('noticed late: blind at once, since its last message', async () => {
    const stalled = { at: 800, state: 'stalled', since: 140, blindAt: 800 } as const;
    const { alerts } = await tell({
      watch,
      steps: [],
      lines: recording([live, stalled, { at: 900, end: true }]),
    });
    expect(alerts.map((alert) => brief(alert))).toEqual(['+800 opened feed-blind - warning 4']);
    expect(alerts[0]?.incident.firstSeenAt).toBe('2026-01-01T00:02:20.000Z');
  });
  test('stalled, then down: blind counts from the first', async () => {
    expect(
      await said([live, { at: 100, state: 'stalled' }, { at: 150, state: 'down' }, { at: 300, end: true }]),
    ).toEqual(['+160 opened feed-blind - warning 4']);
  });
  test('a withdrawal is no end while nobody can see: the five minutes begin when the feed is back', async () => {
    const lines = [
      live,
      opened,
      withdraw(120, TAKEN, 174),
      { at: 150, state: 'stalled' },
      { at: 1000, state: 'live' },
      { at: 2000, end: true },
    ] as const;
    const told = (await said(lines)).filter((line) => !line.includes('feed-blind'));
    expect(told).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
      expect.stringMatching(/^\+1300 resolved sub-prefix/),
    ]);
  });
  test('withdrawn, and then nobody sees for a day: it ends without evidence', async () => {
    const lines = [
      live,
      opened,
      withdraw(120, TAKEN, 174),
      { at: 150, state: 'down' },
      { at: 3 * DAY, end: true },
    ] as const;
    const told = (await said(lines)).filter((line) => !line.includes('feed-blind'));
    expect(told).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
      expect.stringMatching(/^\+86520 resolved sub-prefix/),
    ]);
  });
  test('a feed that comes back within the day begins the five minutes, not the end without evidence', async () => {
    const lines = [
      live,
      opened,
      withdraw(120, TAKEN, 174),
      { at: 150, state: 'down' },
      { at: DAY, state: 'live' },
      { at: 3 * DAY, end: true },
    ] as const;
    const { alerts } = await tell({ watch, steps: [], lines: recording(lines) });
    const last = alerts.filter(({ incident }) => incident.family === 'hijack').at(-1);
    expect(last).toMatchObject({ reason: 'ended', at: '2026-01-02T00:05:00.000Z' });
  });
  test('a gap that nobody filled resolves nothing, and a day later it says that it knows nothing', async () => {
    const lines = [
      live,
      opened,
      { at: 120, state: 'down' },
      { at: 2 * HOUR, state: 'live' },
      { at: 2 * DAY, end: true },
    ] as const;
    const { alerts } = await tell({ watch, steps: [], lines: recording(lines) });
    const hijack = alerts.filter(({ incident }) => incident.kind === 'sub-prefix');
    expect(hijack.map(({ event, reason }) => `${event} ${reason}`)).toEqual([
      'opened first-sighting',
      'resolved no-evidence',
    ]);
    expect(brief(hijack[1]!)).toMatch(/^\+86460 /);
  });
  test('what is announced again after a gap is known again', async () => {
    const lines = [
      live,
      opened,
      { at: 120, state: 'down' },
      { at: HOUR, state: 'live' },
      announce(HOUR + MINUTE, TAKEN, '174 9457'),
      { at: 3 * DAY, end: true },
    ] as const;
    expect((await said(lines)).filter((line) => line.includes('resolved sub-prefix'))).toEqual([]);
  });
  test('what the recording says of how it came is kept', async () => {
    const { alerts } = await tell({ watch, steps: [], lines: recording([live, opened]) });
    expect(alerts[0]?.incident.detectedBy).toBe('live');
  });
});
