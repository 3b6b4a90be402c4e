/**
 * Where the configuration comes from: the one place of `config/` that reads files and the environment, remembers
 * which files these were, and turns bytes into text.
 */
import { isUtf8 } from 'node:buffer';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Item, readYaml } from './item.ts';
import type { Position, Problems } from './problems.ts';

export type ReadFile = (absolutePath: string) => Uint8Array;
/** Whose secrets are wanted: `serve`, or `receiver NAME`. */
export type SecretsOf = (owner: string) => boolean;
export type Environment = Readonly<Record<string, string | undefined>>;

/** A file as it was named, for people, and where it is. */
export interface FileName {
  readonly shown: string;
  readonly absolute: string;
}

export class Sources {
  readonly problems: Problems;
  readonly env: Environment;
  readonly #readFile: ReadFile;
  readonly #files = new Set<string>();
  readonly #secretsOf: SecretsOf;
  #followsSecrets = true;
  /** A million entries are a hundred megabytes: not read twice. */
  #peeked: { readonly absolute: string; readonly bytes: Uint8Array } | undefined;

  constructor(problems: Problems, env: Environment, readFile: ReadFile, secretsOf: SecretsOf = () => true) {
    this.problems = problems;
    this.env = env;
    this.#readFile = readFile;
    this.#secretsOf = secretsOf;
  }

  /** Are the secrets that are read now wanted? Else their form is checked, and nothing behind it is looked at. */
  get followsSecrets(): boolean {
    return this.#followsSecrets;
  }

  /** Reads what belongs to somebody with secrets: a receiver, by its name, or `serve`. */
  ownedBy<T>(owner: string, read: () => T): T {
    this.#followsSecrets = this.#secretsOf(owner);
    try {
      return read();
    } finally {
      this.#followsSecrets = true;
    }
  }

  /** Absolute paths of everything that was read or asked for, in that order. */
  get files(): readonly string[] {
    return [...this.#files];
  }

  /** A path given by a user: relative to the working directory. */
  named(path: string): FileName {
    return { shown: path, absolute: resolve(path) };
  }

  /** A path written in a file: relative to that file, and shown the way that file is. */
  beside(file: string, path: string): FileName {
    return isAbsolute(path)
      ? { shown: path, absolute: resolve(path) }
      : { shown: join(dirname(file), path), absolute: resolve(this.baseOf(file), path) };
  }

  /** The directory of a file, absolute. */
  baseOf(file: string): string {
    return dirname(resolve(file));
  }

  /** The bytes of a file; a problem at `namedAt`, or at the file's own start, when it cannot be read. */
  bytes(name: FileName, namedAt: Position | undefined): Uint8Array | undefined {
    this.#files.add(name.absolute);
    const peeked = this.#peeked;
    this.#peeked = undefined;
    if (peeked?.absolute === name.absolute) return peeked.bytes;
    try {
      return this.#readFile(name.absolute);
    } catch (error) {
      const at = namedAt ?? { file: name.shown, line: 1, col: 1 };
      const subject = namedAt === undefined ? 'the file' : `the file ${JSON.stringify(name.shown)}`;
      const [found, remedy] = READ_ERRORS[(error as NodeJS.ErrnoException).code ?? ''] ?? [
        'cannot be read',
        'check the file',
      ];
      this.problems.addAbsence(at, `${subject} ${found}`, remedy);
      return undefined;
    }
  }

  /** A file that counts among those the settings came from, without being read. */
  note(name: FileName): void {
    this.#files.add(name.absolute);
  }

  /** The bytes of a file that will be read, or undefined; says nothing. Kept for the reading when it is the next. */
  peek(name: FileName): Uint8Array | undefined {
    this.#files.add(name.absolute);
    try {
      const bytes = this.#readFile(name.absolute);
      this.#peeked = { absolute: name.absolute, bytes };
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** True for a file that can be read. It is not among `files`: somebody else keeps an eye on it. */
  isReadable(name: FileName): boolean {
    try {
      this.#readFile(name.absolute);
      return true;
    } catch {
      return false;
    }
  }

  /** The text of a UTF-8 file, without byte order mark. */
  text(name: FileName, namedAt: Position | undefined): string | undefined {
    const bytes = this.bytes(name, namedAt);
    return bytes === undefined ? undefined : this.textOf(bytes, name.shown);
  }

  textOf(bytes: Uint8Array, shown: string): string | undefined {
    return this.isText(bytes, shown) ? new TextDecoder('utf-8').decode(bytes) : undefined;
  }

  /** True for UTF-8 without NUL; otherwise says where it is not. Makes no string of what is sound. */
  isText(bytes: Uint8Array, shown: string): boolean {
    if (isUtf8(bytes) && bytes.indexOf(0) < 0) return true;
    const text = new TextDecoder('utf-8').decode(bytes);
    const bad = Math.max(0, isUtf8(bytes) ? text.indexOf('\0') : text.search(/[\0\ufffd]/));
    const before = text.slice(0, bad).split('\n');
    const at = { file: shown, line: before.length, col: (before.at(-1)?.length ?? 0) + 1 };
    this.problems.addSyntax(at, 'bytes that are no UTF-8 text', 'save the file as plain text in UTF-8');
    return false;
  }

  /** A YAML file as a tree; an empty one is a problem. */
  yaml(name: FileName, namedAt: Position | undefined): Item | undefined {
    this.problems.announce(name.shown);
    const text = this.text(name, namedAt);
    if (text === undefined) return undefined;
    const item = readYaml(text, name.shown, this.problems);
    if (item === undefined)
      this.problems.addAbsence(
        { file: name.shown, line: 1, col: 1 },
        'the file is empty',
        'start from the shipped one',
      );
    return item;
  }

  /** The content of a secret's file; undefined when it cannot be read. Says nothing. */
  readSecretFile(absolute: string): string | undefined {
    this.#files.add(absolute);
    try {
      return new TextDecoder('utf-8').decode(this.#readFile(absolute));
    } catch {
      return undefined;
    }
  }
}

const READ_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['does not exist', 'create it or name another'],
  EACCES: ['may not be read', 'give the user that runs this the right to read it'],
  EPERM: ['may not be read', 'give the user that runs this the right to read it'],
  EISDIR: ['is a directory', 'name a file in it'],
  ENOTDIR: ['does not exist', 'create it or name another'],
  ENAMETOOLONG: ['has too long a name', 'name another'],
  ELOOP: ['is a symbolic link to itself', 'name another'],
};
