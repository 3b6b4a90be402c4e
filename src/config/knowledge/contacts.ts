/**
 * `knowledge.contacts`: how to reach the people of an AS, inline or in a file: JSON (PeeringDB's dump, RDAP answers),
 * one JSON value a line, or lines `AS|name|mail|phone|source|date`. Shown in countermeasures; judging never asks it.
 */
import { parseAsn } from '../../bgp/asn.ts';
import type { Contact } from '../../incident/answer/contact.ts';
import { type Item, plain } from '../item.ts';
import { readLines } from '../lines.ts';
import { BoundedProblems } from '../problems.ts';
import type { Complaint } from '../rules.ts';
import { noteUnknownKeys } from '../shape.ts';
import type { FileName, Sources } from '../sources.ts';
import { kindOf, show } from '../words.ts';
import { contactsIn, OWN_KEYS, ownContact } from './contact-forms.ts';

export type Contacts = ReadonlyMap<number, readonly Contact[]>;

/** As many people of one AS as anybody would call. */
const PER_AS_MAX = 20;
const EXAMPLE =
  'write 9457: [ { name: NOC, mail: noc@example.net, phone: "+82 2 000 0000" } ], or { file: PATH }';
const LINE_FORM = 'write AS|name|mail|phone|source|date';

export function readContacts(item: Item | undefined, sources: Sources): Contacts {
  const found = new Map<number, Contact[]>();
  const take = (contact: Contact): void => {
    const known = found.get(contact.asn) ?? [];
    if (known.length < PER_AS_MAX) known.push(contact);
    found.set(contact.asn, known);
  };
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return found;
  if (item.kind !== 'map') {
    sources.problems.add(item.at, `contacts is ${kindOf(plain(item))}`, EXAMPLE);
    return found;
  }
  if (item.pairs.has('file')) readFile(item, sources, take);
  else for (const [key, { value, keyAt }] of item.pairs) readOwn(key, value, keyAt, sources, take);
  return found;
}

type Take = (contact: Contact) => void;

function readOwn(key: string, item: Item, keyAt: Item['at'], { problems }: Sources, take: Take): void {
  const asn = parseAsn(key);
  if (asn === undefined || asn === 0) {
    problems.add(keyAt, `${show(key)} is no AS number`, EXAMPLE);
    return;
  }
  for (const each of item.kind === 'list' ? item.items : [item]) {
    if (each.kind !== 'map') {
      problems.add(each.at, `a contact is ${kindOf(plain(each))}`, EXAMPLE);
      continue;
    }
    noteUnknownKeys(each, OWN_KEYS, problems);
    const made = ownContact({ ...(plain(each) as Record<string, unknown>), asn });
    if (made.length === 0) problems.add(each.at, 'a contact without name, mail and phone', EXAMPLE);
    for (const contact of made) take(contact);
  }
}

function readFile(item: Item & { kind: 'map' }, sources: Sources, take: Take): void {
  noteUnknownKeys(item, ['file'], sources.problems);
  const path = item.pairs.get('file')?.value;
  if (path?.kind !== 'scalar' || typeof path.value !== 'string' || path.value === '') {
    sources.problems.add(
      path?.at ?? item.at,
      `file of contacts is ${kindOf(path && plain(path))}, no path`,
      'write the path of a file',
    );
    return;
  }
  const file = sources.beside(item.at.file, path.value);
  sources.problems.announce(file.shown);
  const text = sources.text(file, path.at);
  if (text !== undefined) readText(text, file, sources, take);
}

/** One JSON value, else one a line, else lines of one's own. */
function readText(text: string, file: FileName, sources: Sources, take: Take): void {
  const whole = /^\s*[[{]/.test(text) ? parsed(text) : undefined;
  if (whole !== undefined) {
    for (const contact of contactsIn(whole)) take(contact);
    return;
  }
  if (/^\s*[[{]/.test(text)) readJsonLines(text, file, sources, take);
  else readLines(text, file.shown, sources, (line) => takeLine(line, take));
}

/** Wrong lines that are told one by one. */
const PROBLEMS_MAX = 20;

function readJsonLines(text: string, file: FileName, sources: Sources, take: Take): void {
  const bounded = new BoundedProblems(sources.problems, file.shown, PROBLEMS_MAX);
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = parsed(line);
    if (value === undefined) bounded.add(index + 1, 'this line is no JSON', 'write one JSON value a line');
    else for (const contact of contactsIn(value)) take(contact);
  }
  bounded.close();
}

function takeLine(line: string, take: Take): Complaint | undefined {
  const [asn = '', name, mail, phone, source, date] = line.split('|').map((part) => part.trim());
  if (parseAsn(asn) === undefined) return { found: `${show(asn)} is no AS number`, remedy: LINE_FORM };
  const made = ownContact({ asn, name, mail, phone, source, date });
  if (made.length === 0) return { found: 'a contact without name, mail and phone', remedy: LINE_FORM };
  for (const contact of made) take(contact);
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
