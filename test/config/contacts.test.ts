import { describe, expect, test } from 'vitest';
import { config, errorsOf } from './files.ts';

const read = (text: string) =>
  config('knowledge: { contacts: { file: contacts } }', {}, { contacts: text }).knowledge.contacts;

const POC = {
  id: 1,
  net_id: 7,
  role: 'NOC',
  name: 'Night desk',
  email: 'noc@o.example',
  phone: '+82 2 000',
  updated: '2026-01-02T00:00:00Z',
};
const NET = { id: 7, asn: 64999, name: 'Offender' };

const RDAP = {
  objectClassName: 'autnum',
  startAutnum: 64999,
  endAutnum: 64999,
  name: 'OFFENDER-AS',
  entities: [
    {
      handle: 'ORG-1',
      roles: ['registrant'],
      vcardArray: [
        'vcard',
        [
          ['version', {}, 'text', '4.0'],
          ['fn', {}, 'text', 'Offender Ltd'],
        ],
      ],
      entities: [
        {
          roles: ['noc', 'abuse'],
          vcardArray: [
            'vcard',
            [
              ['fn', {}, 'text', 'NOC'],
              ['email', {}, 'text', 'noc@o.example'],
              ['tel', { type: 'voice' }, 'uri', 'tel:+82-2-000'],
            ],
          ],
          events: [{ eventAction: 'last changed', eventDate: '2025-05-05T00:00:00Z' }],
        },
        {
          roles: ['technical'],
          vcardArray: [
            'vcard',
            [
              ['fn', {}, 'text', 'REDACTED'],
              ['email', {}, 'text', 'removed@lacnic.net'],
            ],
          ],
        },
      ],
    },
  ],
};

describe('knowledge.contacts', () => {
  test.each([
    ['the dump of PeeringDB', JSON.stringify({ net: { data: [NET] }, poc: { data: [POC] } })],
    ['an answer of its API', JSON.stringify({ data: [{ ...NET, poc_set: [POC] }] })],
  ])('reads %s', (_what, text) => {
    expect(read(text).get(64999)).toEqual([
      {
        asn: 64999,
        name: 'Night desk',
        role: 'NOC',
        mail: 'noc@o.example',
        phone: '+82 2 000',
        source: 'PeeringDB',
        date: '2026-01-02T00:00:00Z',
      },
    ]);
  });

  test.each([
    ['one RDAP answer', JSON.stringify(RDAP, null, 2)],
    ['several', JSON.stringify([RDAP])],
    ['one a line', `${JSON.stringify(RDAP)}\n\n`],
  ])('reads %s, with nested entities, without what was blacked out', (_what, text) => {
    expect(read(text).get(64999)).toMatchObject([
      { name: 'Offender Ltd', role: 'registrant', mail: '' },
      {
        name: 'NOC',
        role: 'noc, abuse',
        mail: 'noc@o.example',
        phone: '+82-2-000',
        source: 'RDAP',
        date: '2025-05-05T00:00:00Z',
      },
      { name: 'OFFENDER-AS', role: 'technical', mail: '' },
    ]);
  });

  test("reads lines and maps of one's own", () => {
    expect(
      read('# ours\nAS64999 | NOC | noc@o.example | +82 2 000 | phone call | 2026-11-01\n').get(64999),
    ).toEqual([
      {
        asn: 64999,
        name: 'NOC',
        role: '',
        mail: 'noc@o.example',
        phone: '+82 2 000',
        source: 'phone call',
        date: '2026-11-01',
      },
    ]);
    const inline = config(
      'knowledge: { contacts: { 64999: [ { name: NOC, phone: "1" } ], AS3356: { mail: a@b.example } } }',
    );
    expect(inline.knowledge.contacts.get(64999)).toMatchObject([{ name: 'NOC', phone: '1', source: 'own' }]);
    expect(inline.knowledge.contacts.get(3356)).toMatchObject([{ mail: 'a@b.example' }]);
  });

  test.each([
    ['contacts: 7', 'contacts is a number'],
    ['contacts: { ASX: { name: a } }', '"ASX" is no AS number'],
    ['contacts: { 7: { mial: a } }', 'unknown key "mial"; did you mean "mail"?'],
    ['contacts: { 7: { role: NOC } }', 'a contact without name, mail and phone'],
  ])('refuses %s', (part, word) => {
    expect(errorsOf(() => config(`knowledge: { ${part} }`)).join('\n')).toContain(word);
  });

  test('says which line of a file is wrong', () => {
    expect(errorsOf(() => read('64999|NOC|n@o.example\nnobody|x\n')).join('\n')).toContain(
      'contacts:2:1: "nobody" is no AS number',
    );
    expect(errorsOf(() => read('{"asn":1,"name":"a"}\n{oops}\n')).join('\n')).toContain(
      'contacts:2:1: this line is no JSON',
    );
  });
});
