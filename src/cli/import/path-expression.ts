/**
 * BGPalerter's path expressions (JavaScript, on `137,3333,1335,2914`, an AS_SET as `[789,101112]`) → ours, which are
 * written as on routers, on `137 3333 1335 2914` and `{789,101112}`.
 */
import { compileAsPathRegex } from '../../judge/as-path-regex.ts';

export type Expression = { readonly expression: string } | { readonly error: string };

export function routerExpression(pattern: string): Expression {
  if (/\(\?[=!<]/.test(pattern))
    return { error: 'it looks ahead or behind, which expressions of routers do not' };
  const expression = withoutCommas(
    pattern
      .replace(/\(\?:/g, '(')
      .replace(/\(,\|\^\)|\(\^\|,\)|\(,\|\$\)|\(\$\|,\)/g, '_')
      .replace(/\\b/g, '_')
      .replace(/([*+?}])\?/g, '$1'),
  );
  const compiled = compileAsPathRegex(expression);
  return 'error' in compiled ? { error: compiled.error } : { expression };
}

/** A comma between AS numbers is `_`, inside a class a blank; inside `\[ \]` it stays, and the brackets become braces. */
function withoutCommas(pattern: string): string {
  let written = '';
  let isSet = false;
  let isClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    if (sign === '\\') {
      const escaped = pattern[at + 1] ?? '';
      at += 1;
      if (escaped === '[') isSet = true;
      if (escaped === ']') isSet = false;
      written += escaped === '[' ? '\\{' : escaped === ']' ? '\\}' : escaped === ',' ? '_' : `\\${escaped}`;
    } else if (sign === ',' && !isRepetition(pattern, at)) written += isSet ? ',' : isClass ? ' ' : '_';
    else {
      if (sign === '[') isClass = true;
      if (sign === ']') isClass = false;
      written += sign;
    }
  }
  return written;
}

/** `{2,3}`: the comma of a repetition. */
function isRepetition(pattern: string, at: number): boolean {
  return /\{\d*$/.test(pattern.slice(0, at)) && /^,\d*\}/.test(pattern.slice(at));
}

/** True for an expression that every path of this origin matches: `.*`, `.*2914$`. */
export function matchesAlways(pattern: string, origins: readonly number[]): boolean {
  const bare = pattern.replace(/^\^?(\.\*)?/, '').replace(/^\((?:,\|\^|\^\|,)\)|^,/, '');
  if (bare === '' || bare === '.*' || bare === '$') return true;
  const [, origin] = /^(\d+)\$$/.exec(bare) ?? [];
  return origin !== undefined && origins.length === 1 && Number(origin) === origins[0];
}
