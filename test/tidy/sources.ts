/** The project's own files as the house rules see them: text, code without comments and strings, imports. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  /** As written; a relative one is resolved to a path from the project's root. */
  readonly target: string;
  readonly isLocal: boolean;
  /** False when nothing of it is left at run time (types), or it is loaded when asked for (`import()`). */
  readonly isLoaded: boolean;
}

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings blanked, line by line the same. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: withoutWords(text, true), imports: importsOf(path, withoutWords(text, false)) };
}

/** What git tracks or would track, so that build output and scratch files don't count. */
export function projectFiles(...patterns: readonly string[]): readonly string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...patterns],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .sort();
}

export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function sources(...patterns: readonly string[]): readonly SourceFile[] {
  return projectFiles(...patterns).map((path) => sourceFile(path, readProjectFile(path)));
}

function importsOf(path: string, code: string): readonly Import[] {
  const found: Import[] = [];
  const statement =
    /(?:^|[;\n])\s*(?:import|export)\b(\s+type\b)?(?:[^'";]*?\bfrom)?\s*'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'\s*\)/g;
  for (const [, type, fixed, dynamic] of code.matchAll(statement)) {
    const written = fixed ?? dynamic ?? '';
    const isLocal = written.startsWith('.');
    const target = isLocal ? posix.join(posix.dirname(path), written) : written;
    found.push({ target, isLocal, isLoaded: type === undefined && dynamic === undefined });
  }
  return found;
}

/** Characters after which a slash begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};<>+\-*%~^]|\b(?:return|typeof|case|in|of))\s*$/;

/** Blanks comments, and with `strings` the insides of strings, templates and regular expressions; keeps every line break. */
function withoutWords(text: string, strings: boolean): string {
  let out = '';
  let at = 0;
  const blank = (end: number): void => {
    out += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const keep = (end: number): void => {
    out += text.slice(at, end);
    at = end;
  };
  const quoted = (end: number): void => {
    keep(strings ? at + 1 : end);
    if (!strings) return;
    blank(Math.max(at, end - 1));
    keep(end);
  };
  const braces: number[] = [];
  let depth = 0;
  const template = (from: number): void => {
    const end = endOfTemplate(text, from);
    if (strings) blank(end.at);
    else keep(end.at);
    if (end.isHole) {
      braces.push(depth);
      depth += 1;
    }
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    const two = text.slice(at, at + 2);
    if (two === '//') blank(endOf(text, '\n', at));
    else if (two === '/*') blank(Math.min(text.length, endOf(text, '*/', at + 2) + 2));
    else if (char === "'" || char === '"') quoted(endOfQuoted(text, at + 1, char));
    else if (char === '`') template(at + 1);
    else if (char === '/' && BEFORE_REGEX.test(out.slice(-40))) quoted(endOfRegex(text, at + 1));
    else if (char === '{') {
      depth += 1;
      keep(at + 1);
    } else if (char === '}') {
      depth -= 1;
      if (braces.at(-1) === depth) {
        braces.pop();
        template(at + 1);
      } else keep(at + 1);
    } else keep(at + 1);
  }
  return out;
}

function endOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return Math.min(text.length, at + 1);
}

function endOfRegex(text: string, from: number): number {
  let isClass = false;
  let at = from;
  while (at < text.length && text[at] !== '\n' && (isClass || text[at] !== '/')) {
    if (text[at] === '[') isClass = true;
    else if (text[at] === ']') isClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(text.length, at + 1);
}

function endOfTemplate(text: string, from: number): { readonly at: number; readonly isHole: boolean } {
  let at = from;
  while (at < text.length && text[at] !== '`') {
    if (text[at] === '$' && text[at + 1] === '{') return { at: at + 2, isHole: true };
    at += text[at] === '\\' ? 2 : 1;
  }
  return { at: Math.min(text.length, at + 1), isHole: false };
}
