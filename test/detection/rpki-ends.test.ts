/** What is past its end counts for nothing (detection.md §3): VRPs and ASPAs, by the time of the record. */
import { describe, expect, test } from 'vitest';
import { announce, brief, HOUR, rows, type Story, T0, tell } from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const RIGHT = announce(0, OURS.prefix, '3356 10158 7625');

function roa(asn: number, ends: Record<string, unknown>, maxLength = 22): Record<string, unknown> {
  return { asn, prefix: OURS.prefix, maxLength, ...ends };
}
/** rpki-client: the end of the chain, seconds after the begin of the story. */
const expires = (seconds: number): Record<string, unknown> => ({ expires: T0 + seconds });
const at = (seconds: number): string => new Date((T0 + seconds) * 1000).toISOString();
/** Routinator's jsonext. */
const source = (own: number, chain: number): Record<string, unknown> => ({
  source: [
    {
      type: 'roa',
      validity: { notBefore: at(-HOUR), notAfter: at(own) },
      chainValidity: { notBefore: at(-HOUR), notAfter: at(chain) },
    },
  ],
});

async function told(story: Partial<Story>): Promise<readonly string[]> {
  const { alerts } = await tell({ watch: [OURS], steps: [RIGHT], ...story });
  return alerts.flatMap((alert) => [brief(alert), ...rows(alert)]);
}

describe('VRPs', () => {
  test.each([
    ['by rpki-client', expires(-1)],
    ['by Routinator, its chain', source(HOUR, -1)],
    ['by Routinator, the ROA itself', source(-1, HOUR)],
    ['at this very second', expires(0)],
  ])('past their end make nothing invalid: %s', async (_, ends) => {
    expect(await told({ vrps: { roas: [roa(64999, ends)] } })).toEqual([]);
    expect(await told({ vrps: { roas: [roa(64999, expires(HOUR))] } })).toContain('rpki-invalid +3');
  });
  test('past their end acquit nobody', async () => {
    const steps = [RIGHT, announce(60, OURS.prefix, '174 6461 9457')];
    const vrps = (ends: Record<string, unknown>): Record<string, unknown> => ({
      roas: [roa(9457, ends), roa(7625, expires(HOUR))],
    });
    expect(await told({ steps, vrps: vrps(expires(59)) })).toContain('rpki-invalid-origin +8');
    expect(await told({ steps, vrps: vrps(expires(61)) })).toContain('rpki-valid -4');
  });
  test('one of several sources that holds is enough, and so is one that names no end', async () => {
    const twice = {
      source: [...(source(-1, -1).source as unknown[]), ...(source(HOUR, HOUR).source as unknown[])],
    };
    for (const ends of [
      twice,
      { source: [...(source(-1, -1).source as unknown[]), { type: 'exception', path: null }] },
    ])
      expect(await told({ vrps: { roas: [roa(64999, ends)] } })).toContain('rpki-invalid +3');
  });
  test('that come to their end while a route stands are judged by it then', async () => {
    const vrps = { roas: [roa(7625, expires(30 * 60)), roa(64999, expires(HOUR))] };
    const said = await told({ vrps, until: 2 * HOUR });
    expect(said.filter((line) => line.startsWith('+'))).toEqual([
      '+1800 opened rpki-invalid AS7625 warning 11',
    ]);
  });
});

describe('ASPAs', () => {
  const steps = [announce(0, OURS.prefix, '174 1299 10158 7625')];
  const aspa = (seconds: number, providers: number[]): Record<string, unknown> => ({
    customer_asid: 7625,
    providers,
    ...expires(seconds),
  });
  const watch = [{ ...OURS, upstreams: [10158] }];
  test('past their end contradict nobody', async () => {
    const forged = [...steps, announce(60, OURS.prefix, '174 666 7625')];
    const of = (seconds: number): Promise<readonly string[]> =>
      told({ watch, steps: forged, vrps: { roas: [], aspas: [aspa(seconds, [10158])] } });
    expect(await of(30)).not.toContain('aspa-invalid +3');
    expect(await of(90)).toContain('aspa-invalid +3');
  });
  test('that hold are united without those that do not', async () => {
    const forged = [...steps, announce(60, OURS.prefix, '174 666 7625')];
    const aspas = [aspa(30, [666]), aspa(90, [10158])];
    expect(await told({ watch, steps: forged, vrps: { roas: [], aspas } })).toContain('aspa-invalid +3');
  });
});
