/** What is said when the code itself cannot be read: words, no stack trace. */
import { describe, expect, it } from 'vitest';
import { whyNotLoaded } from '../../src/cli/not-loaded.ts';

const failed = (code: string, message: string) => Object.assign(new Error(message), { code });

describe('code that cannot be read', () => {
  it.each(['EMFILE', 'ENFILE'])('for want of open files (%s) names the limit to raise', (code) => {
    const words = whyNotLoaded(failed(code, `${code}: too many open files, open 'x.js'\n    at openSync`));
    expect(words).toBe(
      `too many files are open (${code}): raise the limit (ulimit -n 1024; LimitNOFILE=1024 in a unit)`,
    );
  });

  it('and is not found is named on one line, with both things that would do', () => {
    const words = whyNotLoaded(failed('ERR_MODULE_NOT_FOUND', "Cannot find package 'pino'\n    at resolve"));
    expect(words).toContain("(Cannot find package 'pino')");
    expect(words).toContain('install it again');
    expect(words).not.toContain('\n');
  });

  it('is no other error', () => {
    expect(whyNotLoaded(failed('ENOENT', 'no such file'))).toBeUndefined();
    expect(whyNotLoaded(new TypeError('x is undefined'))).toBeUndefined();
    expect(whyNotLoaded('EMFILE')).toBeUndefined();
  });
});
