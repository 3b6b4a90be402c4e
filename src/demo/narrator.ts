/** What the demo says: plain paragraphs on stdout, outside text made harmless. */

import { isoTime } from '../incident/alert.ts';
import { printable } from '../words/printable.ts';

const WIDTH = 100;
const SEOUL_AHEAD_MS = 9 * 3_600_000;

export class Narrator {
  private readonly stdout: { write(text: string): unknown };

  constructor(stdout: { write(text: string): unknown }) {
    this.stdout = stdout;
  }

  line(text = ''): void {
    this.stdout.write(`${printable(text)}\n`);
  }

  /** A paragraph under a heading. */
  paragraph(heading: string, text: string): void {
    this.line();
    this.line(heading);
    for (const line of wrapped(text, WIDTH - 2)) this.line(`  ${line}`);
  }

  /** What some part of the daemon said, marked with who. */
  heard(who: string, text: string): void {
    const [first = '', ...rest] = wrapped(text, WIDTH - 15);
    this.line(`  ${who.padEnd(11)}│ ${first}`);
    for (const line of rest) this.line(`  ${''.padEnd(11)}│ ${line}`);
  }
}

/** `2022-02-03 10:04:18 in Seoul`. */
export function seoulTime(at: string): string {
  return `${isoTime(Date.parse(at) + SEOUL_AHEAD_MS)
    .slice(0, 19)
    .replace('T', ' ')} in Seoul`;
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
