/** What holds only where the parts of the daemon are wired rightly: each of these was once taken out and nobody noticed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { DEFAULT_DETECTION } from '../../src/config/detection.ts';
import { CommitSchedule } from '../../src/daemon/commit-schedule.ts';
import { eventually } from '../e2e/program.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from '../engine/fixture.ts';
import { LiveDaemon, type LiveDaemonOptions } from './live-daemon.ts';

const PREFIX = '203.0.113.0/24';

let live: LiveDaemon | undefined;
afterEach(async () => {
  await live?.close();
  live = undefined;
});

async function started(options: LiveDaemonOptions = {}): Promise<LiveDaemon> {
  live = await LiveDaemon.start(options);
  return live;
}

test('what led to a change is in the recording before anybody hears of the change', async () => {
  const daemon = await started({ record: true });
  const recorded: string[] = [];
  daemon.daemon.driver.subscribe(() => recorded.push(readFileSync(daemon.file('recording.ndjson'), 'utf8')));
  daemon.say(PREFIX, [3356, 64666]);
  const { incident } = await daemon.alert('opened');
  expect(recorded.at(-1)).toContain(PREFIX);
  const told = recorded.length;
  const author = { by: 'Kim', note: 'as planned' };
  const { status } = await daemon.change('POST', `/api/v1/incidents/${incident.id}/acknowledge`, author);
  expect(status).toBe(200);
  expect(recorded[told]).toContain('as planned');
});

test('the time without a feed is written down as blind, not as live', async () => {
  const daemon = await started({ detection: { blindAfterSeconds: 1 } });
  const from = new Date(Date.now() - 1_000).toISOString();
  await daemon.simulator.close();
  const lost = await eventually('a blind interval', async () => {
    daemon.daemon.feeds.writeCoverage();
    const path = `/api/v1/coverage?from=${from}`;
    const { intervals } = await daemon.get<{ intervals: { state: string; from: string }[] }>(path);
    return intervals.at(-1)?.state === 'live' ? undefined : intervals.at(-1);
  });
  expect(lost.state).toBe('blind');
});

describe('a reload', () => {
  test('withdraws a token at once, and takes the one that came', async () => {
    const tokens = (name: string) => ({
      serve: {
        listen: '127.0.0.1:0',
        tokens: [{ name, token: { file: name }, scope: 'write' }],
      },
    });
    const before = ({ directory }: LiveDaemon): void => {
      for (const name of ['old', 'new'])
        writeFileSync(`${directory}/${name}`, `${name}-`.repeat(12), { mode: 0o600 });
    };
    const daemon = await started({ before, config: tokens('old') });
    daemon.say(PREFIX, [3356, 64666]);
    const { incident } = await daemon.alert('opened');
    const asked = async (name: string): Promise<number> => {
      const path = `/api/v1/incidents/${incident.id}/acknowledge`;
      return (await daemon.change('POST', path, { by: 'Kim', note: '' }, `${name}-`.repeat(12))).status;
    };
    expect([await asked('old'), await asked('new')]).toEqual([200, 401]);
    await daemon.daemon.reload(daemon.settings(tokens('new')));
    expect([await asked('old'), await asked('new')]).toEqual([401, 200]);
  });
});

test('an incident that is too large to be written with each change is written once nothing more comes', async () => {
  const machine = new Machine(
    configOf([watch('203.0.112.0/22', { origins: [64500] })], {
      detection: { ...DEFAULT_DETECTION, updateEverySeconds: 600 },
    }),
  );
  const broken: unknown[] = [];
  const nothing = (): void => undefined;
  const commits = new CommitSchedule({
    driver: machine.driver,
    onClean: nothing,
    afterTurn: nothing,
    onBroken: (error) => broken.push(error),
  });
  for (let peer = 1; peer <= 60; peer += 1) {
    const vantagePoint = { collector: 'rrc00', peerAddress: `192.0.2.${peer}`, peerAsn: 3_356 };
    const [announced, path] = [[prefixOf(PREFIX)], [3_356, 64_666]];
    const update = { vantagePoint, observedMs: T0, path, communities: [], announced, withdrawn: [] };
    machine.act({ type: 'update', feed: 'ris', via: 'live', update, raw: '' }, T0 + peer);
    commits.soon();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const id = machine.alerts()[0]?.incident.id ?? '';
  await eventually('all of it', () => machine.store.archive.incident(id)?.peak.seeing === 60);
  commits.stop();
  expect(broken).toEqual([]);
});

test('begun again, nothing counts as clear before a feed has said that it sees', () => {
  const config = configOf([watch('203.0.112.0/22', { origins: [64500] })]);
  const machine = new Machine(config, { feeds: ['ris'] });
  machine.feed(T0, 'live');
  machine.announce(T0 + SECOND, PREFIX, '3356 64666');
  machine.withdraw(T0 + MINUTE, PREFIX);
  machine.act({ type: 'daemon', state: 'started' }, T0 + 2 * MINUTE);
  machine.runTo(T0 + HOUR);
  expect(machine.alerts().map(({ event, incident }) => [event, incident.family])).not.toContainEqual([
    'resolved',
    'hijack',
  ]);
  machine.feed(T0 + HOUR, 'live');
  machine.runTo(T0 + 2 * HOUR);
  expect(machine.alerts().map(({ event, incident }) => [event, incident.family])).toContainEqual([
    'resolved',
    'hijack',
  ]);
});
