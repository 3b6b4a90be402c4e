/** What comes late, from a backfill or a snapshot: told once, ended when it ended, and never in the way of what is known of later. */
import { describe, expect, it } from 'vitest';
import { parseAsPath } from '../../src/bgp/as-path.ts';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = '203.0.112.0/22';
const TAKEN = '203.0.113.0/24';
const GOOD = '3001 174 64500';
const BAD = '3001 6461 666';
/** The gap: nothing is seen from here to there. */
const [LOST, BACK] = [T0 + HOUR, T0 + 2 * HOUR];
const FILLED = BACK + 10 * SECOND;

class Story {
  readonly machine = new Machine(configOf([watch(OURS, { origins: [64500] })]), { feeds: ['ris'] });

  constructor() {
    this.machine.feed(T0, 'live');
    this.machine.announce(T0, OURS, GOOD);
  }

  live(atMs: number, prefix: string, path: string | undefined): this {
    if (path === undefined) this.machine.withdraw(atMs, prefix);
    else this.machine.announce(atMs, prefix, path);
    return this;
  }

  late(observedMs: number, prefix: string, path: string | undefined, nowMs = FILLED): this {
    const prefixes = [prefixOf(prefix)];
    this.machine.driver.apply(
      {
        type: 'update',
        feed: 'ris',
        via: 'backfill',
        isLate: true,
        raw: '',
        update: {
          vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3001 },
          observedMs,
          path: parseAsPath(path ?? '') ?? [],
          communities: [],
          announced: path === undefined ? [] : prefixes,
          withdrawn: path === undefined ? prefixes : [],
        },
      },
      nowMs,
    );
    this.machine.driver.commit(true);
    return this;
  }

  cut(): this {
    this.machine.feed(LOST, 'down');
    this.machine.feed(BACK, 'live');
    return this;
  }

  filled(): this {
    const gap = { type: 'gap', feed: 'ris', state: 'filled', reason: '', sinceMs: LOST } as const;
    this.machine.driver.apply(gap, FILLED);
    return this;
  }

  alerts(untilMs = FILLED + HOUR): readonly Alert[] {
    this.machine.runTo(untilMs);
    return this.machine.alerts().filter(({ incident }) => incident.family === 'hijack');
  }

  told(untilMs?: number): readonly string[] {
    return this.alerts(untilMs).map(({ event, incident }) => `${event} ${incident.detectedBy}`);
  }
}

describe('a hijack', () => {
  it('that began and ended while nobody saw is told late, and ended when it ended', () => {
    const story = new Story()
      .cut()
      .late(LOST + MINUTE, TAKEN, BAD)
      .late(LOST + 5 * MINUTE, TAKEN, undefined)
      .filled();
    const alerts = story.alerts();
    expect(story.told()).toEqual(['opened backfill', 'resolved backfill']);
    expect(alerts[0]).toMatchObject({
      at: new Date(FILLED).toISOString(),
      incident: { firstSeenAt: new Date(LOST + MINUTE).toISOString() },
    });
    expect(alerts[1]?.incident.endedAt).toBe(new Date(LOST + 5 * MINUTE).toISOString());
  });

  it('that began while nobody saw and stands is open', () => {
    expect(
      new Story()
        .cut()
        .late(LOST + MINUTE, TAKEN, BAD)
        .filled()
        .told(),
    ).toEqual(['opened backfill']);
  });

  it('that stood before and ended while nobody saw is over, at its true end', () => {
    const story = new Story()
      .live(LOST - MINUTE, TAKEN, BAD)
      .cut()
      .late(LOST + MINUTE, TAKEN, undefined)
      .filled();
    expect(story.told()).toEqual(['opened live', 'resolved live']);
    expect(story.alerts()[1]?.incident.endedAt).toBe(new Date(LOST + MINUTE).toISOString());
  });

  it('that was withdrawn live before what announced it came in is told, and over', () => {
    const story = new Story()
      .cut()
      .live(BACK + SECOND, TAKEN, undefined)
      .late(LOST + MINUTE, TAKEN, BAD)
      .filled();
    expect(story.told()).toEqual(['opened backfill', 'resolved backfill']);
    expect(story.alerts()[1]?.incident.endedAt).toBe(new Date(BACK + SECOND).toISOString());
  });

  it('that was replaced live before what announced it came in leaves the live route alone', () => {
    const story = new Story()
      .cut()
      .live(BACK + SECOND, OURS, GOOD)
      .late(LOST + MINUTE, OURS, BAD)
      .filled();
    expect(story.told()).toEqual(['opened backfill', 'resolved backfill']);
    expect(story.machine.core.rib.route(prefixOf(OURS), 0)?.path).toEqual(parseAsPath(GOOD));
  });

  it('that is announced again live is one incident, with its true beginning', () => {
    const story = new Story()
      .cut()
      .live(BACK + SECOND, TAKEN, BAD)
      .late(LOST + MINUTE, TAKEN, BAD)
      .filled();
    expect(story.told()).toEqual(['opened live']);
  });

  it('that was seen live and is over is not told again because it comes in twice', () => {
    const story = new Story()
      .live(LOST - 9 * MINUTE, TAKEN, BAD)
      .live(LOST - 4 * MINUTE, TAKEN, undefined)
      .cut();
    const before = story.told(BACK + SECOND);
    story
      .late(LOST - 9 * MINUTE, TAKEN, BAD)
      .late(LOST - 4 * MINUTE, TAKEN, undefined)
      .filled();
    expect(story.told().filter((line) => line.startsWith('opened') || line.startsWith('reopened'))).toEqual(
      before.filter((line) => line.startsWith('opened')),
    );
  });

  it('that was seen live and stands is not told again because it comes in twice', () => {
    const story = new Story()
      .live(LOST - 9 * MINUTE, TAKEN, BAD)
      .cut()
      .late(LOST - 9 * MINUTE, TAKEN, BAD)
      .filled();
    expect(story.told()).toEqual(['opened live']);
  });

  it('that came back while nobody saw is opened again', () => {
    const story = new Story()
      .live(LOST - 9 * MINUTE, TAKEN, BAD)
      .live(LOST - 8 * MINUTE, TAKEN, undefined)
      .cut();
    story.late(LOST + MINUTE, TAKEN, BAD).filled();
    expect(story.told()).toEqual(['opened live', 'resolved live', 'reopened live']);
  });
});

describe('late updates', () => {
  it('of another time than they can have are left out', () => {
    expect(
      new Story()
        .cut()
        .late(FILLED + 48 * HOUR, TAKEN, BAD)
        .filled()
        .told(),
    ).toEqual([]);
  });

  it('count once, however often they come', () => {
    const story = new Story().cut();
    for (let n = 0; n < 3; n += 1)
      story.late(LOST + MINUTE, TAKEN, BAD).late(LOST + 5 * MINUTE, TAKEN, undefined);
    expect(story.filled().told()).toEqual(['opened backfill', 'resolved backfill']);
  });

  it('about loss count at their own time: what was lost long ago is no loss of now', () => {
    const story = new Story().cut();
    story.late(LOST + MINUTE, OURS, undefined);
    expect(story.machine.core.known(4)).toBe(1);
    expect(story.machine.core.rib.has(prefixOf(OURS))).toBe(false);
  });
});

describe('a gap', () => {
  const unfilled = {
    type: 'gap',
    feed: 'ris',
    state: 'unfilled',
    reason: 'no answer',
    sinceMs: LOST,
  } as const;

  it('that cannot be filled is blindness until it is, or until nobody could any more', () => {
    for (const state of ['filled', 'lost'] as const) {
      const { machine } = new Story().cut();
      machine.driver.apply(unfilled, BACK);
      machine.runTo(BACK + HOUR);
      machine.driver.apply({ ...unfilled, state }, BACK + HOUR);
      machine.runTo(BACK + 2 * HOUR);
      const told = machine.alerts().map(({ event, incident }) => `${event} ${incident.kind}`);
      expect(told).toEqual(['opened feed-blind', 'updated feed-blind', 'resolved feed-blind']);
      expect(machine.alerts()[2]?.at).toBe(new Date(BACK + HOUR + 5 * MINUTE).toISOString());
    }
  });

  it('that is filled leaves what is carried in no doubt', () => {
    const story = new Story().live(LOST - MINUTE, TAKEN, BAD).cut();
    const doubts = (): unknown[] => {
      const [incident] = [...story.machine.core.book.every()].filter(({ family }) => family === 'hijack');
      return [...(incident?.routes.values() ?? [])].flatMap((route) =>
        [...route.carriers.values()].map(({ doubt }) => doubt),
      );
    };
    expect(doubts()).toEqual([1]);
    story.filled();
    expect(doubts()).toEqual([0]);
  });
});
