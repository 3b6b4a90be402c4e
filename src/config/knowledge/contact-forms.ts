/**
 * The forms in which contacts of ASes come: PeeringDB's dump and API answers (`net` with `poc`), RDAP answers (RFC 9083,
 * jCard RFC 7095), and plain objects of one's own. Any parsed JSON value → contacts; what is of another form is skipped.
 * Read by `contacts.ts`.
 */
import { parseAsn } from '../../bgp/asn.ts';
import type { Contact } from '../../incident/answer/contact.ts';

type Fields = Readonly<Record<string, unknown>>;

const TEXT_MAX = 200;
/** Entities nest: the registry's, the holder's, the desk's. */
const DEPTH_MAX = 6;

/** Every contact that the value holds, in its order. */
export function contactsIn(value: unknown): readonly Contact[] {
  if (Array.isArray(value)) return value.flatMap(contactsIn);
  if (!isFields(value)) return [];
  if ('startAutnum' in value || value.objectClassName === 'autnum') return rdapContacts(value);
  if (isFields(value.net) || isFields(value.poc)) return peeringdbDump(value);
  if (Array.isArray(value.data)) return value.data.flatMap(contactsIn);
  if (Array.isArray(value.poc_set)) return peeringdbNet(value, value.poc_set);
  return ownContact(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One line without control characters; what a registry blacked out is nothing. */
function text(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const line = `${value}`.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return /^redacted\b|^removed@lacnic\.net$|^x+$/i.test(line) ? '' : [...line].slice(0, TEXT_MAX).join('');
}

function made(asn: number | undefined, fields: Omit<Contact, 'asn'>): readonly Contact[] {
  if (asn === undefined || asn === 0) return [];
  if (fields.mail === '' && fields.phone === '' && fields.name === '') return [];
  return [{ asn, ...fields }];
}

// ---------------------------------------------------------------- PeeringDB

function rowsOf(value: unknown): readonly Fields[] {
  const rows = isFields(value) ? value.data : value;
  return Array.isArray(rows) ? rows.filter(isFields) : [];
}

function peeringdbDump(dump: Fields): readonly Contact[] {
  const nets = new Map(rowsOf(dump.net).map((net) => [net.id, net]));
  return [
    ...rowsOf(dump.poc).flatMap((poc) => peeringdbPoc(nets.get(poc.net_id), poc)),
    ...[...nets.values()].flatMap((net) =>
      Array.isArray(net.poc_set) ? peeringdbNet(net, net.poc_set) : [],
    ),
  ];
}

function peeringdbNet(net: Fields, pocs: readonly unknown[]): readonly Contact[] {
  return pocs.filter(isFields).flatMap((poc) => peeringdbPoc(net, poc));
}

function peeringdbPoc(net: Fields | undefined, poc: Fields): readonly Contact[] {
  if (net === undefined || poc.status === 'deleted') return [];
  return made(parseAsn(net.asn), {
    name: text(poc.name) || text(net.name),
    role: text(poc.role),
    mail: text(poc.email),
    phone: text(poc.phone),
    source: 'PeeringDB',
    date: text(poc.updated ?? net.updated),
  });
}

// ---------------------------------------------------------------- RDAP

function rdapContacts(autnum: Fields): readonly Contact[] {
  const asn = parseAsn(autnum.startAutnum ?? `${autnum.handle ?? ''}`.replace(/^AS/i, ''));
  const network = text(autnum.name);
  return entitiesOf(autnum, 0).flatMap((entity) => {
    const card = vcard(entity.vcardArray);
    return made(asn, {
      name: card.fn || text(entity.handle) || network,
      role: (Array.isArray(entity.roles) ? entity.roles : []).map(text).join(', '),
      mail: card.email,
      phone: card.tel.replace(/^tel:/i, ''),
      source: 'RDAP',
      date: lastChanged(entity) || lastChanged(autnum),
    });
  });
}

function entitiesOf(value: Fields, depth: number): readonly Fields[] {
  if (depth >= DEPTH_MAX || !Array.isArray(value.entities)) return [];
  return value.entities.filter(isFields).flatMap((entity) => [entity, ...entitiesOf(entity, depth + 1)]);
}

/** `["vcard", [["fn", {}, "text", "NOC"], ["email", …], ["tel", …]]]`; the first of each. */
function vcard(value: unknown): { readonly fn: string; readonly email: string; readonly tel: string } {
  const rows = Array.isArray(value) && Array.isArray(value[1]) ? (value[1] as unknown[]) : [];
  const first = (name: string): string => {
    const row = rows.find((each) => Array.isArray(each) && each[0] === name && text(each[3]) !== '');
    return Array.isArray(row) ? text(row[3]) : '';
  };
  return { fn: first('fn'), email: first('email'), tel: first('tel') };
}

function lastChanged({ events }: Fields): string {
  const rows = Array.isArray(events) ? events.filter(isFields) : [];
  const row = rows.find(({ eventAction }) => eventAction === 'last changed') ?? rows[0];
  return text(row?.eventDate);
}

// ---------------------------------------------------------------- one's own

/** The keys of a contact that an operator writes. */
export const OWN_KEYS = ['asn', 'name', 'role', 'mail', 'phone', 'source', 'date'] as const;

export function ownContact(fields: Fields): readonly Contact[] {
  return made(parseAsn(fields.asn), {
    name: text(fields.name),
    role: text(fields.role),
    mail: text(fields.mail ?? fields.email),
    phone: text(fields.phone),
    source: text(fields.source) || 'own',
    date: text(fields.date),
  });
}
