import { describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { Incident, IncidentRoute } from '../../src/incident/alert.ts';
import type { Contact } from '../../src/incident/answer/contact.ts';
import { type CountermeasureSheet, countermeasuresFor } from '../../src/incident/answer/sheet.ts';
import { vrpTableOf } from '../../src/judge/origin-validation.ts';
import { anIncident } from '../serve/fakes.ts';

function route(prefix: string, change: Partial<IncidentRoute> = {}): IncidentRoute {
  return {
    kind: 'origin-change',
    taxonomy: 'E|0',
    prefix,
    watch: '198.51.100.0/22',
    name: 'Shop',
    expectedOrigins: [64500],
    originAs: [64999],
    active: true,
    firstSeenAt: '2026-02-03T01:04:18.000Z',
    lastSeenAt: '2026-02-03T01:04:18.000Z',
    vantagePoints: { seeing: 3, known: 350 },
    peerAsns: [6461],
    paths: [{ path: '6461 3356 64999', vantagePoints: 3 }],
    ...change,
  };
}

function sheet(
  routes: readonly IncidentRoute[],
  parts: {
    readonly roas?: readonly (readonly [string, number, number])[];
    readonly incident?: Partial<Incident>;
    readonly contacts?: readonly Contact[];
  } = {},
): CountermeasureSheet {
  const incident = {
    ...anIncident(1),
    offender: 64999,
    routes,
    routesTotal: routes.length,
    ...parts.incident,
  };
  const { roas } = parts;
  const table =
    roas === undefined
      ? undefined
      : vrpTableOf(roas.map(([prefix, maxLength, asn]) => ({ prefix: prefixOf(prefix), maxLength, asn })));
  return countermeasuresFor(incident, {
    validate: (prefix, origin) => table?.validate(prefix, origin),
    book: {
      name: (asn) => (asn === 64999 ? 'Offender Ltd' : undefined),
      contacts: (asn) => (parts.contacts ?? []).filter((one) => one.asn === asn),
    },
  });
}

const announced = ({ announce }: CountermeasureSheet): readonly string[] =>
  announce.map(({ prefix }) => prefix);

describe('what to announce', () => {
  test.each([
    ['10.4.0.0/16', ['10.4.0.0/17', '10.4.128.0/17']],
    ['198.51.100.0/23', ['198.51.100.0/24', '198.51.101.0/24']],
    ['0.0.0.0/1', ['0.0.0.0/2', '64.0.0.0/2']],
    ['2001:db8::/32', ['2001:db8::/33', '2001:db8:8000::/33']],
    ['2001:db8:0:0::/47', ['2001:db8::/48', '2001:db8:1::/48']],
  ])('against %s are its halves', (prefix, halves) => {
    const made = sheet([route(prefix)]);
    expect(announced(made)).toEqual(halves);
    expect(made.announce.every(({ competes, against }) => !competes && against === prefix)).toBe(true);
  });

  test.each(['198.51.100.0/24', '2001:db8::/48'])('against %s is the same, which competes', (prefix) => {
    const made = sheet([route(prefix)]);
    expect(made.announce).toMatchObject([{ prefix, competes: true, origin: 64500 }]);
    expect(made.limits[0]?.en).toMatch(/as long as most networks accept/);
  });

  test.each(['198.51.100.0/25', '2001:db8::/49'])('against %s is nothing that gets far', (prefix) => {
    const made = sheet([route(prefix)]);
    expect(made.announce).toEqual([]);
    expect(made.limits[0]?.en).toMatch(/few networks accept it/);
  });

  test('goes below a half that is taken itself', () => {
    expect(announced(sheet([route('10.4.0.0/16'), route('10.4.0.0/17')]))).toEqual([
      '10.4.128.0/17',
      '10.4.0.0/18',
      '10.4.64.0/18',
    ]);
  });

  test('answers what stands, and everything once it is over', () => {
    const routes = [route('10.4.0.0/16', { active: false }), route('10.8.0.0/16')];
    expect(announced(sheet(routes))).toEqual(['10.8.0.0/17', '10.8.128.0/17']);
    const over = sheet(
      routes.map((one) => ({ ...one, active: false })),
      { incident: { state: 'resolved' } },
    );
    expect(over.announce).toHaveLength(4);
    expect(over.watch[0]?.en).toMatch(/take the answer back/);
    expect(over.mail?.subject.en).toMatch(/^Ended/);
  });

  test('against a covering prefix is the watched one', () => {
    const made = sheet([route('198.51.96.0/20', { kind: 'covering-prefix' })]);
    expect(announced(made)).toEqual(['198.51.100.0/22']);
  });

  test('is nothing where nobody may announce, and where the path or our own routers are wrong', () => {
    const squatted = sheet([route('198.51.100.0/22', { kind: 'squatting', expectedOrigins: [] })]);
    expect(squatted.announce).toEqual([]);
    expect(squatted.limits[0]?.en).toContain('198.51.100.0/22-22 with AS0');
    for (const family of ['own', 'path', 'visibility', 'feed'] as const) {
      const made = sheet([route('198.51.100.0/22')], { incident: { family } });
      expect(made.announce).toEqual([]);
      expect(made.routers.frr.announce).toBe('');
      expect(made.limits).toHaveLength(1);
    }
  });
});

describe('what our ROAs say to it', () => {
  const taken = [route('198.51.100.0/22')];

  test('nothing known is said, and nothing is claimed', () => {
    const made = sheet(taken);
    expect(made.announce.map(({ rpki, roa }) => [rpki, roa])).toEqual([
      ['unknown', null],
      ['unknown', null],
    ]);
    expect(made.watch[0]?.en).toMatch(/look up your ROAs/);
  });

  test('valid needs no change', () => {
    expect(sheet(taken, { roas: [['198.51.100.0/22', 24, 64500]] }).roaChanges).toEqual([]);
  });

  test('a ROA that ends too early comes first, for exactly what is announced', () => {
    const { announce, roaChanges } = sheet(taken, { roas: [['198.51.100.0/22', 22, 64500]] });
    expect(announce[0]?.rpki).toBe('invalid');
    expect(roaChanges).toMatchObject([
      { prefix: '198.51.100.0/23', maxLength: 23, origin: 64500, first: true },
      { prefix: '198.51.102.0/23', maxLength: 23, origin: 64500, first: true },
    ]);
    expect(roaChanges[0]?.why.en).toContain('198.51.100.0/22-22 AS64500');
  });

  test('a ROA of somebody else comes first, none at all can wait', () => {
    expect(sheet(taken, { roas: [['198.51.100.0/22', 24, 64999]] }).roaChanges[0]).toMatchObject({
      first: true,
    });
    expect(sheet(taken, { roas: [] }).roaChanges[0]).toMatchObject({ first: false });
  });
});

describe('router lines', () => {
  const lines = sheet([route('198.51.100.0/22'), route('2001:db8::/32')]).routers;

  test('of FRR announce each prefix with a route of its own, and take it back', () => {
    expect(lines.frr.announce.split('\n').slice(1)).toEqual([
      'ip route 198.51.100.0/23 blackhole 250',
      'ip route 198.51.102.0/23 blackhole 250',
      'ipv6 route 2001:db8::/33 blackhole 250',
      'ipv6 route 2001:db8:8000::/33 blackhole 250',
      'router bgp 64500',
      ' address-family ipv4 unicast',
      '  network 198.51.100.0/23',
      '  network 198.51.102.0/23',
      ' exit-address-family',
      ' address-family ipv6 unicast',
      '  network 2001:db8::/33',
      '  network 2001:db8:8000::/33',
      ' exit-address-family',
      'exit',
    ]);
    expect(lines.frr.withdraw).toContain('no ip route 198.51.100.0/23 blackhole 250');
    expect(lines.frr.withdraw).toContain('  no network 2001:db8::/33');
  });

  test('of BIRD are a protocol for each family', () => {
    expect(lines.bird.announce).toContain(
      'protocol static originwatch_as64500_v4 {\n  ipv4;\n  route 198.51.100.0/23 blackhole;\n  route 198.51.102.0/23 blackhole;\n}',
    );
    expect(lines.bird.announce).toContain('protocol static originwatch_as64500_v6 {\n  ipv6;');
  });

  test('of Junos are set and delete', () => {
    expect(lines.junos.announce).toContain('set routing-options static route 198.51.100.0/23 discard');
    expect(lines.junos.announce).toContain(
      'set routing-options rib inet6.0 static route 2001:db8::/33 discard',
    );
    expect(lines.junos.announce).toContain('from route-filter 198.51.102.0/23 exact');
    expect(lines.junos.withdraw).toContain('delete routing-options static route 198.51.100.0/23');
  });

  test('of IOS have masks', () => {
    expect(lines.ios.announce).toContain('ip route 198.51.100.0 255.255.254.0 Null0 250');
    expect(lines.ios.announce).toContain('  network 198.51.102.0 mask 255.255.254.0');
    expect(lines.ios.announce).toContain('ipv6 route 2001:db8::/33 Null0 250');
    expect(lines.ios.withdraw).toContain('no ip route 198.51.100.0 255.255.254.0 Null0 250');
  });

  test('stand apart for each AS that originates', () => {
    const two = sheet([route('198.51.100.0/22'), route('10.4.0.0/16', { expectedOrigins: [64501] })]).routers;
    expect(two.frr.announce).toMatch(
      /! on routers of AS64500[\s\S]*router bgp 64500[\s\S]*AS64501[\s\S]*router bgp 64501/,
    );
    expect(two.bird.announce).toContain('originwatch_as64501_v4');
  });
});

describe('whom to call', () => {
  const contacts: readonly Contact[] = [
    {
      asn: 64999,
      name: 'Sales',
      role: 'Sales',
      mail: 'sales@o.example',
      phone: '',
      source: 'PeeringDB',
      date: '',
    },
    {
      asn: 64999,
      name: 'NOC',
      role: 'NOC',
      mail: 'noc@o.example',
      phone: '+82 2 0',
      source: 'PeeringDB',
      date: '2026',
    },
    { asn: 3356, name: 'NOC', role: 'NOC', mail: 'noc@p.example', phone: '', source: 'RDAP', date: '' },
  ];

  test('is the offender first, then who passes it on, the NOC before other desks', () => {
    const { contacts: callees, mail } = sheet([route('198.51.100.0/22')], { contacts });
    expect(callees.map(({ asn, name }) => [asn, name])).toEqual([
      [64999, 'Offender Ltd'],
      [3356, ''],
    ]);
    expect(callees[0]?.contacts[0]?.name).toBe('NOC');
    expect(mail).toMatchObject({ to: ['noc@o.example', 'sales@o.example'], cc: ['noc@p.example'] });
  });

  test('gets a mail in both languages that names routes, paths and what is asked', () => {
    const { mail } = sheet([route('198.51.100.0/22')], { contacts });
    for (const text of [mail?.body.en, mail?.body.ko]) {
      expect(text).toContain('198.51.100.0/22');
      expect(text).toContain('6461 3356 64999');
      expect(text).toContain('AS64999');
    }
    expect(mail?.subject).toMatchObject({
      en: expect.stringMatching(/^URGENT/),
      ko: expect.stringMatching(/긴급/),
    });
  });

  test('is nobody when the fault is ours', () => {
    const own = sheet([route('198.51.100.0/22')], { contacts, incident: { family: 'own' } });
    expect([own.contacts, own.mail]).toEqual([[], null]);
  });
});
