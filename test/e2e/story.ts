/** The Kakao hijack in a few steps, for any pair of watched prefixes: what is sent, step by step. */
import { frameOf, type ScenarioVantagePoint } from '../../src/demo/kakao-2022.ts';

export const OFFENDER = 9457;

const POINTS: readonly ScenarioVantagePoint[] = [
  { collector: 'rrc00', peerAddress: '192.0.2.61', peerAsn: 6461 },
  { collector: 'rrc06', peerAddress: '192.0.2.174', peerAsn: 174 },
  { collector: 'rrc23', peerAddress: '192.0.2.39', peerAsn: 6939 },
];

/** Two watched prefixes with their origins, and the two more-specifics that are taken. */
export interface Cast {
  readonly group: string;
  readonly watch: readonly { readonly prefix: string; readonly origins: readonly number[] }[];
  readonly taken: readonly [string, string];
}

export const KAKAO: Cast = {
  group: 'kakao',
  watch: [
    { prefix: '211.249.216.0/21', origins: [7625] },
    { prefix: '121.53.104.0/23', origins: [38099] },
  ],
  taken: ['211.249.221.0/24', '121.53.104.0/24'],
};

/** The same story in other address space: as many casts as needed. */
export function castOf(number: number): Cast {
  return {
    group: `story-${number}`,
    watch: [
      { prefix: `10.${number}.0.0/21`, origins: [7625] },
      { prefix: `10.${number}.8.0/23`, origins: [38099] },
    ],
    taken: [`10.${number}.5.0/24`, `10.${number}.8.0/24`],
  };
}

export function watchOf(cast: Cast): readonly Record<string, unknown>[] {
  return cast.watch.map((entry) => ({ ...entry, group: cast.group, name: `${cast.group} <SDK> & *API*` }));
}

/** Frames as functions of the moment in which they are sent. */
export type Step = (atMs: number) => readonly string[];

function said(points: readonly number[], prefix: string, path: readonly number[] | undefined, atMs: number) {
  return points.flatMap((index) => {
    const from = POINTS[index];
    if (from === undefined) return [];
    const whole = path === undefined || path[0] === from.peerAsn ? path : [from.peerAsn, ...path];
    return [frameOf({ from, prefix, path: whole }, atMs)];
  });
}

/** Quiet; first /24; second /24; spread; gone at one vantage point; gone everywhere. */
export function stepsOf({ watch, taken: [first, second] }: Cast): readonly Step[] {
  const bogus = [6461, OFFENDER];
  return [
    (atMs) =>
      watch.flatMap(({ prefix, origins }) => said([0, 1, 2], prefix, [15412, 10158, ...origins], atMs)),
    (atMs) => said([0], first, bogus, atMs),
    (atMs) => said([0], second, bogus, atMs),
    (atMs) => [...said([1], first, bogus, atMs), ...said([1], second, bogus, atMs)],
    (atMs) => [...said([0], first, undefined, atMs), ...said([0], second, undefined, atMs)],
    (atMs) => [...said([1], first, undefined, atMs), ...said([1], second, undefined, atMs)],
  ];
}

/** How often the story has been told about after each step. */
export const TOLD_AFTER = [0, 1, 2, 3, 3, 4];
export const EVENTS = ['opened', 'updated', 'updated', 'resolved'];
