/** *Is it BGP?* is answered from the watched RIB at the asked address: never "as expected" while something foreign stands. */
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../../src/engine/present-view.ts';
import { statusNow } from '../../src/engine/status-view.ts';
import { configOf, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const SHOP = watch('203.0.112.0/20', { origins: [64500], services: ['shop.example'] });
const V6 = watch('2001:db8:4000::/36', { origins: [64500] });
const kim = { by: 'kim', note: '' };

/** The owner's routes at three vantage points, heard live. */
function quiet(entries = [SHOP, V6]): Machine {
  const machine = new Machine(configOf(entries), { feeds: ['ris'] });
  machine.feed(T0, 'live');
  for (const from of [1, 2, 3])
    machine.announce(T0 + from, '203.0.112.0/20 2001:db8:4000::/36', `${64510 + from} 64500`, from);
  return machine;
}

function asked(machine: Machine, resource: string) {
  return statusNow(machine.core, resourceOf(machine.core, resource) ?? expect.fail('no resource'));
}

function said(machine: Machine, resource: string): string {
  return asked(machine, resource)
    .because.map(({ en }) => en)
    .join(' ');
}

describe('the status of a watched address', () => {
  it.each(['203.0.112.0/20', '203.0.113.7', '203.0.113.0/24', 'shop.example', '2001:db8:4000::1'])(
    'is no for %s while the owner alone is seen, with the origin that it follows',
    (resource) => {
      const answer = asked(quiet(), resource);
      expect(answer.verdict).toBe('no');
      expect(answer.origins).toMatchObject([{ origin: 64500, vantagePoints: 3 }]);
      expect(answer.visibility).toEqual({ seeing: 3, known: 3 });
    },
  );

  it('names who carries a hijacked part first, and the owner of what covers it beside', () => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '64511 666');
    for (const resource of ['203.0.113.0/24', '203.0.113.7'])
      expect(asked(machine, resource)).toMatchObject({
        verdict: 'yes',
        origins: [
          { origin: 666, vantagePoints: 1, prefix: '203.0.113.0/24' },
          { origin: 64500, vantagePoints: 3, prefix: '203.0.112.0/20' },
        ],
        visibility: { seeing: 3, known: 3 },
      });
    expect(asked(machine, '203.0.112.0/20').origins.map(({ origin }) => origin)).toEqual([64500, 666]);
    expect(asked(machine, '203.0.112.0/24')).toMatchObject({ verdict: 'no' });
  });

  it.each([
    ['203.0.113.0/24', '64511 666'],
    ['203.0.112.0/20', '64511 666'],
    ['2001:db8:4100::/48', '64511 666'],
  ])('is never as expected while a foreign %s stands, whatever an operator resolved', (prefix, path) => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, prefix, path);
    const [alert] = machine.alerts();
    machine.actions.resolve(alert?.incident.id ?? '', kim, T0 + 2 * MINUTE);
    machine.driver.commit(true);
    const answer = asked(machine, prefix);
    expect(answer.verdict).toBe('yes');
    expect(answer.incidents).toMatchObject([{ state: 'resolved', resolvedBy: 'kim' }]);
    expect(said(machine, prefix)).toMatch(/kim.*still st/);
    expect(said(machine, prefix)).not.toMatch(/as expected|No routing anomaly/);
    machine.withdraw(T0 + 3 * MINUTE, prefix);
    machine.announce(T0 + 3 * MINUTE, '203.0.112.0/20 2001:db8:4000::/36', '64511 64500');
    expect(asked(machine, prefix).verdict).toBe('no');
  });

  it('does not say beside a covering prefix of severity info that there is no anomaly', () => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, '203.0.0.0/16', '64511 666');
    const answer = asked(machine, '203.0.112.0/20');
    expect(answer.incidents).toMatchObject([{ severity: 'info', kind: 'covering-prefix' }]);
    expect(answer.verdict).toBe('yes');
    expect(said(machine, '203.0.112.0/20')).not.toMatch(/as expected|No routing anomaly/);
    expect(answer.origins).toMatchObject([{ origin: 64500 }, { origin: 666, prefix: '203.0.0.0/16' }]);
  });

  it('is yes for a foreign route that too few peers show for an incident', () => {
    const machine = quiet([watch('203.0.112.0/20', { origins: [64500], minPeers: 3 })]);
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '64511 666');
    expect(machine.alerts()).toEqual([]);
    expect(asked(machine, '203.0.113.7')).toMatchObject({ verdict: 'yes', incidents: [] });
    expect(said(machine, '203.0.113.7')).toContain('203.0.113.0/24 from AS666');
  });

  it('is unknown until something was heard, after a restart too', () => {
    const machine = new Machine(configOf([SHOP]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    expect(asked(machine, '203.0.112.0/20')).toMatchObject({ verdict: 'unknown', origins: [] });
    machine.announce(T0 + SECOND, '203.0.112.0/20', '64511 64500');
    expect(asked(machine, '203.0.112.0/20').verdict).toBe('no');
    machine.crash(T0 + MINUTE);
    machine.feed(T0 + MINUTE, 'live');
    expect(asked(machine, '203.0.112.0/20').verdict).toBe('unknown');
    machine.announce(T0 + 2 * MINUTE, '203.0.112.0/20', '64511 64500');
    expect(asked(machine, '203.0.112.0/20').verdict).toBe('no');
  });

  it('is unknown while the feed does not deliver, and yes once everybody withdrew it', () => {
    const machine = quiet();
    machine.feed(T0 + MINUTE, 'down');
    expect(asked(machine, '203.0.113.7').verdict).toBe('unknown');
    machine.feed(T0 + 2 * MINUTE, 'live');
    for (const from of [1, 2, 3]) machine.withdraw(T0 + 3 * MINUTE, '203.0.112.0/20', from);
    expect(asked(machine, '203.0.112.0/20').verdict).toBe('yes');
    expect(said(machine, '203.0.112.0/20')).toContain('withdrawn');
  });
});

describe('a route in doubt', () => {
  it('has no vantage points, no paths and no peers, and is not said to be seen by nobody', () => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '64511 666');
    machine.feed(T0 + 2 * MINUTE, 'down');
    const [{ summary, routes } = expect.fail('no incident')] = asked(machine, '203.0.113.0/24').incidents;
    expect(routes).toMatchObject([{ active: true, vantagePoints: { seeing: 0 }, peerAsns: [], paths: [] }]);
    expect(`${summary.en} ${summary.ko}`).not.toMatch(/by 0 of|중 0곳/);
    expect(summary.en).toContain('cannot be heard now');
  });

  it('is seen again by those whose feed is back, in each of the three', () => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '64511 666');
    machine.feed(T0 + 2 * MINUTE, 'down');
    machine.feed(T0 + 3 * MINUTE, 'live');
    const [incident] = asked(machine, '203.0.113.0/24').incidents;
    expect(incident?.routes).toMatchObject([
      { vantagePoints: { seeing: 1 }, peerAsns: [64511], paths: [{ path: '64511 666', vantagePoints: 1 }] },
    ]);
  });

  it('is nobody’s after its session went down', () => {
    const machine = quiet();
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '64511 666');
    machine.session(T0 + 2 * MINUTE, 1, 'down');
    const [incident] = asked(machine, '203.0.113.0/24').incidents;
    expect(incident?.routes).toMatchObject([{ vantagePoints: { seeing: 0 }, peerAsns: [], paths: [] }]);
    expect(incident?.summary.en).not.toContain('by 0 of');
  });
});

describe('the summary of what is over', () => {
  it('says what it was, how long, how far and how it ended, and asks for nothing', () => {
    const machine = new Machine(configOf([watch('203.0.112.0/20', { origins: [64500] })]));
    machine.announce(T0, '203.0.113.0/24', '64511 666');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '64512 64511 666', 2);
    for (const from of [1, 2]) machine.withdraw(T0 + 23 * MINUTE, '203.0.113.0/24', from);
    machine.runTo(T0 + 40 * MINUTE);
    const { incident } = machine.alerts().at(-1) ?? expect.fail('no alert');
    expect(incident.summary.en).toBe(
      'AS666 announced 203.0.113.0/24, inside 203.0.112.0/20, which AS64500 should originate. ' +
        'Seen by at most 2 of 2 vantage points, from 00:00:00 UTC (09:00:00 KST) to 00:23:00 UTC (09:23:00 KST), 23 min. ' +
        'It was withdrawn.',
    );
    expect(incident.summary.ko).toBe(
      'AS666이 203.0.112.0/20 안의 203.0.113.0/24를 광고했습니다. AS64500이 광고해야 하는 프리픽스입니다. ' +
        '09:00:00 KST(00:00:00 UTC)부터 09:23:00 KST(00:23:00 UTC)까지 23분 동안 지속되었습니다. ' +
        '최대 관측 지점 2곳 중 2곳에서 보였습니다. 경로가 철회되었습니다.',
    );
    expect(incident.advice.next).toEqual([]);
    expect(incident.advice.benign.en).toMatch(/^It could have been/);
  });

  it('speaks of a blind feed in the past once it is back', () => {
    const machine = new Machine(configOf([SHOP]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.feed(T0 + MINUTE, 'down');
    machine.runTo(T0 + 5 * MINUTE);
    machine.feed(T0 + 6 * MINUTE, 'live');
    machine.runTo(T0 + 30 * MINUTE);
    const { event, incident } = machine.alerts().at(-1) ?? expect.fail('no alert');
    expect(event).toBe('resolved');
    expect(incident.summary.en).toMatch(/^The feed ris did not deliver \(down\).* It lasted from /);
    expect(`${incident.summary.en} ${incident.evidence[0]?.text.en}`).not.toMatch(
      /does not deliver|is not seen/,
    );
    expect(`${incident.summary.ko} ${incident.evidence[0]?.text.ko}`).not.toMatch(
      /볼 수 없습니다|오지 않습니다/,
    );
  });
});
