/**
 * One term for one thing: every Korean word of ours, wherever it stands, in the terms that a Korean NOC uses. Walks the
 * sources, so that no catalogue can be forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = new URL('../../src', import.meta.url).pathname;
const HANGUL = /[\uac00-\ud7a3]/;

/** Every line with Korean words in it, as `file:line: text`. */
const lines = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && path !== join('words', 'korean.ts'))
  .flatMap((path) =>
    readFileSync(join(SRC, path), 'utf8')
      .split('\n')
      .map((text, index) => ({ at: `${path}:${index + 1}`, text }))
      .filter(({ text }) => HANGUL.test(text)),
  );

const found = (pattern: RegExp): readonly string[] =>
  lines.filter(({ text }) => pattern.test(text)).map(({ at, text }) => `${at}: ${text.trim()}`);

describe('the Korean of every catalogue', () => {
  it('is looked at whole', () => {
    expect(lines.length).toBeGreaterThan(400);
  });

  it.each<[term: string, instead: RegExp]>([
    ['오리진 AS', /기원|출발지|발신 AS/],
    ['경로 유출', /누출/],
    ['알림 중지', /무음|사일런스|침묵/],
    ['심각', /치명/],
    ['관측 상태', /가시성/],
    ['조회', /묻기|찾기'/],
    ['종료', /해소|끝내기|끝남|끝났|끝냈|: '끝'/],
    ['정상일 가능성', /무해/],
    ['valley-free 위반', /골짜기|계곡/],
    ['상위 사업자', /제공자|업스트림/],
    ['미광고 대역 무단 광고', /스쿼팅|미광고 주소/],
    ['인시던트', /사건|사고/],
    ['하이재킹', /탈취|납치/],
  ])('says %s and nothing else for it', (_term, instead) => {
    expect(found(instead)).toEqual([]);
  });

  it('leaves no choice of particles to the reader', () => {
    expect(
      found(/은\(는\)|는\(은\)|이\(가\)|가\(이\)|을\(를\)|를\(을\)|과\(와\)|와\(과\)|\(으\)로|\(이\)/),
    ).toEqual([]);
  });

  it('puts no fixed particle behind what is only known at run time', () => {
    // `${name}은` is wrong for half of the names; `${josa(name, '은는')}` is right for all. Counters close or open always.
    expect(found(/\$\{(?![^}]*josa)[^}]*\}(?:은|는|이|가|을|를|과|와|으로|로)(?= |\.|,|`)/)).toEqual([]);
  });
});
