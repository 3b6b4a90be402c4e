/**
 * The section `receivers`: whom to tell, each type with its own keys. `deliver/` takes the result as it is; a new
 * type is one line in the closed list here and one file there.
 */
import { SEVERITIES, type Severity } from '../bgp/severity.ts';
import { type Item, type MapItem, plain } from './item.ts';
import { readCa } from './network.ts';
import * as rules from './rules.ts';
import { HiddenValue, isResolved, readSecret } from './secret.ts';
import { readList, textOf, UniqueNames } from './section.ts';
import type { ReceiverSettings, Secret } from './settings.ts';
import { type Rule, readMap, type Shape, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { kindOf } from './words.ts';

interface ReceiverSpec {
  /** Keys with plain values. */
  readonly plain: () => Record<string, Rule>;
  /** Keys with a secret; `url`: what it hides has to be an http or https URL. */
  readonly secrets?: Readonly<Record<string, 'text' | 'url'>>;
  /** Keys with an address that may be a secret and may be written out. */
  readonly addresses?: readonly string[];
  /** What has to be there; inner lists are alternatives, the first complete one counts. */
  readonly needs: readonly (readonly string[])[];
}

const httpUrl = (): Rule => rules.url(['https:', 'http:']);
const word = (): Rule => rules.wordText();

const RECEIVERS: Readonly<Record<string, ReceiverSpec>> = {
  slack: {
    plain: () => ({ channel: word(), apiUrl: httpUrl(), mention: rules.mention() }),
    secrets: { webhookUrl: 'url', botToken: 'text', appToken: 'text' },
    needs: [['webhookUrl'], ['botToken', 'channel']],
  },
  webhook: { plain: () => ({}), secrets: { secret: 'text' }, addresses: ['url'], needs: [['url']] },
  alertmanager: { plain: () => ({}), secrets: { bearerToken: 'text' }, addresses: ['url'], needs: [['url']] },
  pagerduty: { plain: () => ({ url: httpUrl() }), secrets: { routingKey: 'text' }, needs: [['routingKey']] },
  email: {
    plain: () => ({
      host: word(),
      port: rules.wholeNumber(1, 65_535),
      secure: rules.flag(),
      user: word(),
      from: word(),
      to: rules.wordOrWords(),
    }),
    secrets: { password: 'text' },
    needs: [['host', 'from', 'to']],
  },
  syslog: {
    plain: () => ({
      host: word(),
      port: rules.wholeNumber(1, 65_535),
      protocol: rules.enumOf(['udp', 'tcp', 'tls']),
    }),
    needs: [['host']],
  },
  teams: { plain: () => ({}), secrets: { webhookUrl: 'url' }, needs: [['webhookUrl']] },
  telegram: {
    plain: () => ({ chatId: rules.wordOrNumber(), apiUrl: httpUrl() }),
    secrets: { botToken: 'text' },
    needs: [['botToken', 'chatId']],
  },
  command: {
    plain: () => ({
      command: rules.listOf(rules.lineText(4_096), { isEmptyAllowed: false }),
      timeoutSeconds: rules.duration('seconds'),
    }),
    needs: [['command']],
  },
};

/** Every type a receiver can have. */
const RECEIVER_TYPES: readonly string[] = Object.keys(RECEIVERS);

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

function shapeOf(type: string, spec: ReceiverSpec): Shape {
  const made = shapes.get(type) ?? shape(() => ({ ...baseRules(), ...spec.plain() }));
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
  const spec = typeof type === 'string' && Object.hasOwn(RECEIVERS, type) ? RECEIVERS[type] : undefined;
  if (spec === undefined || typeof type !== 'string') {
    // Which keys it may have is not known: only those of all receivers are looked at.
    readMap(item, baseShape(), sources.problems, { what: 'a receiver', isOpen: true });
    return undefined;
  }
  const hidden = [...Object.keys(spec.secrets ?? {}), ...(spec.addresses ?? [])];
  const values = readMap(item, shapeOf(type, spec), sources.problems, {
    what: `${articleOf(type)} ${type} receiver`,
    also: [...hidden, 'ca'],
  });
  if (values === undefined || item.kind !== 'map') return undefined;
  checkNeeds(type, spec, item, sources);
  const ca = readCa(item.pairs.get('ca')?.value, sources);
  return {
    ...values,
    ...readHidden(spec, item, sources),
    ...(ca === undefined ? {} : { ca }),
    name: textOf(values.name, ''),
    type,
    minSeverity: (values.minSeverity ?? 'info') as Severity,
    language: (values.language ?? 'en') as 'en' | 'ko',
  };
}

function checkNeeds(type: string, { needs }: ReceiverSpec, item: MapItem, { problems }: Sources): void {
  const missing = needs.map((keys) => keys.filter((key) => !item.pairs.has(key)));
  if (!missing.some((keys) => keys.length === 0)) {
    const begun = needs.findIndex((keys) => keys.some((key) => item.pairs.has(key)));
    const wanted =
      begun < 0 ? needs.map((keys) => keys.join(' with ')).join(' or ') : (missing[begun] ?? []).join(', ');
    problems.addAbsence(item.at, `${articleOf(type)} ${type} receiver without ${wanted}`, `add ${wanted}`);
  }
  for (const [first, second] of TOGETHER[type] ?? [])
    if (item.pairs.has(first) && !item.pairs.has(second))
      problems.addAbsence(
        item.pairs.get(first)?.keyAt ?? item.at,
        `${first} without ${second}`,
        `add ${second}, or remove ${first}`,
      );
  const both = type === 'slack' && item.pairs.has('webhookUrl') && item.pairs.get('botToken');
  if (both)
    problems.add(both.keyAt, 'botToken beside webhookUrl', 'keep one of them: a bot token tells more');
}

/** The first key means nothing without the second. */
const TOGETHER: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  slack: [
    ['appToken', 'botToken'],
    ['botToken', 'channel'],
  ],
  email: [
    ['password', 'user'],
    ['user', 'password'],
  ],
};

function readHidden(spec: ReceiverSpec, item: MapItem, sources: Sources): Record<string, Secret> {
  const hidden: Record<string, Secret> = {};
  for (const [key, content] of Object.entries(spec.secrets ?? {})) {
    const pair = item.pairs.get(key);
    const secret = pair && readSecret(pair.value, key, sources);
    if (pair === undefined || secret === undefined) continue;
    if (content === 'url') checkHiddenUrl(secret, key, pair.value, sources);
    hidden[key] = secret;
  }
  for (const key of spec.addresses ?? []) {
    const pair = item.pairs.get(key);
    const address = pair && readAddress(pair.value, key, sources);
    if (address !== undefined) hidden[key] = address;
  }
  return hidden;
}

function checkHiddenUrl(secret: Secret, key: string, item: Item, { problems }: Sources): void {
  if (!isResolved(secret)) return;
  const text = secret.reveal();
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  problems.add(item.at, `${key}: what is referred to is no http or https URL`, 'put the whole URL there');
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
