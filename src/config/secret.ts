/**
 * Secrets: `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }` → a value that nothing prints by accident.
 * No error text here names a value, nor a word that could be one written at the wrong place.
 */
import { isAbsolute, join, resolve } from 'node:path';
import type { Item, MapItem } from './item.ts';
import { plain } from './item.ts';
import type { Position } from './problems.ts';
import type { Secret } from './settings.ts';
import type { Sources } from './sources.ts';
import { kindOf, nearestWord } from './words.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Prints, serialises and inspects as `[secret]`. */
export class HiddenValue implements Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [INSPECT](): string {
    return '[secret]';
  }
}

export function isSecret(value: unknown): value is Secret {
  return value instanceof HiddenValue;
}

/** A reference that was not followed, since whoever loaded the configuration has no use for what it hides. */
class LeftValue extends HiddenValue {
  override reveal(): string {
    throw new Error('a secret that was not asked for');
  }
}

/** True for a secret whose value is there to be checked. */
export function isResolved(secret: Secret): boolean {
  return !(secret instanceof LeftValue);
}

const FORMS = ['env', 'file', 'credential'] as const;
const FORMS_REMEDY = 'write { env: NAME }, { file: PATH } or { credential: NAME }';

/** Resolves a reference; `name` is the key it stands behind. Undefined after a problem was noted. */
export function readSecret(item: Item, name: string, sources: Sources): Secret | undefined {
  const { problems } = sources;
  if (item.kind !== 'map') {
    const found =
      item.kind === 'list' || plain(item) === null
        ? `${name} is ${kindOf(plain(item))}`
        : `${name} is written literally`;
    problems.add(item.at, found, `${FORMS_REMEDY}; a secret is never written here`);
    return undefined;
  }
  const reference = readReference(item, name, sources);
  if (reference === undefined) return undefined;
  if (!sources.followsSecrets) return new LeftValue('');
  const value = resolveReference(reference, sources);
  if (typeof value !== 'string') {
    problems.add(reference.at, `${name}: ${value.found}`, value.remedy);
    return undefined;
  }
  const trimmed = value.replace(/[\r\n]+$/, '');
  if (trimmed === '') {
    problems.add(reference.at, `${name}: what is referred to is empty`, 'put the secret there');
    return undefined;
  }
  if (/[\p{Cc}]/u.test(trimmed)) {
    problems.add(
      reference.at,
      `${name}: what is referred to has several lines or control characters`,
      'leave the secret alone there',
    );
    return undefined;
  }
  return new HiddenValue(trimmed);
}

interface Reference {
  readonly form: (typeof FORMS)[number];
  readonly target: string;
  readonly at: Position;
}

function readReference(item: MapItem, name: string, { problems }: Sources): Reference | undefined {
  let isSound = true;
  for (const [key, pair] of item.pairs) {
    if ((FORMS as readonly string[]).includes(key)) continue;
    const meant = nearestWord(key, FORMS);
    // A word that resembles none of the three may be the secret itself, put in braces.
    const found = meant === undefined ? `${name} has an unknown key` : `${name} has an unknown key "${key}"`;
    problems.add(pair.keyAt, found, meant === undefined ? FORMS_REMEDY : `did you mean "${meant}"?`);
    isSound = false;
  }
  if (!isSound) return undefined;
  const forms = FORMS.filter((form) => item.pairs.has(form));
  const [form] = forms;
  const target = form === undefined ? undefined : item.pairs.get(form)?.value;
  if (form === undefined || target === undefined || forms.length > 1) {
    problems.add(
      item.at,
      `${name} names ${forms.length === 0 ? 'no source' : 'several sources'}`,
      FORMS_REMEDY,
    );
    return undefined;
  }
  if (target.kind !== 'scalar' || typeof target.value !== 'string' || target.value === '') {
    problems.add(target.at, `${form} of ${name} is ${kindOf(plain(target))}, no name`, FORMS_REMEDY);
    return undefined;
  }
  return { form, target: target.value, at: target.at };
}

function resolveReference(
  { form, target, at }: Reference,
  sources: Sources,
): string | { found: string; remedy: string } {
  if (form === 'env') return resolveVariable(target, sources.env);
  if (form === 'file') {
    const text = sources.readSecretFile(resolve(sources.baseOf(at.file), target));
    return (
      text ?? {
        found: 'the file cannot be read',
        remedy: 'create it beside this file, or give an absolute path; the daemon must be able to read it',
      }
    );
  }
  const directory = sources.env.CREDENTIALS_DIRECTORY;
  if (directory === undefined || directory === '')
    return {
      found: 'there is no $CREDENTIALS_DIRECTORY',
      remedy: 'run under systemd with LoadCredential=, or use { env } or { file }',
    };
  if (isAbsolute(target) || target.includes('/') || target === '.' || target === '..')
    return {
      found: 'the credential has a path for a name',
      remedy: 'write the plain name given to LoadCredential=',
    };
  const text = sources.readSecretFile(join(directory, target));
  return (
    text ?? {
      found: 'there is no such credential',
      remedy: 'add LoadCredential= with this name to the systemd unit',
    }
  );
}

function resolveVariable(name: string, env: Sources['env']): string | { found: string; remedy: string } {
  const isPlainName = /^[A-Z_][A-Z0-9_]{0,63}$/.test(name);
  const shown = isPlainName ? ` ${name}` : ' named here';
  const value = env[name];
  if (value === undefined)
    return { found: `the environment variable${shown} is not set`, remedy: 'set it, or name another' };
  if (value.trim() === '')
    return { found: `the environment variable${shown} is empty`, remedy: 'put the secret there' };
  return value;
}
