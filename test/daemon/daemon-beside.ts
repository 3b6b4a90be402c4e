/** A server with fakes that looks to the commands like the running daemon of a room. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_TOKEN_FILE, DAEMON_FILE } from '../../src/daemon/state-directory.ts';
import { openStore } from '../../src/store/store.ts';
import { aWorld, type Running, started, token, type World } from '../serve/fakes.ts';
import type { Room } from './bench.ts';

const ADMIN_TOKEN = 'a1'.repeat(32);

export interface Beside {
  readonly running: Running;
  readonly world: World;
  end(): Promise<void>;
}

/** `lock`: it holds the database too, as a daemon does. */
export async function daemonBeside(
  { state, database }: Room,
  lock = false,
  world: World = aWorld(),
): Promise<Beside> {
  const running = await started({ settings: { tokens: [token('admin', ADMIN_TOKEN, 'write')] } }, world);
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, ADMIN_TOKEN_FILE), `${ADMIN_TOKEN}\n`, { mode: 0o600 });
  writeFileSync(join(state, DAEMON_FILE), JSON.stringify({ url: running.url, pid: process.pid }));
  const store = lock ? openStore(database, { lock: true }) : undefined;
  return {
    running,
    world,
    async end() {
      store?.close();
      await running.server.close();
    },
  };
}
