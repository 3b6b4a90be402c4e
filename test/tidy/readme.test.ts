import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { DEFAULT_DETECTION } from '../../src/config/detection.ts';
import { loadSettings } from '../../src/config/load.ts';
import { RECEIVER_TYPES, RECEIVERS } from '../../src/deliver/receiver-types.ts';
import { ERROR_CODES } from '../../src/engine/errors.ts';
import { KINDS } from '../../src/incident/alert.ts';
import { createMetrics } from '../../src/serve/metrics.ts';
import { readProjectFile, sources as sourceFiles } from './sources.ts';

const README = readProjectFile('README.md');
const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The rows below the header that begins so, as cells. */
function table(header: string): readonly (readonly string[])[] {
  const lines = README.split('\n');
  const start = lines.indexOf(header);
  if (start < 0) throw new Error(`README.md has no table ${header}`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

const bare = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

function blocks(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text ?? '',
  );
}

/** Lines as typed: continued ones joined. */
const shellLines = blocks('sh').flatMap((text) =>
  text
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line !== ''),
);

async function originwatch(...argv: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runCommandLine(argv, { stdout, stderr } as unknown as Parameters<
    typeof runCommandLine
  >[1]);
  return { code, said: `${stdout.read() ?? ''}${stderr.read() ?? ''}` };
}

describe("README's tables", () => {
  it('list the errors as the catalogue does', () => {
    const errors = README.indexOf('## When something goes wrong');
    const rows = [...README.slice(errors).matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, code, text]) => [code, text]))).toEqual(ERROR_CODES);
  });

  it('list no error that nothing says, and the code says none that is not listed', () => {
    const sources = sourceFiles('src/**/*.ts').filter(({ path }) => path !== 'src/engine/errors.ts');
    const said = (code: string): boolean => sources.some(({ text }) => text.includes(`'${code}'`));
    expect(Object.keys(ERROR_CODES).filter((code) => !said(code))).toEqual([]);
  });

  it('list the metrics that are there', async () => {
    const rows = table('| metric | meaning |').map(([cell]) => bare(cell).split('{')[0]);
    const text = await createMetrics().text();
    const ours = [...text.matchAll(/^# TYPE (originwatch_\w+)/gm)].map(([, name]) => name);
    expect([...rows].sort()).toEqual(ours.sort());
  });

  it('list the kinds', () => {
    expect(new Set(table('| kind | when |').map(([cell]) => bare(cell)))).toEqual(new Set(KINDS));
  });

  it('list the commands that are there', async () => {
    const named = table('| command | does |').map(([cell]) => bare(cell));
    const { said } = await originwatch('--help');
    const groups = new Set(named.map((name) => name.split(' ')[0]));
    const listed = [...said.slice(said.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)\b/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(listed.filter((name) => name !== 'help'))).toEqual(groups);
    for (const name of named)
      expect({ name, ...(await originwatch(...name.split(' '), '--help')) }).toMatchObject({ code: 0 });
    for (const group of groups) {
      const within = (await originwatch(group ?? '', '--help')).said.split('Commands:')[1] ?? '';
      const members = [...within.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => `${group} ${name}`);
      expect(named).toEqual(expect.arrayContaining(members.filter((name) => !name.endsWith(' help'))));
    }
  });

  it('list the exit codes', async () => {
    const codes = table('| exit code | means |').map(([cell]) => Number(cell));
    expect(codes).toEqual([0, 1, 64, 78]);
    expect((await originwatch('nonsense')).code).toBe(64);
    expect((await originwatch('check', '--config', join(directory, 'absent.yaml'))).code).toBe(78);
  });
});

describe("README's configuration reference", () => {
  const rows = table('| key | default | meaning |').map(([key, value]) => [bare(key), bare(value)] as const);
  const load = (yaml: unknown) => {
    writeFileSync(join(directory, 'watchlist.yaml'), 'watch: []\n');
    writeFileSync(join(directory, 'c.yaml'), stringify(yaml));
    const { files: _files, ...settings } = loadSettings({
      configPath: join(directory, 'c.yaml'),
      env: {},
    }).settings;
    return settings;
  };
  const minimal = { watchlist: 'watchlist.yaml' };

  const bmpKeys = Object.keys(load({ ...minimal, feeds: [{ type: 'bmp' }] }).feeds[0] ?? {});
  const risLiveKeys = Object.keys(load(minimal).feeds[0] ?? {});
  /** The type of feed that has the key. */
  const typeOf = (key: string): string =>
    risLiveKeys.includes(key.replace('feeds[].', '')) ? 'ris-live' : 'bmp';

  /** `feeds[].url` and its value → a configuration that says it. */
  function saying(key: string, value: unknown): Record<string, unknown> {
    const [section = '', ...rest] = key.split('.');
    if (section === 'feeds[]') return { feeds: [{ type: typeOf(key), [rest[0] ?? '']: value }] };
    if (key === 'rpki.rtr') return { rpki: { vrps: { url: 'https://vrps.example/' }, rtr: value } };
    if (section === 'rpki')
      return { rpki: { vrps: { url: 'https://vrps.example/', [rest[1] ?? '']: value } } };
    return rest.length === 0 ? { [section]: value } : { [section]: { [rest.join('.')]: value } };
  }

  it.each(rows.filter(([key, value]) => value !== '' && !key.startsWith('routes[]')))(
    '%s is %s when absent',
    (key, value) => {
      const isFeed = key.startsWith('feeds[]');
      const without = key.startsWith('rpki')
        ? { rpki: { vrps: { url: 'https://vrps.example/' } } }
        : isFeed
          ? { feeds: [{ type: typeOf(key) }] }
          : key.startsWith('backfill')
            ? { backfill: {} }
            : {};
      expect(load({ ...minimal, ...saying(key, parse(value)) })).toEqual(load({ ...minimal, ...without }));
    },
  );

  it('names every key', () => {
    const named = new Set(rows.map(([key]) => key));
    const shipped = load({ ...minimal, rpki: { vrps: { url: 'https://vrps.example/' } } });
    const expected = [
      ...Object.keys(DEFAULT_DETECTION).map((key) => `detection.${key}`),
      ...[...new Set([...risLiveKeys, ...bmpKeys])].map((key) => `feeds[].${key}`),
      ...Object.keys(shipped.rpki).map((key) => (key === 'rtr' ? 'rpki.rtr' : `rpki.vrps.${key}`)),
      ...Object.keys(shipped.knowledge).map((key) => `knowledge.${key}`),
      ...['match', 'receivers', 'escalate', 'repeatMinutes'].map((key) => `routes[].${key}`),
      ...[
        'watchlist',
        'stateDirectory',
        'receivers',
        'log.level',
        ...['ripestat', 'archive', 'hoursMax'].map((key) => `backfill.${key}`),
        ...Object.keys(shipped.network).map((key) => `network.${key}`),
        'heartbeat.url',
        'heartbeat.everySeconds',
        'serve.listen',
        'serve.hosts',
        'serve.publicUrl',
        'serve.tokens',
      ],
    ];
    expect([...named].sort()).toEqual(expected.sort());
  });

  it('names every key of a watch entry', () => {
    const named = table('| key of an entry | meaning |').map(([key]) => bare(key));
    const source = readProjectFile('src/config/watch-entry.ts');
    const values = /export interface EntryValues \{([\s\S]*?)^\}/m.exec(source)?.[1] ?? '';
    const keys = [...values.matchAll(/readonly (\w+)\?:/g)].map(([, key]) => key);
    expect([...named].sort()).toEqual(keys.sort());
  });

  it('names every type of receiver with its keys', () => {
    const named = new Map(table('| type | keys |').map(([type, keys]) => [bare(type), keys ?? '']));
    expect([...named.keys()].sort()).toEqual([...RECEIVER_TYPES].sort());
    for (const type of RECEIVER_TYPES) {
      const { plain = {}, secrets = {}, addresses = [], hiddenMaps = [] } = RECEIVERS[type].keys;
      const keys = [...Object.keys(plain), ...Object.keys(secrets), ...addresses, ...hiddenMaps];
      // Where an API stands is for tests.
      for (const key of keys.filter((name) => name !== 'apiUrl'))
        expect(named.get(type)).toContain(`\`${key}\``);
    }
  });

  it('has examples that load', () => {
    const examples = blocks('yaml');
    const env = Object.fromEntries(
      [...README.matchAll(/env: ([A-Z_]+)/g)].map(([, name]) => [name ?? '', 'https://x.example/']),
    );
    for (const [n, text] of examples.entries()) {
      const isWatchlist = text.includes('watch:');
      const config = join(directory, `example-${n}.yaml`);
      writeFileSync(join(directory, 'watchlist.yaml'), isWatchlist ? text : 'watch: []\n');
      writeFileSync(
        config,
        isWatchlist ? 'watchlist: watchlist.yaml\n' : `watchlist: watchlist.yaml\n${text}`,
      );
      expect(() => loadSettings({ configPath: config, env })).not.toThrow();
    }
    expect(examples.length).toBeGreaterThan(2);
  });
});

describe("README's lines", () => {
  const scripts = (JSON.parse(readProjectFile('package.json')) as { scripts: Record<string, string> })
    .scripts;

  it('begin with the two for a newcomer, and CI runs the second', () => {
    expect(shellLines.slice(0, 3)).toEqual([
      'apt-get install g++ make python3',
      'npm ci && npm start',
      'npm cit',
    ]);
    expect(readProjectFile('.ci/run')).toContain("line='npm cit'");
    expect(scripts.start).toBe('node dist/main.js run');
  });

  it.each(shellLines.filter((line) => line.startsWith('npx ')))('%s is understood', async (line) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect(words.slice(0, 2)).toEqual(['npx', 'originwatch']);
    const argv = words.slice(2);
    const named = argv.filter((word) => word.startsWith('--'));
    const group = ['baseline', 'incidents', 'silence', 'notify'].includes(argv[0] ?? '');
    const { code, said } = await originwatch(...argv.slice(0, group ? 2 : 1), '--help');
    expect(code).toBe(0);
    for (const option of named) expect(said).toContain(option);
  });

  it.each(
    [...README.matchAll(/`npm (?:run )?([a-z]+)`|^npm run ([a-z]+)$/gm)].map(([, a, b]) => a ?? b ?? ''),
  )('names a script: npm run %s', (name) => {
    expect(['ci', 'cit', ...Object.keys(scripts)]).toContain(name);
  });

  it('asks paths of the API that are described', () => {
    const routes = ['own-routes', 'routes', 'changes']
      .map((name) => readProjectFile(`src/serve/${name}.ts`))
      .join('\n');
    const paths = table('| | |').map(([cell]) => bare(cell).split(' ')[1] ?? '');
    const known = (path: string): boolean =>
      routes.includes(path) || routes.includes(path.replace(/[a-z]+$/, '')) || path === '/feed.atom';
    expect(paths.filter((path) => !known(path))).toEqual([]);
    const asked = shellLines.flatMap((line) =>
      [...line.matchAll(/8480(\/[\w/]*)/g)].map(([, path]) => path ?? ''),
    );
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((path) => !paths.includes(path.replace('/ID/', '/{id}/')))).toEqual([]);
  });

  it('point to files that are there', () => {
    const links = [...README.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path]) => path ?? '');
    for (const path of links)
      expect(() =>
        readProjectFile(path === 'src/decisions' ? 'src/decisions/0001-one-driver-two-times.md' : path),
      ).not.toThrow();
  });
});

describe("README's check of a webhook's signature", () => {
  it('takes what we send and refuses all else', async () => {
    const file = join(directory, 'check.mjs');
    writeFileSync(file, blocks('js')[0] ?? '');
    const { isFromOriginwatch } = (await import(pathToFileURL(file).href)) as {
      isFromOriginwatch: (
        secret: string,
        header: string | undefined,
        body: string,
        nowSeconds?: number,
      ) => boolean;
    };
    const { header, body } = await sentByUs('s3cret');
    expect(isFromOriginwatch('s3cret', header, body)).toBe(true);
    expect(isFromOriginwatch('s3cret', header, `${body} `)).toBe(false);
    expect(isFromOriginwatch('other', header, body)).toBe(false);
    expect(isFromOriginwatch('s3cret', header, body, Date.now() / 1000 + 3600)).toBe(false);
    expect(isFromOriginwatch('s3cret', undefined, body)).toBe(false);
  });
});

/** A test alert of `notify test`, as a webhook receiver of this program gets it. */
async function sentByUs(
  secret: string,
): Promise<{ readonly header: string | undefined; readonly body: string }> {
  let header: string | undefined;
  let body = '';
  const server = createServer((request, response) => {
    header = request.headers['originwatch-signature'] as string | undefined;
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = join(directory, 'siem.yaml');
  writeFileSync(join(directory, 'watchlist.yaml'), 'watch: []\n');
  writeFileSync(join(directory, 'siem-secret'), secret);
  writeFileSync(
    config,
    `watchlist: watchlist.yaml\nreceivers: [ { name: siem, type: webhook, url: "http://127.0.0.1:${port}/", secret: { file: siem-secret } } ]\n`,
  );
  const { code, said } = await originwatch('notify', 'test', 'siem', '--config', config);
  server.close();
  expect({ code, said }).toMatchObject({ code: 0 });
  return { header, body };
}
