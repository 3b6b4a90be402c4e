/** What is known of each session: met once, heard by family, up, stalled, in doubt. */
import { describe, expect, it } from 'vitest';
import { VantagePoints } from '../../src/judge/vantage-points.ts';

const DAY_MS = 86_400_000;
const POINT = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_500 };
const OTHER = { ...POINT, peerAddress: '192.0.2.2' };

describe('vantage points', () => {
  it('are met once, and keep the AS that was told last', () => {
    const points = new VantagePoints();
    const { id } = points.meet({ ...POINT, peerAsn: 0 }, 'ris');
    expect(points.byId(id)).toMatchObject({ feed: 'ris', up: true, downOrder: -1 });
    expect(points.meet(POINT, 'bmp').id).toBe(id);
    expect(points.byId(id)).toMatchObject({ feed: 'bmp', point: POINT });
    expect(points.meet({ ...POINT, peerAsn: 0 }, 'ris').point.peerAsn).toBe(64_500);
    expect(points.meet(OTHER, 'ris').id).not.toBe(id);
    expect(points.every().map(({ point }) => point.peerAddress)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(() => points.byId(2)).toThrow('never met');
  });

  it.each([
    [DAY_MS, 1],
    [DAY_MS + 1, 0],
  ])('count as known %i ms after they were heard: %i', (nowMs, count) => {
    const points = new VantagePoints();
    points.heard(points.meet(POINT, 'ris').id, 4, 0);
    expect(points.known(4, nowMs)).toBe(count);
    expect(points.known(6, nowMs)).toBe(0);
  });

  it('count as known of the family they were heard of, while up and their feed delivers', () => {
    const points = new VantagePoints();
    const { id } = points.meet(POINT, 'ris');
    points.heard(id, 6, 5);
    points.heard(points.meet(OTHER, 'bmp').id, 6, 5);
    expect([points.known(4, 5), points.known(6, 5)]).toEqual([0, 2]);
    points.setFeedLive('ris', false);
    expect([points.isUp(id), points.known(6, 5)]).toEqual([false, 1]);
    points.setFeedLive('ris', true);
    expect([points.isUp(id), points.known(6, 5)]).toEqual([true, 2]);
    points.setUp(id, false, 7);
    expect([points.isUp(id), points.known(6, 5)]).toEqual([false, 1]);
    points.setUp(id, true, 9);
    expect([points.isUp(id), points.byId(id).downOrder]).toEqual([true, 7]);
  });

  it('take later signs of life over, never earlier ones, and none of strangers', () => {
    const points = new VantagePoints();
    const { id, name } = points.meet(POINT, 'ris');
    points.noteHeard('nobody', 5, 5);
    points.noteHeard(name, 0, 0);
    expect(points.byId(id)).toMatchObject({ heard4Ms: -Infinity, heard6Ms: -Infinity });
    points.noteHeard(name, 1, 0);
    expect(points.byId(id)).toMatchObject({ heard4Ms: 1, heard6Ms: -Infinity });
    points.noteHeard(name, 7, 8);
    points.noteHeard(name, 6, 7);
    expect(points.byId(id)).toMatchObject({ heard4Ms: 7, heard6Ms: 8 });
  });

  it.each([
    [7, 2],
    [8, 1],
    [9, 1],
    [10, 0],
  ])('leave a route of input %i in doubt %i, down at 7 and after a gap up to 9', (order, doubt) => {
    const points = new VantagePoints();
    const { id } = points.meet(POINT, 'ris');
    expect(points.doubtOf(id, order)).toBe(0);
    points.setUp(id, false, 7);
    points.setGap('ris', 9);
    points.setGap('bmp', 99);
    expect(points.doubtOf(id, order)).toBe(doubt);
  });
});
