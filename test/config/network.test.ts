/** The section `network` and the key `ca`: what is taken, and what is said where it stands. */
import { describe, expect, it } from 'vitest';
import { TEST_CERTIFICATE } from '../deliver/tls.ts';
import { config, errorsOf } from './files.ts';

const DAMAGED = TEST_CERTIFICATE.replace('MIIB', 'AAAA');
const FILES = {
  'ca.pem': `# our authority\n${TEST_CERTIFICATE}`,
  'empty.pem': 'nothing',
  'bad.pem': DAMAGED,
};

describe('the section network', () => {
  it('takes a proxy, what is reached directly, and an authority', () => {
    const { network } = config(
      'network:\n  proxy: "http://proxy.example:3128"\n  noProxy: [10.0.0.0/8, "2001:db8::/32", .corp.example, siem]\n  ca: { file: ca.pem }\n',
      {},
      FILES,
    );
    expect(network.proxy?.reveal()).toBe('http://proxy.example:3128');
    expect(network.noProxy).toEqual(['10.0.0.0/8', '2001:db8::/32', '.corp.example', 'siem']);
    expect(network.ca).toContain('BEGIN CERTIFICATE');
    expect(JSON.stringify(network)).not.toContain('proxy.example');
  });

  it('takes a proxy with a password from the environment, and nowhere else', () => {
    const env = { PROXY: 'http://noc:s3cr3t@proxy.example:3128', BAD: 'proxy.example:3128 s3cr3t' };
    expect(config('network: { proxy: { env: PROXY } }\n', { env }).network.proxy?.reveal()).toBe(env.PROXY);
    const literal = errorsOf(() => config(`network:\n  proxy: ${env.PROXY}\n`));
    expect(literal[0]).toMatch(/^c\.yaml:3:10: proxy has a user name or password written into it;/);
    const bad = errorsOf(() => config('network: { proxy: { env: BAD } }\n', { env }));
    expect(bad[0]).toMatch(/^c\.yaml:2:19: proxy: the proxy is not an http:\/\//);
    expect([...literal, ...bad].join()).not.toContain('s3cr3t');
  });

  it.each([
    ['network: { proxy: "ftp://proxy.example" }', /^c\.yaml:2:19: proxy is a URL of another protocol; /],
    ['network: { ca: ca.pem }', /^c\.yaml:2:16: ca is .*, no \{ file: PATH \}; /],
    ['network: { ca: { file: gone.pem } }', /^c\.yaml:2:24: the file "gone\.pem" does not exist; /],
    [
      'network: { ca: { file: empty.pem } }',
      /^c\.yaml:2:24: the file "empty\.pem" has no certificate in it; /,
    ],
    [
      'network: { ca: { file: bad.pem } }',
      /^c\.yaml:2:24: the file "bad\.pem" has a certificate that cannot be read/,
    ],
    ['network: { noProxy: [10.0.0.0/40] }', /^c\.yaml:2:22: .*"10\.0\.0\.0\/40" is no host and no address; /],
    ['network: { proxi: x }', /^c\.yaml:2:12: unknown key "proxi"; .*"proxy"/],
  ])('says what is wrong with %s', (lines, error) => {
    expect(errorsOf(() => config(`${lines}\n`, {}, FILES))[0]).toMatch(error);
  });

  it('gives a receiver an authority of its own', () => {
    const lines =
      'receivers:\n  - { name: a, type: webhook, url: "https://siem.example/", ca: { file: ca.pem } }\n';
    expect(config(lines, {}, FILES).receivers[0]?.ca).toContain('BEGIN CERTIFICATE');
    const wrong = errorsOf(() => config(lines.replace('ca.pem', 'empty.pem'), {}, FILES));
    expect(wrong[0]).toContain('has no certificate in it');
  });
});
