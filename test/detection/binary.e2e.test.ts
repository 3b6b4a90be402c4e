/** The program as it is installed says what the goldens say. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectedFile, goldenSteps, readGolden } from '../golden/scenario-file.ts';
import { linesOf } from '../scenario.ts';

const BINARY = new URL('../../dist/main.js', import.meta.url).pathname;

test.skipIf(!existsSync(BINARY))(
  'the built program replays the Kakao hijack to the golden (skipped: run npm run build first)',
  () => {
    const golden = readGolden('klayswap-kakao-2022');
    const folder = mkdtempSync(join(tmpdir(), 'originwatch-binary-'));
    try {
      const { begin, steps } = goldenSteps(golden);
      const file = (name: string): string => join(folder, name);
      writeFileSync(file('watchlist.yaml'), JSON.stringify({ watch: golden.watch }));
      writeFileSync(file('originwatch.yaml'), JSON.stringify({ watchlist: 'watchlist.yaml' }));
      writeFileSync(file('frames.ndjson'), `${linesOf(steps, begin).join('\n')}\n`);
      const words = [
        'replay',
        file('frames.ndjson'),
        '--config',
        file('originwatch.yaml'),
        '--json',
        '--to',
        golden.until,
      ];
      const stdout = execFileSync(process.execPath, [BINARY, ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(stdout).toBe(readFileSync(expectedFile(golden.id), 'utf8'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
