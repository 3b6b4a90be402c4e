/**
 * A day of a real daemon with `--record`: operators act, files are reloaded, RPKI data changes, the process is killed and
 * started again. Its recording replays to the same alerts, byte for byte.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { runReplay } from '../../src/cli/commands/replay.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { eventually } from '../e2e/program.ts';
import { LiveDaemon } from './live-daemon.ts';

const WATCH = [
  { prefix: '203.0.112.0/22', origins: [64500], group: 'ours', maxLength: 24 },
  { prefix: '198.51.100.0/24', origins: [9318], group: 'other' },
  { asn: 64510, group: 'as' },
];
const AUTHOR = { by: 'kim', note: 'seen, "quoted" \u2028' };
const DETECTION = { resolveAfterSeconds: 0.3, updateEverySeconds: 0.001, learnPeers: 1 };

let live: LiveDaemon;
afterEach(async () => {
  await live?.close();
});

class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function replayed(
  file = live.file('recording.ndjson'),
  watchlist?: string,
): Promise<readonly string[]> {
  // Nothing of the day is in this configuration: the recording has it.
  writeFileSync(live.file('other.yaml'), 'watchlist: other-watchlist.yaml\n');
  writeFileSync(
    live.file('other-watchlist.yaml'),
    watchlist ?? 'watch: [{ prefix: 192.0.2.0/24, origins: [1] }]\n',
  );
  const { settings } = loadSettings({ configPath: live.file('other.yaml'), env: {} });
  const [stdout, stderr] = [new Kept(), new Kept()];
  const nothing = {
    state: undefined,
    fromMs: undefined,
    toMs: undefined,
    speed: undefined,
    collector: undefined,
  };
  const given = { watchlist: watchlist !== undefined, vrps: false };
  await runReplay({ files: [file], settings, given, json: true, ...nothing }, { stdout, stderr });
  expect(stderr.text).not.toMatch(/lost|damaged/);
  return stdout.text.split('\n').filter((line) => line !== '');
}

const told = async (): Promise<readonly string[]> =>
  (await live.alerts()).map((alert) => JSON.stringify(alert));

async function done(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await live.change(method, path, body);
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const opened = async (offender: number): Promise<string> =>
  (await live.alert('opened', (incident) => incident.offender === offender)).incident.id;

function writeVrps(...rows: readonly (readonly [asn: number, prefix: string, maxLength: number])[]): void {
  const roas = rows.map(([asn, prefix, maxLength]) => ({ asn: `AS${asn}`, prefix, maxLength, ta: 'apnic' }));
  writeFileSync(live.file('vrps.json'), JSON.stringify({ metadata: {}, roas }));
}

test('of operators, reloads, RPKI data and a crash', async () => {
  const config = { rpki: { vrps: { file: 'vrps.json', refreshMinutes: 0.005 } } };
  live = await LiveDaemon.start({
    watch: WATCH,
    detection: DETECTION,
    config,
    record: true,
    before: (stage) => {
      live = stage;
      writeVrps([64500, '203.0.112.0/22', 24]);
    },
  });
  await eventually('the VRPs', () => live.logged.some(({ event }) => event === 'rpki.loaded'));

  // Acknowledged, resolved by hand, returned with another route.
  live.say('203.0.113.0/24', [3356, 666]);
  const first = await opened(666);
  await done('POST', `/api/v1/incidents/${first}/acknowledge`, AUTHOR);
  live.say('203.0.113.0/24', [174, 666], 2);
  await live.alert('updated');
  await done('POST', `/api/v1/incidents/${first}/resolve`, AUTHOR);
  live.say('203.0.114.0/24', [3356, 666]);
  await live.alert('reopened');
  await done('POST', `/api/v1/incidents/${first}/notes`, { by: 'lee', text: 'called their NOC' });

  // Accepted, and refused again.
  live.say('198.51.100.0/24', [3356, 9318]);
  live.say('198.51.100.0/24', [174, 4766], 2);
  await opened(4766);
  const decision = { prefix: '198.51.100.0/24', origin: 4766, ...AUTHOR };
  await done('POST', '/api/v1/baseline/accept', decision);
  await live.alert('resolved', ({ offender }) => offender === 4766);
  await done('POST', '/api/v1/baseline/reject', decision);
  await live.alert('reopened', ({ offender }) => offender === 4766);

  // A planned change that is called off, while it is under way.
  const span = { startsAt: new Date(Date.now() - 1_000), endsAt: new Date(Date.now() + 3_600_000) };
  const silence = { match: { prefix: '203.0.112.0/22' }, expectedOrigin: 667, ...span, ...AUTHOR };
  const { id } = await done('POST', '/api/v1/silences', silence);
  live.say('203.0.115.0/24', [3356, 667]);
  await done('DELETE', `/api/v1/silences/${String(id)}`);
  await opened(667);

  // The export says something else: our own route becomes invalid.
  live.say('203.0.112.0/22', [3356, 64500], 3);
  writeVrps([64999, '203.0.112.0/22', 22]);
  await live.alert('opened', ({ kind }) => kind === 'rpki-invalid');

  // Files are edited: detection and entries, then entries alone.
  await live.daemon.reload(
    live.settings({ detection: { ...DETECTION, weights: { 'never-seen': 7 } } }, [
      ...WATCH,
      { prefix: '192.0.2.0/24', origins: [7660], group: 'new' },
    ]),
  );
  await live.sayWhenAsked('192.0.2.0/24', [3356, 668]);
  await opened(668);
  await live.daemon.reload(
    live.settings({ detection: { ...DETECTION, weights: { 'never-seen': 7 } } }, [
      ...WATCH,
      { prefix: '192.0.2.0/24', origins: [7660, 668], group: 'new' },
    ]),
  );
  await live.alert('resolved', ({ offender }) => offender === 668);
  live.say('203.0.115.0/24', undefined);
  await live.alert('resolved', ({ offender }) => offender === 667);

  const before = await told();
  expect(before.length).toBeGreaterThan(10);
  expect(await replayed()).toEqual(before);

  // Killed: the files are as they were at this moment. Then it goes on from its database.
  copyFileSync(live.file('recording.ndjson'), live.file('killed.ndjson'));
  expect(await replayed(live.file('killed.ndjson'))).toEqual(before);
  await live.daemon.stop();
  await live.begin();
  live.say('203.0.113.0/25', [3356, 669]);
  await opened(669);
  live.say('203.0.113.0/24', undefined);
  live.say('203.0.113.0/24', undefined, 2);
  live.say('203.0.114.0/24', undefined);
  await live.alert('resolved', ({ id: one, resolution }) => one === first && resolution !== 'operator');
  const after = await told();
  expect(after.length).toBeGreaterThan(before.length);
  expect(await replayed()).toEqual(after);

  // A watchlist that is named wins over the recorded one.
  const others = await replayed(undefined, 'watch: [{ prefix: 192.0.2.0/24, origins: [7660] }]\n');
  const offenders = new Set(others.map((line) => (JSON.parse(line) as Alert).incident.offender));
  expect([...offenders]).toEqual([668]);

  const recording = readFileSync(live.file('recording.ndjson'), 'utf8');
  const texts = recording.split('\n').flatMap((line) => /"text":"(\w{64})"/.exec(line)?.[1] ?? []);
  expect(new Set(texts).size).toBeGreaterThanOrEqual(texts.length - 2);
});
