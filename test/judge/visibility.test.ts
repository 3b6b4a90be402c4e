/** Loss of visibility at its edges: ten vantage points, half and nine in ten of them, ten minutes, silent sessions. */
import { describe, expect, it } from 'vitest';
import { LOSS_WINDOW_MS, VisibilityWatch } from '../../src/judge/visibility.ts';

const OURS = '192.0.2.0/24';

/** Vantage points 0 … lost−1 lose the prefix at 0 ms. */
function lostBy(lost: number): VisibilityWatch {
  const watch = new VisibilityWatch();
  for (let id = 0; id < lost; id += 1) watch.lose(OURS, id, true, 0);
  return watch;
}

describe('a loss of visibility', () => {
  it.each([
    [4, 6, 'none'],
    [5, 5, 'half'],
    [5, 4, 'none'],
    [6, 3, 'none'],
    [8, 2, 'half'],
    [9, 1, 'severe'],
    [10, 0, 'severe'],
    [17, 3, 'half'],
    [18, 2, 'severe'],
  ])('with %i lost and %i carrying is %s', (lost, carrying, expected) => {
    const loss = lostBy(lost).assess(OURS, carrying, 1);
    expect(loss === undefined ? 'none' : loss.isSevere ? 'severe' : 'half').toBe(expected);
    if (loss !== undefined) expect(loss).toMatchObject({ lost, carried: lost + carrying, isKnown: true });
  });

  it.each([
    [LOSS_WINDOW_MS, true],
    [LOSS_WINDOW_MS + 1, false],
  ])('counts what was lost %i ms ago: %s', (agoMs, isLoss) => {
    expect(lostBy(5).assess(OURS, 5, agoMs) !== undefined).toBe(isLoss);
  });

  it('stands beyond the window once it stands, and below ten vantage points', () => {
    const watch = lostBy(5);
    expect(watch.assess(OURS, 5, 1)).toBeDefined();
    expect(watch.assess(OURS, 4, LOSS_WINDOW_MS * 2)).toMatchObject({ lost: 5, carried: 9 });
    expect(watch.assess(OURS, 6, LOSS_WINDOW_MS * 2)).toBeUndefined();
  });

  it('ends when enough carry it again, and says who did', () => {
    const watch = lostBy(6);
    expect(watch.assess(OURS, 4, 1)).toBeDefined();
    expect(watch.regain(OURS, 0)).toBe(true);
    expect(watch.regain(OURS, 0)).toBe(false);
    expect(watch.regain('198.51.100.0/24', 1)).toBe(false);
    expect(watch.assess(OURS, 5, 2)).toMatchObject({ lost: 5, carried: 10 });
    expect([...watch.lostAt(OURS).keys()]).toEqual([1, 2, 3, 4, 5]);
    watch.regain(OURS, 1);
    expect(watch.assess(OURS, 6, 3)).toBeUndefined();
  });

  it('is none of a prefix that nobody lost, or that was forgotten', () => {
    const watch = lostBy(10);
    expect(watch.assess('198.51.100.0/24', 0, 1)).toBeUndefined();
    expect(watch.lostAt('198.51.100.0/24').size).toBe(0);
    watch.forget(OURS);
    expect(watch.assess(OURS, 0, 1)).toBeUndefined();
  });
});

describe('what a foreign origin took', () => {
  it('is lost only where ours was there before, and no longer when ours is back', () => {
    const watch = new VisibilityWatch();
    watch.change(OURS, 1, true, false);
    watch.change(OURS, 2, false, false);
    watch.change(OURS, 3, true, false);
    watch.change(OURS, 3, false, true);
    for (const id of [1, 2, 3]) watch.lose(OURS, id, false, 5);
    expect([...watch.lostAt(OURS)]).toEqual([[1, 5]]);
    watch.regain(OURS, 1);
    watch.lose(OURS, 1, false, 6);
    expect(watch.lostAt(OURS).size).toBe(0);
  });
});

describe('a session that goes down', () => {
  it('takes part in no loss that is still to come', () => {
    const watch = lostBy(5);
    expect(watch.sessionDown(4)).toEqual([OURS]);
    expect(watch.sessionDown(9)).toEqual([]);
    expect(watch.assess(OURS, 5, 1)).toBeUndefined();
    expect(watch.isSilent(OURS, 4)).toBe(false);
  });

  it('ends none that stands: the loss is only not known any more', () => {
    const watch = lostBy(6);
    watch.assess(OURS, 4, 1);
    expect(watch.sessionDown(0)).toEqual([OURS]);
    expect(watch.isSilent(OURS, 0)).toBe(true);
    expect(watch.isSilent(OURS, 1)).toBe(false);
    expect(watch.assess(OURS, 5, 2)).toMatchObject({ lost: 6, carried: 11, isKnown: true });
    watch.sessionDown(1);
    expect(watch.assess(OURS, 5, 3)).toMatchObject({ lost: 6, isKnown: false });
    watch.lose(OURS, 1, true, 4);
    expect(watch.isSilent(OURS, 1)).toBe(false);
    expect(watch.assess(OURS, 5, 5)).toMatchObject({ isKnown: true });
  });

  it('is not known when all who lost it are silent', () => {
    const watch = lostBy(10);
    watch.assess(OURS, 0, 1);
    for (let id = 0; id < 10; id += 1) watch.sessionDown(id);
    expect(watch.assess(OURS, 0, 2)).toMatchObject({ lost: 10, isSevere: true, isKnown: false });
  });

  it('is taken out of the reckoning when the loss ends', () => {
    const watch = lostBy(6);
    watch.assess(OURS, 4, 1);
    watch.sessionDown(0);
    expect(watch.assess(OURS, 7, 2)).toBeUndefined();
    expect(watch.isSilent(OURS, 0)).toBe(false);
    expect([...watch.lostAt(OURS).keys()]).toEqual([1, 2, 3, 4, 5]);
  });
});

it('a loss that was restored stands as it stood', () => {
  const watch = new VisibilityWatch();
  watch.restore(
    OURS,
    new Map([
      [1, 0],
      [2, 0],
    ]),
    new Set([2]),
  );
  expect(watch.isSilent(OURS, 2)).toBe(true);
  expect(watch.assess(OURS, 1, LOSS_WINDOW_MS * 3)).toMatchObject({ lost: 2, carried: 3, isKnown: true });
});
