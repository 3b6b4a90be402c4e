/** Collectors that had a rhythm and lost it: told from those that never had one. */
import { describe, expect, it } from 'vitest';
import { Rhythms } from '../../src/feed/rhythm.ts';

const SECOND = 1_000;
const BLIND = 60 * SECOND;

class Room {
  readonly rhythms = new Rhythms(BLIND);
  readonly said: string[] = [];
  nowMs = 0;

  /** Time passes second by second; `speak` is asked at each. */
  pass(seconds: number, speak: (second: number) => void, isFirehose = false): this {
    for (let second = 0; second < seconds; second += 1) {
      this.nowMs += SECOND;
      speak(this.nowMs / SECOND);
      for (const { collector, isSilent, silentMs } of this.rhythms.look(this.nowMs, isFirehose))
        this.said.push(
          `+${this.nowMs / SECOND} ${collector} ${isSilent ? `silent for ${silentMs / SECOND}` : 'heard'}`,
        );
    }
    return this;
  }

  keepalive(collector: string, peer = '192.0.2.1'): void {
    this.rhythms.keepalive(collector, peer, this.nowMs);
  }
}

describe('the rhythm of a collector', () => {
  it('is that of its quickest peer: it is silent a rhythm and the time of blindness after its last word', () => {
    const room = new Room();
    const speak = (second: number): void => {
      room.keepalive('rrc00');
      if (second > 200) return;
      if (second % 30 === 0) room.keepalive('rrc06', '192.0.2.1');
      if (second % 60 === 7) room.keepalive('rrc06', '192.0.2.2');
    };
    room.pass(400, speak);
    expect(room.said).toEqual(['+277 rrc06 silent for 90']);
  });

  it('is not known from a burst of updates, nor from one keepalive of each peer', () => {
    const room = new Room();
    for (let n = 0; n < 9; n += 1) room.rhythms.heard('rrc06', n);
    room.keepalive('rrc06', '192.0.2.1');
    room.keepalive('rrc06', '192.0.2.2');
    expect(room.pass(3_000, () => room.keepalive('rrc00')).said).toEqual([]);
  });

  it('of a firehose is its longest pause', () => {
    const room = new Room();
    const speak = (second: number): void => {
      if (second <= 100 && second % 20 === 0) room.rhythms.heard('rrc06', room.nowMs);
    };
    expect(room.pass(300, speak, true).said).toEqual(['+180 rrc06 silent for 80']);
  });

  it('goes on with its first word, and the pause does not make it slow for ever', () => {
    const room = new Room();
    room.pass(100, (second) => second % 10 === 0 && room.keepalive('rrc06'));
    room.pass(200, () => undefined);
    room.pass(100, (second) => second % 10 === 0 && room.keepalive('rrc06'));
    room.pass(100, () => undefined);
    expect(room.said).toEqual(['+170 rrc06 silent for 70', '+310 rrc06 heard', '+470 rrc06 silent for 70']);
  });

  it('is not that of a peer which went away while others speak', () => {
    const room = new Room();
    room.pass(100, (second) => {
      room.keepalive('rrc06', '192.0.2.1');
      if (second % 50 === 0) room.keepalive('rrc06', '192.0.2.2');
    });
    room.pass(400, (second) => second % 50 === 0 && room.keepalive('rrc06', '192.0.2.2'));
    expect(room.said).toEqual([]);
  });

  it('does not count while the feed itself delivers nothing', () => {
    const room = new Room();
    room.pass(100, () => room.keepalive('rrc06'));
    room.nowMs += 3_600 * SECOND;
    room.rhythms.excuse(room.nowMs);
    expect(room.pass(60, () => undefined).said).toEqual([]);
    expect(room.rhythms.sights(room.nowMs)).toEqual([
      { collector: 'rrc06', isSilent: false, silentMs: 60 * SECOND },
    ]);
  });

  it('is kept of a bounded number of collectors and peers', () => {
    const room = new Room();
    for (let n = 0; n < 3_000; n += 1) room.keepalive(`rrc${n}`);
    for (let n = 0; n < 9_000; n += 1) room.keepalive('rrc0', `peer ${n}`);
    expect(room.rhythms.sights(0)).toHaveLength(1_000);
  });
});
