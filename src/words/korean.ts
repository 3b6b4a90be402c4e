/**
 * Korean particles after names: chosen by how the last sign is read aloud. Hangul by its final consonant; a digit as
 * it is read (0 영, 1 일, 2 이 …); Latin as letters (`KT` 케이티, `SDK` 에스디케이) or as the word that people say
 * (`Slack` 슬랙, `Cloudflare` 클라우드플레어). A remark in brackets at the end is read over. Pure.
 */
const PARTICLES = {
  은는: ['은', '는'],
  이가: ['이', '가'],
  을를: ['을', '를'],
  과와: ['과', '와'],
  으로로: ['으로', '로'],
  이라라: ['이라', '라'],
  이나나: ['이나', '나'],
  이며며: ['이며', '며'],
} as const;
export type Particle = keyof typeof PARTICLES;

/** How a sound ends: with a vowel, with ㄹ, or with another consonant. 으로/로 takes ㄹ for a vowel. */
type Coda = 'open' | 'rieul' | 'closed';

/** The name with its particle: `josa('AS9457', '이가')` → `AS9457이`. */
export function josa(name: string, particle: Particle): string {
  return `${name}${particleAfter(name, particle)}`;
}

/** The particle alone. */
export function particleAfter(name: string, particle: Particle): string {
  const [closed, open] = PARTICLES[particle];
  const coda = codaOf(name);
  const isOpen = coda === 'open' || (coda === 'rieul' && particle === '으로로');
  return isOpen ? open : closed;
}

function codaOf(name: string): Coda {
  const read = lastWord(name);
  const sign = read.at(-1) ?? '';
  if (/\d/.test(sign)) return DIGITS[sign] ?? 'open';
  if (/[A-Za-z]/.test(sign)) return codaOfLatin(/[A-Za-z']+$/.exec(read)?.[0] ?? sign);
  return codaOfHangul(sign);
}

/** Without brackets and signs at the end; with nothing but them, as it is. */
function lastWord(name: string): string {
  const bare = name.replace(/(?:\s*[([][^()[\]]*[)\]])+\s*$/, '').replace(/[^\p{L}\p{N}]+$/u, '');
  return bare === '' ? name.replace(/[^\p{L}\p{N}]+$/u, '') : bare;
}

/** Hangul syllables are laid out by initial, vowel and one of 28 finals; 0 is none, 8 is ㄹ (Unicode 3.12). */
function codaOfHangul(sign: string): Coda {
  const code = sign.charCodeAt(0);
  if (code < 0xac00 || code > 0xd7a3) return 'open';
  const final = (code - 0xac00) % 28;
  return final === 0 ? 'open' : final === 8 ? 'rieul' : 'closed';
}

/** 영 일 이 삼 사 오 육 칠 팔 구; tens, hundreds and thousands (십, 백, 천) close like 영. */
const DIGITS: Readonly<Record<string, Coda>> = {
  '0': 'closed',
  '1': 'rieul',
  '3': 'closed',
  '6': 'closed',
  '7': 'rieul',
  '8': 'rieul',
};

/** 엘, 엠, 엔, 알; all other letters' names end in a vowel. */
const LETTERS: Readonly<Record<string, Coda>> = { l: 'rieul', m: 'closed', n: 'closed', r: 'rieul' };

/** As it is said, where neither rule below would find it. */
const SAID: Readonly<Record<string, Coda>> = {
  web: 'closed',
  line: 'closed',
  net: 'closed',
  com: 'closed',
  org: 'open',
  kr: 'rieul',
  prefix: 'open',
  bird: 'open',
};

/** Short capitals, and what has no vowel to be said with, are spelled; all else is a word. */
function codaOfLatin(word: string): Coda {
  const lower = word.toLowerCase().replaceAll("'", '');
  const said = SAID[lower];
  if (said !== undefined) return said;
  const isSpelled = !/[aeiouy]/.test(lower) || (word === word.toUpperCase() && word.length <= 4);
  return isSpelled ? (LETTERS[lower.at(-1) ?? ''] ?? 'open') : codaOfWord(lower);
}

/**
 * By the rules that loanwords are written with (외래어 표기법, 제3장 제1절): stops after a short vowel close the syllable,
 * after a long one or a consonant they get a vowel of their own; l, m, n and ng always close.
 */
const ENDINGS: readonly (readonly [RegExp, Coda])[] = [
  [/le?$/, 'rieul'],
  [/(?:[nm]|ne|me|ng)$/, 'closed'],
  [/(?:ck|ook|ic|ac|oc)$/, 'closed'],
  [/(?:^|[^aeiou])[aeiou]k$/, 'closed'],
  [/(?:^|[^aeiou])(?:[aeiou]|u[aeio])[pt]$/, 'closed'],
  [/oup$/, 'closed'],
];

function codaOfWord(word: string): Coda {
  return ENDINGS.find(([ending]) => ending.test(word))?.[1] ?? 'open';
}
