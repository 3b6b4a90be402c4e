/**
 * Korean particles after names that end in a digit or a Latin letter: chosen by how the last sign is read aloud
 * (0 영, 1 일, 2 이, 3 삼 …), or by the final consonant of a Hangul syllable. Pure.
 */
const PARTICLES = { 은는: ['은', '는'], 이가: ['이', '가'], 을를: ['을', '를'], 과와: ['과', '와'] } as const;
export type Particle = keyof typeof PARTICLES;

/** Digits that are read with a final consonant: 영 일 삼 육 칠 팔. */
const CLOSED_DIGITS = '013678';
/** Letters whose Korean names end in a consonant: 엘 엠 엔 알. */
const CLOSED_LETTERS = 'LMNRlmnr';

/** The name with its particle: `withParticle('AS9457', '이가')` → `AS9457이`. A bracket at the end is read over. */
export function withParticle(name: string, particle: Particle): string {
  const [closed, open] = PARTICLES[particle];
  return `${name}${isClosed(lastRead(name)) ? closed : open}`;
}

function lastRead(name: string): string {
  return (
    name
      .replace(/\s*\([^()]*\)$/, '')
      .replace(/[^\p{L}\p{N}]+$/u, '')
      .at(-1) ?? ''
  );
}

function isClosed(sign: string): boolean {
  const code = sign.charCodeAt(0);
  if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 !== 0;
  return CLOSED_DIGITS.includes(sign) || CLOSED_LETTERS.includes(sign);
}
