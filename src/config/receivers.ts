/**
 * The section `receivers`: where to send notifications, each type with its own keys, as `deliver/receivers/` names them. `deliver/` takes the result as it
 * is.
 */
import { SEVERITIES, type Severity } from '../bgp/severity.ts';
import type { PlainKey, ReceiverKeys } from '../deliver/receiver-type.ts';
import { RECEIVER_TYPES, receiverType } from '../deliver/receiver-types.ts';
import { type Item, type MapItem, plain } from './item.ts';
import { readCa } from './network.ts';
import * as rules from './rules.ts';
import { HiddenValue, isResolved, readSecret } from './secret.ts';
import { readList, textOf, UniqueNames } from './section.ts';
import type { ReceiverSettings, Secret } from './settings.ts';
import { type Rule, readMap, type Shape, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { kindOf } from './words.ts';

/** How each sort of key is read. */
const PLAIN: Readonly<Record<Exclude<PlainKey, object>, () => Rule>> = {
  word: () => rules.wordText(),
  words: () => rules.wordOrWords(),
  'word-or-number': () => rules.wordOrNumber(),
  url: () => rules.url(['https:', 'http:']),
  flag: () => rules.flag(),
  port: () => rules.wholeNumber(1, 65_535),
  seconds: () => rules.duration('seconds'),
  command: () => rules.listOf(rules.lineText(4_096), { isEmptyAllowed: false }),
  mention: () => rules.mention(),
  text: () => rules.longText(TEMPLATE_MAX),
};
/** Characters of a template. */
const TEMPLATE_MAX = 65_536;

function ruleOf(key: PlainKey): Rule {
  return typeof key === 'string' ? PLAIN[key]() : rules.enumOf(key.oneOf);
}

function baseRules(): Record<string, Rule> {
  return {
    name: rules.required(rules.wordText()),
    type: rules.required(rules.enumOf(RECEIVER_TYPES)),
    minSeverity: rules.enumOf(SEVERITIES),
    language: rules.enumOf(['en', 'ko']),
  };
}

const baseShape = shape(baseRules);
const shapes = new Map<string, () => Shape>();

function shapeOf(type: string, { plain: keys = {} }: ReceiverKeys): Shape {
  const own = () => Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, ruleOf(key)]));
  const made = shapes.get(type) ?? shape(() => ({ ...baseRules(), ...own() }));
  shapes.set(type, made);
  return made();
}

export interface Receivers {
  readonly settings: readonly ReceiverSettings[];
  /** Names that routes may name, those of receivers with problems too. */
  readonly names: UniqueNames;
}

export function readReceivers(item: Item | undefined, sources: Sources): Receivers {
  const names = new UniqueNames('receiver', sources.problems);
  const settings: ReceiverSettings[] = [];
  for (const receiver of readList(item, 'receivers', sources.problems) ?? []) {
    const name = receiver.kind === 'map' ? receiver.pairs.get('name')?.value : undefined;
    if (name?.kind === 'scalar' && typeof name.value === 'string') names.take(name.value, name.at);
    const owner = `receiver ${name === undefined ? '' : plain(name)}`;
    const read = sources.ownedBy(owner, () => readReceiver(receiver, sources));
    if (read !== undefined) settings.push(read);
  }
  return { settings, names };
}

function readReceiver(item: Item, sources: Sources): ReceiverSettings | undefined {
  const typeItem = item.kind === 'map' ? item.pairs.get('type')?.value : undefined;
  const type = typeItem === undefined ? undefined : plain(typeItem);
  const made = receiverType(type);
  if (made === undefined || typeof type !== 'string') {
    // Which keys it may have is not known: only those of all receivers are looked at.
    readMap(item, baseShape(), sources.problems, { what: 'a receiver', isOpen: true });
    return undefined;
  }
  const { keys } = made;
  const hidden = [...Object.keys(keys.secrets ?? {}), ...(keys.addresses ?? []), ...(keys.hiddenMaps ?? [])];
  const values = readMap(item, shapeOf(type, keys), sources.problems, {
    what: `${articleOf(type)} ${type} receiver`,
    also: [...hidden, 'ca'],
  });
  if (values === undefined || item.kind !== 'map') return undefined;
  checkNeeds(type, keys, item, sources);
  const complaint = made.check?.(values);
  if (complaint !== undefined)
    sources.problems.add(
      item.pairs.get(complaint.key)?.value.at ?? item.at,
      complaint.found,
      complaint.remedy,
    );
  const ca = readCa(item.pairs.get('ca')?.value, sources);
  return {
    ...values,
    ...readHidden(keys, item, sources),
    ...(ca === undefined ? {} : { ca }),
    name: textOf(values.name, ''),
    type,
    minSeverity: (values.minSeverity ?? 'info') as Severity,
    language: (values.language ?? 'en') as 'en' | 'ko',
  };
}

function checkNeeds(type: string, keys: ReceiverKeys, item: MapItem, { problems }: Sources): void {
  const { needs } = keys;
  const missing = needs.map((wanted) => wanted.filter((key) => !item.pairs.has(key)));
  if (!missing.some((absent) => absent.length === 0)) {
    const begun = needs.findIndex((wanted) => wanted.some((key) => item.pairs.has(key)));
    const wanted =
      begun < 0 ? needs.map((list) => list.join(' with ')).join(' or ') : (missing[begun] ?? []).join(', ');
    problems.addAbsence(item.at, `${articleOf(type)} ${type} receiver without ${wanted}`, `add ${wanted}`);
  }
  for (const [first, second] of keys.together ?? [])
    if (item.pairs.has(first) && !item.pairs.has(second))
      problems.addAbsence(
        item.pairs.get(first)?.keyAt ?? item.at,
        `${first} without ${second}`,
        `add ${second}, or remove ${first}`,
      );
  for (const [lesser, better] of keys.either ?? []) {
    const both = item.pairs.has(lesser) && item.pairs.get(better);
    if (both)
      problems.add(both.keyAt, `${better} beside ${lesser}`, `keep one of them: ${better} tells more`);
  }
}

function readHidden(
  keys: ReceiverKeys,
  item: MapItem,
  sources: Sources,
): Record<string, Secret | Readonly<Record<string, Secret>>> {
  const hidden: Record<string, Secret | Readonly<Record<string, Secret>>> = {};
  for (const [key, content] of Object.entries(keys.secrets ?? {})) {
    const pair = item.pairs.get(key);
    const secret = pair && readSecret(pair.value, key, sources);
    if (pair === undefined || secret === undefined) continue;
    if (content === 'url') checkHiddenUrl(secret, key, pair.value, sources);
    hidden[key] = secret;
  }
  for (const key of keys.addresses ?? []) {
    const pair = item.pairs.get(key);
    const address = pair && readAddress(pair.value, key, sources);
    if (address !== undefined) hidden[key] = address;
  }
  for (const key of keys.hiddenMaps ?? []) {
    const pair = item.pairs.get(key);
    if (pair !== undefined) hidden[key] = readHiddenMap(pair.value, key, sources);
  }
  return hidden;
}

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const SECRET_NAME = /auth|token|key|secret|cookie|password/i;

/** Headers: a name that sounds like a secret needs a reference, others may be written out. */
function readHiddenMap(item: Item, key: string, sources: Sources): Readonly<Record<string, Secret>> {
  const { problems } = sources;
  if (item.kind !== 'map') {
    problems.add(item.at, `${key} is ${kindOf(plain(item))}`, 'write { NAME: value, … }');
    return {};
  }
  const values: Record<string, Secret> = {};
  for (const [name, { value, keyAt }] of item.pairs) {
    if (!TOKEN.test(name)) problems.add(keyAt, `"${name}" is no name of a header`, 'write one like X-Team');
    const text = plain(value);
    const isWritten = typeof text === 'string' && !SECRET_NAME.test(name);
    if (isWritten && /^[\x20-\x7e]{1,1000}$/.test(text)) values[name] = new HiddenValue(text);
    else if (isWritten) problems.add(value.at, `${name} is no text for a header`, 'write it in ASCII');
    else {
      const secret = readSecret(value, name, sources);
      if (secret !== undefined) values[name] = secret;
    }
  }
  return values;
}

function checkHiddenUrl(secret: Secret, key: string, item: Item, { problems }: Sources): void {
  if (!isResolved(secret)) return;
  const text = secret.reveal();
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  problems.add(item.at, `${key}: what is referred to is not an http(s) URL`, 'put the whole URL there');
}

/** An address as a secret or written out; hidden in both cases, since its path may be all that protects it. */
function readAddress(item: Item, key: string, sources: Sources): Secret | undefined {
  if (item.kind === 'map') {
    const secret = readSecret(item, key, sources);
    if (secret !== undefined) checkHiddenUrl(secret, key, item, sources);
    return secret;
  }
  if (plain(item) === null) {
    sources.problems.add(item.at, `${key} is ${kindOf(null)}`, 'write a URL or { env: NAME }');
    return undefined;
  }
  const read = rules.readUrl(plain(item), ['https:', 'http:']);
  if (typeof read === 'string') return new HiddenValue(read);
  sources.problems.add(item.at, `${key} ${read.found}`, read.remedy);
  return undefined;
}

function articleOf(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a';
}
