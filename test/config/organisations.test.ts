/** CAIDA's as2org in its forms: text with and without `opaque_id`, JSON lines, gzip; and what is wrong is said with its line. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { config, errorsOf } from './files.ts';

const TEXT = `# format: aut|changed|aut_name|org_id|opaque_id|source
7625|20200101|KAKAO|KKO-AP|abc|APNIC
38099|20200101|KAKAO2|KKO-AP|def|APNIC
# format: org_id|changed|name|country|source
KKO-AP|20200101|Kakao Corp #1|KR|APNIC
`;
const OLD = TEXT.replaceAll(/\|(abc|def)\|/g, '|');
const LINES = [
  {
    organizationId: 'KKO-AP',
    changed: '20200101',
    name: 'Kakao Corp #1',
    country: 'KR',
    source: 'APNIC',
    type: 'Organization',
  },
  {
    asn: '7625',
    changed: '20200101',
    name: 'KAKAO',
    opaqueId: 'a',
    organizationId: 'KKO-AP',
    source: 'APNIC',
    type: 'ASN',
  },
  {
    asn: '38099',
    changed: '20200101',
    name: 'KAKAO2',
    organizationId: 'KKO-AP',
    source: 'APNIC',
    type: 'ASN',
  },
]
  .map((row) => JSON.stringify(row))
  .join('\n');

test.each([
  ['text', TEXT],
  ['the older text', OLD],
  ['JSON lines', LINES],
  ['gzip', gzipSync(TEXT)],
])('%s', (_, content) => {
  const lines = 'knowledge:\n  organisations: { file: organisations.txt }\n';
  const { organisations } = config(lines, {}, { 'organisations.txt': content }).knowledge;
  expect([...organisations.of]).toEqual([
    [7625, 'KKO-AP'],
    [38_099, 'KKO-AP'],
  ]);
  expect([...organisations.names]).toEqual([['KKO-AP', 'Kakao Corp #1']]);
});

test('inline, a name and its ASes', () => {
  const { organisations } = config('knowledge:\n  organisations: { Kakao: [7625, AS38099] }\n').knowledge;
  expect([organisations.of.get(38_099), organisations.names.get('Kakao')]).toEqual(['Kakao', 'Kakao']);
});

test('a wrong line is told with its number, and a damaged file as such', () => {
  const lines = 'knowledge:\n  organisations: { file: organisations.txt }\n';
  const of = (content: string | Uint8Array): string =>
    errorsOf(() => config(lines, {}, { 'organisations.txt': content }))[0] ?? '';
  expect(of(`${TEXT}7625|x\n`)).toMatch(/organisations\.txt:6:1: "7625\|x" is no line of as2org/);
  expect(of(gzipSync(TEXT).subarray(0, 40))).toContain('damaged gzip');
});
