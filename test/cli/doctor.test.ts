/** `doctor`: each look has its line, says what would do, and decides the exit code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Look, runDoctor } from '../../src/cli/doctor/doctor.ts';
import { openStore } from '../../src/store/store.ts';
import { closedPort, httpStandIn } from '../deliver/stand-ins.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'originwatch-doctor-'));
  mkdirSync(join(directory, 'state'));
  writeFileSync(join(directory, 'watchlist.yaml'), 'watch: [ { prefix: 192.0.2.0/24, origins: [64500] } ]\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function examined(config: string, json = true): Promise<{ code: number; looks: Look[]; text: string }> {
  const configPath = join(directory, 'originwatch.yaml');
  writeFileSync(configPath, `watchlist: watchlist.yaml\n${config}`);
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const stdout = { write } as never;
  const stateDirectory = join(directory, 'state');
  const code = await runDoctor({ configPath, stateDirectory, json, env: {} }, { stdout });
  return { code, text, looks: json ? (JSON.parse(text) as Look[]) : [] };
}

function feedAt(port: number): string {
  return `feeds: [ { type: ris-live, url: "ws://127.0.0.1:${port}/" } ]\n`;
}

const look = (looks: readonly Look[], what: string): Look | undefined =>
  looks.find((one) => one.what === what);

describe('doctor', () => {
  it('is content where all is well, and exits 0', async () => {
    const place = await httpStandIn();
    openStore(join(directory, 'state/originwatch.sqlite'), { lock: true }).close();
    const receivers = `receivers: [ { name: siem, type: webhook, url: "http://127.0.0.1:${place.port}/in" } ]\n`;
    const { code, looks } = await examined(feedAt(place.port) + receivers);
    expect(looks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(code).toBe(0);
    expect(look(looks, 'database')).toMatchObject({ state: 'ok' });
    expect(look(looks, 'receiver siem')).toMatchObject({ state: 'ok' });
    expect(place.received).toEqual([]);
    await place.close();
  });

  it('names what fails and what would do, without a secret, and exits 1', async () => {
    const port = await closedPort();
    writeFileSync(join(directory, 'state/originwatch.sqlite'), 'x'.repeat(9_000));
    const receivers = `receivers: [ { name: siem, type: webhook, url: "http://127.0.0.1:${port}/token-x" } ]\n`;
    const { code, text } = await examined(feedAt(port) + receivers, false);
    expect(code).toBe(1);
    expect(text).toMatch(/^failed {2}database: .*; restore a backup/m);
    expect(text).toMatch(/^failed {2}feed ris-live: 127\.0\.0\.1 port \d+: /m);
    expect(text).toMatch(/^failed {2}receiver siem: /m);
    expect(text).toMatch(/^ok {6}clock: /m);
    expect(text).not.toContain('token-x');
  });

  it('says each mistake of the configuration, and looks at the rest all the same', async () => {
    const { code, looks } = await examined('serve: { listen: nonsense }\n');
    expect(code).toBe(1);
    expect(look(looks, 'configuration')).toMatchObject({ state: 'failed' });
    expect(look(looks, 'open files')).toBeDefined();
  });

  it('warns of what an accident left in the state directory', async () => {
    const place = await httpStandIn();
    writeFileSync(join(directory, 'state/originwatch.sqlite.damaged-20260101T000000Z'), '');
    const { code, looks } = await examined(feedAt(place.port));
    expect(code).toBe(0);
    expect(looks.map(({ found }) => found).join('\n')).toContain('.damaged-20260101T000000Z lies beside it');
    await place.close();
  });
});
