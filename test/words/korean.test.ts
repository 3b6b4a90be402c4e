/** Particles follow the sound of the name before them. */
import { describe, expect, it } from 'vitest';
import { josa, type Particle } from '../../src/words/korean.ts';

const says = (particle: Particle, names: readonly string[]): readonly string[] =>
  names.map((name) => josa(name, particle));

describe('a Korean particle', () => {
  it('follows the digit as it is read', () => {
    const numbers = Array.from({ length: 10 }, (_, digit) => `AS${digit}`);
    expect(says('이가', numbers).map((text) => text.at(-1))).toEqual([...'이이가이가가이이이가']);
    expect(says('으로로', ['AS0', 'AS1', 'AS2', 'AS3', 'AS7', 'AS8'])).toEqual([
      'AS0으로',
      'AS1로',
      'AS2로',
      'AS3으로',
      'AS7로',
      'AS8로',
    ]);
    expect(says('을를', ['203.0.113.0/24', '10.0.0.0/21', '2001:db8::/32', '2001:db8::/48'])).toEqual([
      '203.0.113.0/24를',
      '10.0.0.0/21을',
      '2001:db8::/32를',
      '2001:db8::/48을',
    ]);
  });

  it('follows the final consonant of Hangul, and ㄹ as a vowel before 로', () => {
    expect(says('은는', ['카카오', '네이버클라우드', '다음', '서울'])).toEqual([
      '카카오는',
      '네이버클라우드는',
      '다음은',
      '서울은',
    ]);
    expect(says('으로로', ['서울', '부산', '대구'])).toEqual(['서울로', '부산으로', '대구로']);
  });

  it.each([
    ['KT', '는'],
    ['SDK', '는'],
    ['SKT', '는'],
    ['LG', '는'],
    ['NHN', '은'],
    ['IBM', '은'],
    ['URL', '은'],
    ['ROA', '는'],
    ['API', '는'],
  ])('spells %s', (name, particle) => {
    expect(josa(name, '은는')).toBe(`${name}${particle}`);
  });

  it.each([
    ['Kakao', '는'],
    ['Naver', '는'],
    ['Daum', '은'],
    ['Google', '은'],
    ['Slack', '은'],
    ['Telegram', '은'],
    ['Cloudflare', '는'],
    ['Facebook', '은'],
    ['Akamai', '는'],
    ['Apple', '은'],
    ['Amazon', '은'],
    ['Microsoft', '는'],
    ['Backbone', '은'],
    ['network', '는'],
    ['internet', '은'],
    ['web', '은'],
    ['Prime', '은'],
    ['Hosting', '은'],
    ['Traffic', '은'],
    ['backup', '은'],
    ['host', '는'],
    ['DREAMLINE', '은'],
    ['developers.kakao.com', '은'],
    ['example.net', '은'],
    ['www.kt.kr', '은'],
  ])('says %s as a word', (name, particle) => {
    expect(josa(name, '은는')).toBe(`${name}${particle}`);
  });

  it('reads over a remark in brackets and signs at the end', () => {
    expect(says('이가', ['AS9457 (DREAMX)', 'Kakao [kr] (7625)', 'AS7625.', '“다음”'])).toEqual([
      'AS9457 (DREAMX)이',
      'Kakao [kr] (7625)가',
      'AS7625.가',
      '“다음”이',
    ]);
  });
});
