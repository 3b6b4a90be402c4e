/** What a router's BMP connection becomes: which views are judged, who is up, and what a sender cannot cause. */
import { describe, expect, test } from 'vitest';
import { formatAsPath } from '../../src/bgp/as-path.ts';
import { type JudgedView, RouterSession } from '../../src/feed/bmp/session.ts';
import { bmp, type PeerParts, peerHeader, peerUp, routes } from '../decode/bmp-bytes.ts';
import { attribute, message, nlri, ORIGIN_IGP, updateBody, updateBytes } from '../decode-mrt/bytes.ts';

const PRE: PeerParts = { asn: 64_502 };
const POST: PeerParts = { asn: 64_502, flags: 0x40 };
const OUT: PeerParts = { asn: 64_502, flags: 0x10 };
const LOC: PeerParts = { type: 3, asn: 64_501, address: '0.0.0.0', id: '192.0.2.1' };
const PREFIX = '198.51.100.0/24';
const announced = (parts: PeerParts, path = [64_502, 64_666]): Buffer =>
  routes(updateBytes({ path, announced: [PREFIX] }), parts);
const withdrawn = (parts: PeerParts): Buffer => routes(updateBytes({ withdrawn: [PREFIX] }), parts);
const down = (parts: PeerParts): Buffer => bmp(2, Buffer.concat([peerHeader(parts), Buffer.of(4)]));
const up = (parts: PeerParts): Buffer => peerUp({ asn: 64_501 }, { asn: 64_502 }, parts);

class Seen {
  readonly said: string[] = [];
  readonly problems: string[] = [];
  readonly own: string[] = [];
  readonly session: RouterSession;
  nowMs = 0;

  constructor(view: JudgedView = 'auto') {
    const said = (text: string): void => void this.said.push(text);
    this.session = new RouterSession({
      router: 'seoul-1',
      view,
      interest: undefined,
      nowMs: () => this.nowMs,
      update: ({ vantagePoint, path, announced: on, withdrawn: off, pathIds }) => {
        const who = `${vantagePoint.peerAddress}`;
        const id =
          pathIds === undefined ? '' : ` #${(pathIds.announced[0] ?? pathIds.withdrawn[0] ?? 0) >>> 31}`;
        for (const { text } of on) said(`${who} ${text} ${formatAsPath(path)}${id}`);
        for (const { text } of off) said(`${who} ${text} gone${id}`);
      },
      state: ({ peerAddress }, _observedMs, state) => said(`${peerAddress} ${state}`),
      own: (from, change) =>
        this.own.push(
          `${from.split(' ')[1]} ${change === undefined ? 'down' : `+${change.announced.map(({ prefix, origin }) => `${prefix.text} AS${origin}`)} -${change.withdrawn.map(({ text }) => text)}`}`,
        ),
      heard: ({ peerAddress }, isRegular) => said(`${peerAddress} heard${isRegular ? ' regularly' : ''}`),
      said: () => undefined,
      problem: (code) => this.problems.push(code),
    });
  }

  take(...messages: readonly Buffer[]): this {
    for (const one of messages) this.session.take(one);
    return this;
  }
}

describe('views of one session', () => {
  test('are paths of one vantage point: a route stands while one of them carries it', () => {
    const { said } = new Seen().take(up(PRE), announced(PRE), announced(POST), withdrawn(PRE));
    expect(said).toEqual([
      '192.0.2.2 up',
      `192.0.2.2 ${PREFIX} 64502 64666`,
      `192.0.2.2 ${PREFIX} 64502 64666 #1`,
      `192.0.2.2 ${PREFIX} gone`,
    ]);
  });

  test('let an announcement that a router withdraws before its policy be seen behind it', () => {
    const { said } = new Seen().take(up(PRE), withdrawn(PRE), announced(POST, [64_501, 64_502, 64_666]));
    expect(said).toEqual(['192.0.2.2 up', `192.0.2.2 ${PREFIX} gone`, `192.0.2.2 ${PREFIX} 64502 64666 #1`]);
  });

  test.each<[JudgedView, readonly string[]]>([
    ['pre-policy', [`192.0.2.2 ${PREFIX} 64502 1`]],
    ['post-policy', [`192.0.2.2 ${PREFIX} 64502 2 #1`]],
    ['loc-rib', [`192.0.2.1 ${PREFIX} 64501 3`]],
  ])('are left out but for the one that is asked for: %s', (view, expected) => {
    const all = [announced(PRE, [64_502, 1]), announced(POST, [64_502, 2]), announced(LOC, [64_501, 3])];
    expect(new Seen(view).take(...all).said).toEqual(expected);
  });

  test('never count what goes out as what came in', () => {
    for (const view of ['auto', 'pre-policy', 'post-policy', 'loc-rib'] as const)
      expect(new Seen(view).take(up(OUT), announced(OUT), withdrawn(OUT)).said).toEqual([]);
  });
});

describe('the Loc-RIB', () => {
  test('is judged where a router sends nothing else, its own routes without a path too', () => {
    const bare = message(
      2,
      updateBody(
        Buffer.alloc(0),
        Buffer.concat([ORIGIN_IGP, attribute(0x40, 3, Buffer.alloc(4))]),
        nlri(PREFIX),
      ),
    );
    const { said, problems } = new Seen().take(routes(bare, LOC));
    expect([said, problems]).toEqual([[`192.0.2.1 ${PREFIX} 64501`], []]);
  });

  test('is only a copy once sessions are sent: what it showed is in doubt, and withdrawn by nobody', () => {
    const { said } = new Seen().take(
      up(LOC),
      announced(LOC, [64_501, 64_666]),
      announced(PRE),
      withdrawn(LOC),
    );
    expect(said).toEqual([
      '192.0.2.1 up',
      `192.0.2.1 ${PREFIX} 64501 64666`,
      '192.0.2.1 down',
      `192.0.2.2 ${PREFIX} 64502 64666`,
    ]);
  });
});

describe('sessions', () => {
  test('go down with their last view, and all of them with the connection', () => {
    const seen = new Seen().take(up(PRE), up(POST), down(POST));
    expect(seen.said).toEqual(['192.0.2.2 up']);
    seen.take(down(PRE));
    expect(seen.said.at(-1)).toBe('192.0.2.2 down');
    seen.take(up(PRE)).session.end();
    expect(seen.said.slice(-2)).toEqual(['192.0.2.2 up', '192.0.2.2 down']);
  });

  test('that were never up cannot go down, and are believed when they announce', () => {
    const { said, problems } = new Seen().take(down(PRE), announced(PRE));
    expect([said, problems]).toEqual([[`192.0.2.2 ${PREFIX} 64502 64666`], ['bmp-unknown-peer']]);
  });

  test('that speak of other things are heard, and said to be up again after an hour', () => {
    const seen = new Seen().take(up(PRE));
    seen.nowMs = 3_599_999;
    seen.take(routes(updateBytes({}), PRE));
    seen.nowMs = 3_600_000;
    seen.take(routes(updateBytes({}), PRE));
    expect(seen.said).toEqual(['192.0.2.2 up', '192.0.2.2 heard', '192.0.2.2 heard', '192.0.2.2 up']);
  });

  test('show a rhythm by their statistics', () => {
    const stats = bmp(1, Buffer.concat([peerHeader(PRE), Buffer.alloc(4)]));
    expect(new Seen().take(stats).said).toEqual(['192.0.2.2 heard regularly']);
  });
});

describe('what the router itself originates', () => {
  test('is told by its Loc-RIB and by what it sends out, and ends with the session', () => {
    const seen = new Seen('pre-policy').take(
      announced(LOC, [64_501]),
      announced(OUT, [64_501, 64_501]),
      withdrawn(LOC),
    );
    seen.session.end();
    expect(seen.own).toEqual([
      `loc-rib +${PREFIX} AS64501 -`,
      `adj-rib-out +${PREFIX} AS64501 -`,
      `loc-rib + -${PREFIX}`,
      'loc-rib down',
      'adj-rib-out down',
    ]);
    expect(seen.said).toEqual([]);
  });

  test('is not what it passes on, nor what comes in', () => {
    const { own } = new Seen().take(announced(PRE, [64_501]), announced(LOC, [64_501, 64_502]));
    expect(own).toEqual([`loc-rib + -${PREFIX}`]);
  });
});

test('a stream that is no BMP is lost, and says why', () => {
  const { session } = new Seen().take(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  expect(session.lost).toContain('BMP version');
});
