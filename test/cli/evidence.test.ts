import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evidenceFile, examined } from '../../src/cli/evidence/evidence.ts';
import { readTar, writeTar } from '../../src/cli/evidence/tar.ts';
import type { CaseRecord } from '../../src/store/case-record.ts';
import { openStore } from '../../src/store/store.ts';
import { originwatch, type Room, room } from '../daemon/bench.ts';
import { alert, at, incident, record, START_MS } from '../store/samples.ts';

const ID = '0194c8e2-0000-8000-8000-000000000001';

let place: Room;
beforeEach(() => {
  place = room();
  const mine = incident(ID, { summary: { en: 'evil <script>alert(1)</script>', ko: '…' } });
  const other = incident('0194c8e2-0000-8000-8000-000000000002');
  place.fill({ incidents: [record(other)], alerts: [alert(1, other)] });
  place.fill({
    incidents: [record(mine, { key: 'mine' })],
    alerts: [alert(2, mine)],
    raw: [
      {
        incidentId: ID,
        evidence: { at: at(1), vantagePoint: 'rrc00 192.0.2.1', frame: '{"type":"ris_message"}' },
      },
    ],
    audit: [
      { at: at(5), who: 'admin', action: 'incident.acknowledge', subject: ID, note: 'by duty: on it' },
      { at: at(6), who: 'admin', action: 'baseline.reject', subject: '211.249.221.0/24 AS9457', note: '' },
      { at: at(7), who: 'admin', action: 'baseline.accept', subject: '192.0.2.0/24 AS1', note: '' },
    ],
  });
  place.fill({ alerts: [alert(3, mine, 'updated')], incidents: [record(mine, { key: 'mine' })] });
});
afterEach(() => place.remove());

async function exported(): Promise<string> {
  const out = join(place.directory, 'evidence.tar');
  const ran = await place.run('export', '0194c8e2-0000-8000-8000-000000000001', '--out', out);
  expect(ran).toMatchObject({ code: 0 });
  return out;
}

function caseRecord(): CaseRecord {
  const store = openStore(place.database, { lock: false, readOnly: true });
  try {
    return store.archive.caseRecord(ID, START_MS) as CaseRecord;
  } finally {
    store.close();
  }
}

describe('export and verify', () => {
  test('what was exported is whole, without a daemon and without a configuration', async () => {
    const out = await exported();
    const { code, stdout } = await originwatch('verify', out);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `whole; incident ${ID}, exported .*, 9 files\\nmanifest SHA-256 [0-9a-f]{64}\\nchain: 5 links up to number 6`,
      ),
    );
    const json = JSON.parse((await originwatch('verify', out, '--json')).stdout);
    expect(json).toMatchObject({ ok: true, faults: [], incident: ID });
    expect((await place.run('export', ID, '--out', out)).stderr).toMatch(/exists already/);
  });

  test('holds alerts word for word, frames, what people did about it, and a report in both languages', async () => {
    const tar = readTar(readFileSync(await exported()));
    const file = (name: string): string =>
      Buffer.from(tar?.entries.find((entry) => entry.name === name)?.body ?? []).toString('utf8');
    expect(
      file('alerts.ndjson')
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line).seq),
    ).toEqual([2, 3]);
    expect(file('frames.ndjson')).toContain('ris_message');
    expect(file('audit.ndjson').match(/"action":"[a-z.]+"/g)).toEqual([
      '"action":"incident.acknowledge"',
      '"action":"baseline.reject"',
    ]);
    expect(file('report.en.html')).toContain('&#60;script&#62;');
    expect(file('report.en.html')).not.toContain('<script');
    expect(file('report.ko.html')).toContain('BGP 인시던트 보고서');
  });

  test('one flipped bit is found, wherever it is', () => {
    const bytes = evidenceFile(caseRecord(), START_MS, 'test');
    expect(examined(bytes)?.faults).toEqual([]);
    for (let byte = 0; byte < bytes.length; byte += byte < 2_048 || bytes.length - byte < 2_048 ? 1 : 13) {
      const changed = Buffer.from(bytes);
      changed[byte] = (changed[byte] ?? 0) ^ (1 << (byte & 7));
      const result = examined(changed);
      expect({ byte, found: result === undefined || result.faults.length > 0 }).toEqual({
        byte,
        found: true,
      });
    }
    expect(examined(bytes.subarray(0, -512))?.faults).toHaveLength(1);
    expect(examined(Buffer.concat([bytes, Buffer.alloc(512)]))?.faults).toHaveLength(1);
  });

  test('a forger who makes the sums anew is caught by the chain', () => {
    const mine = caseRecord();
    const forged = mine.alerts.map((text) => text.replace('AS9457', 'AS9458'));
    const faults = examined(
      evidenceFile({ ...mine, alerts: forged.map((text) => text.replace(':14', ':13')) }, START_MS, 't'),
    )?.faults;
    expect(faults).toContain('alert 2 is not the one of the chain');
    const [first, ...rest] = mine.chain;
    expect(examined(evidenceFile({ ...mine, chain: rest }, START_MS, 't'))?.faults).toContainEqual(
      expect.stringMatching(/the chain breaks/),
    );
    expect(first?.number).toBe(2);
  });

  test('a changed file makes verify end with 1, another file too', async () => {
    const out = await exported();
    const bytes = readFileSync(out);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(out, bytes);
    const changed = await originwatch('verify', out);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/CHANGED/);
    expect(changed.stderr).toMatch(/is not what the manifest says|the archive itself is changed/);
    const stranger = await originwatch(
      'verify',
      place.file('x.tar', writeTar([{ name: 'a', body: Buffer.from('b') }], 1)),
    );
    expect(stranger.code).toBe(1);
    expect(stranger.stderr).toMatch(/input-unreadable.*no evidence file/);
    expect((await originwatch('verify', join(place.directory, 'none'))).stderr).toMatch(/not there/);
  });

  test('an incident that is not there, or a state without a database, is said', async () => {
    const out = join(place.directory, 'e.tar');
    expect((await place.run('export', 'ffff', '--out', out)).stderr).toMatch(/there is no incident/);
    expect((await originwatch('export', ID, '--out', out, '--state', place.directory)).stderr).toMatch(
      /there is no .*sqlite/,
    );
  });
});

test('the chain goes on over pruning and restarts', () => {
  const store = openStore(place.database, {
    lock: true,
    retention: { auditDays: 0, incidentDays: 0, sliceRows: 3 },
  });
  store.prune(START_MS + 90_000_000_000);
  store.close();
  place.fill({ audit: [{ at: at(50), who: 'admin', action: 'incident.resolve', subject: ID, note: '' }] });
  const { chain, before } = caseRecord();
  expect(before).not.toMatch(/^0+$/);
  expect(examined(evidenceFile(caseRecord(), START_MS, 't'))?.faults).toEqual([]);
  expect(chain.at(-1)?.what).toBe('audit');
});
