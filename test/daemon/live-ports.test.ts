/** What the API reads is committed before it is read, though under load not everything is committed at once. */
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { archivePort } from '../../src/daemon/live-ports.ts';
import type { Archive, CoverageInterval } from '../../src/engine/ports.ts';
import { at, baselineRow, batch, incident, openingBatch, record, storeWith } from '../store/samples.ts';

describe('the archive of a running daemon', () => {
  it.each<[string, (archive: Archive) => unknown, unknown]>([
    ['incidents', (archive) => archive.incidents({ limit: 1 }).incidents[0]?.acknowledged, true],
    [
      'incidents by prefix',
      (archive) => archive.incidents({ limit: 1, prefix: prefixOf('211.249.221.0/24') }).incidents.length,
      1,
    ],
    ['an incident', (archive) => archive.incident('a')?.acknowledged, true],
    ['its frames', (archive) => archive.rawOf('a').length, 1],
    ['the baseline', (archive) => archive.baseline().length, 1],
  ])('shows of %s what is judged and not committed yet', (_, ask, expected) => {
    const store = storeWith(openingBatch(1, incident('a')));
    const { archive } = store;
    let writes = 0;
    const commit = (): void => {
      writes += 1;
      store.commit(
        batch({
          incidents: [record(incident('a', { acknowledged: true }))],
          raw: [{ incidentId: 'a', evidence: { at: incident('a').openedAt, vantagePoint: '', frame: '' } }],
          baseline: [baselineRow()],
        }),
      );
    };
    expect(
      ask(archivePort(archive, { commit, writeCoverage: () => undefined, provisionalCoverage: () => [] })),
    ).toBe(expected);
    expect(writes).toBe(1);
  });

  it('writes coverage down until now before it is read, and passes everything else on', () => {
    const store = storeWith(openingBatch(1, incident('a')));
    const writeCoverage = (): void =>
      store.coverage.coverage({
        feed: 'f',
        from: incident('a').openedAt,
        to: incident('a').openedAt,
        state: 'live',
        reason: '',
      });
    const port = archivePort(store.archive, {
      commit: () => undefined,
      writeCoverage,
      provisionalCoverage: () => [],
    });
    expect(port.coverage(incident('a').firstSeenAt, incident('a').openedAt)).toHaveLength(1);
    expect(port.lastSeq()).toBe(1);
    expect(port.alertTextsAfter(0, 10)).toHaveLength(1);
  });

  it('shows behind what is certain what is taken to be so, within what was asked for', () => {
    const store = storeWith();
    const interval = (
      from: number,
      to: number,
      state: CoverageInterval['state'],
      feed = 'f',
    ): CoverageInterval => ({
      feed,
      from: at(from),
      to: at(to),
      state,
      reason: '',
    });
    store.coverage.coverage(interval(0, 10, 'live'));
    const port = archivePort(store.archive, {
      commit: () => undefined,
      writeCoverage: () => undefined,
      provisionalCoverage: () => [interval(10, 30, 'live'), interval(12, 40, 'live', 'g')],
    });
    expect(port.coverage(at(5), at(20))).toEqual([interval(5, 20, 'live'), interval(12, 20, 'live', 'g')]);
    expect(port.coverage(at(0), at(10))).toEqual([interval(0, 10, 'live')]);
  });
});
