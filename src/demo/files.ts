/** What the demo's daemon runs on: a configuration, a watchlist and a state directory of its own, gone afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { WATCHED } from './kakao-2022.ts';

export interface DemoFiles {
  readonly configPath: string;
  readonly stateDirectory: string;
  /** Twice is once. */
  remove(): void;
}

export interface DemoAddresses {
  readonly feedUrl: string;
  readonly slackUrl: string;
  /** 0: a free one. */
  readonly port: number;
  /** How long after the last false route the incident counts as over; five minutes in real life. */
  readonly resolveAfterSeconds: number;
  /** Between two `updated`; a minute in real life. */
  readonly updateEverySeconds: number;
}

export function writeDemoFiles(addresses: DemoAddresses): DemoFiles {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-demo-'));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(directory, { recursive: true, force: true });
  };
  // However this process ends, short of being killed.
  process.on('exit', remove);
  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const stateDirectory = join(directory, 'var');
  write('slack-url', addresses.slackUrl);
  write('watchlist.yaml', stringify({ watch: WATCHED.map(watchEntry) }));
  const configPath = write('originwatch.yaml', stringify(configuration(addresses, stateDirectory)));
  return { configPath, stateDirectory, remove };
}

function watchEntry({ prefix, origin, upstream, name, service }: (typeof WATCHED)[number]) {
  return { prefix, name, group: 'kakao', origins: [origin], upstreams: [upstream], services: [service] };
}

function configuration(addresses: DemoAddresses, stateDirectory: string) {
  const { feedUrl, port, resolveAfterSeconds, updateEverySeconds } = addresses;
  return {
    watchlist: 'watchlist.yaml',
    stateDirectory,
    feeds: [{ type: 'ris-live', name: 'simulator', url: feedUrl }],
    backfill: null,
    detection: { resolveAfterSeconds, updateEverySeconds },
    receivers: [
      { name: 'noc-slack', type: 'slack', webhookUrl: { file: 'slack-url' }, minSeverity: 'warning' },
    ],
    serve: { listen: `127.0.0.1:${port}` },
    log: { level: 'warn' },
  };
}
