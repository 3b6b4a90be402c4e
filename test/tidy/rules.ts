/**
 * The rules of the house, each a function from files to complaints: `path: what is wrong`. `house.test.ts` applies them
 * to the tree, `bites.test.ts` shows each a file that it must refuse.
 */
import type { SourceFile } from './sources.ts';

export type HouseRule = (files: readonly SourceFile[]) => readonly string[];

/** What each room may import: other rooms whole, or single files of `engine/`. `main.ts` and `daemon/` know everyone. */
const PORTS = ['engine/ports.ts', 'engine/errors.ts'];
export const ROOMS: Readonly<Record<string, readonly string[] | 'all'>> = {
  bgp: [],
  words: ['bgp'],
  decode: ['bgp'],
  match: ['bgp'],
  rows: ['bgp'],
  judge: ['bgp', 'match', 'rows', 'words'],
  incident: ['bgp', 'judge', 'words'],
  engine: ['bgp', 'decode', 'match', 'rows', 'judge', 'incident', 'words'],
  outside: [],
  feed: ['bgp', 'decode', 'match', 'outside', ...PORTS],
  store: ['bgp', 'rows', 'judge', 'incident', ...PORTS],
  deliver: ['bgp', 'incident', 'words', 'outside', ...PORTS],
  serve: ['bgp', 'incident', 'words', ...PORTS],
  dashboard: ['bgp', 'incident', 'words', 'serve', ...PORTS],
  config: [
    'bgp',
    'match',
    'judge',
    'incident',
    'outside/network.ts',
    'deliver/receiver-types.ts',
    'deliver/receiver-type.ts',
  ],
  learn: [
    'bgp',
    'decode',
    'match',
    'rows',
    'judge',
    'incident',
    'engine',
    'feed',
    'store',
    'config',
    'words',
  ],
  explain: ['bgp', 'match', 'rows', 'judge', 'incident', 'engine', 'store', 'config', 'words'],
  demo: 'all',
  cli: 'all',
  release: 'all',
  daemon: 'all',
};
export const PURE_ROOMS = ['bgp', 'words', 'decode', 'match', 'rows', 'judge', 'incident', 'engine'];

/** `src/judge/kinds/x.ts` → `judge`; a file of `src/` itself or outside has no room. */
export function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split('/');
  return top === 'src' && rest.length > 0 ? room : undefined;
}

export const importsByTheTable: HouseRule = (files) =>
  each(files, (file) => {
    const room = roomOf(file.path);
    if (room === undefined) {
      const strangers = file.imports.filter(
        ({ target, isLocal }) => isLocal && ROOMS[roomOf(target) ?? ''] !== 'all',
      );
      return file.path.startsWith('src/') ? strangers.map(({ target }) => `imports ${target}`) : [];
    }
    const allowed = ROOMS[room];
    if (allowed === undefined) return [`${room}/ is no room of the house`];
    if (allowed === 'all') return [];
    return file.imports
      .filter(({ target, isLocal }) => isLocal && !isAllowed(room, allowed, target))
      .map(({ target }) => `${room}/ may not import ${target}`);
  });

function isAllowed(room: string, allowed: readonly string[], target: string): boolean {
  const other = roomOf(target);
  return (
    other === room ||
    (other !== undefined && allowed.includes(other)) ||
    allowed.includes(target.slice('src/'.length))
  );
}

/** Of what is loaded with a file: types are gone at run time. One way around is enough to find a knot and cut it. */
export const noCycles: HouseRule = (files) => {
  const targets = new Map(
    files.map((file) => [file.path, file.imports.filter(({ isLocal, isLoaded }) => isLocal && isLoaded)]),
  );
  const done = new Set<string>();
  const complaints: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) complaints.push(`${path}: imports itself by way of ${trail.slice(start + 1).join(', ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const { target } of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return complaints;
};

export const FLOOR_MAX = 25;

/** A folder is read at one look: what is more is two rooms. */
export const smallFloors: HouseRule = (files) => {
  const floors = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    floors.set(folder, (floors.get(folder) ?? 0) + 1);
  }
  return [...floors]
    .filter(([, n]) => n > FLOOR_MAX)
    .map(([folder, n]) => `${folder}: ${n} files on one floor`);
};

/** Hashing is arithmetic, and buffers are memory; all else of Node is the outside. */
const PURE_MODULES = ['node:crypto', 'node:buffer'];
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'reads the clock (Date.now)'],
  [/\bnew Date\(\s*\)/, 'reads the clock (new Date())'],
  [/\bperformance\b/, 'reads the clock (performance)'],
  [/\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, 'sets a timer'],
  [/\bMath\.random\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b/, 'is random'],
  [/\bprocess\s*\./, 'touches the process'],
  [/\bconsole\s*\./, 'writes a log'],
  [/\bfetch\(|\bnew WebSocket\b/, 'touches the network'],
  [
    /\bnew Intl\.DateTimeFormat\(\s*\)|\btoLocale(?:Date|Time)?String\(\s*\)/,
    "depends on the machine's language",
  ],
];

export const purity: HouseRule = (files) =>
  each(
    files.filter(({ path }) => PURE_ROOMS.includes(roomOf(path) ?? '')),
    (file) => [
      ...file.imports
        .filter(({ target, isLocal }) => !isLocal && !PURE_MODULES.includes(target))
        .map(({ target }) => `a pure room imports ${target}`),
      ...findings(file, IMPURE),
    ],
  );

export const oneStore: HouseRule = (files) =>
  each(files, (file) =>
    file.path.startsWith('src/') &&
    roomOf(file.path) !== 'store' &&
    file.imports.some(({ target }) => target === 'better-sqlite3')
      ? ['only store/ knows SQLite']
      : [],
  );

export const oneExit: HouseRule = (files) =>
  each(files, (file) =>
    file.path === 'src/main.ts' || !file.path.startsWith('src/')
      ? []
      : findings(file, [[/\bprocess\.(?:exit|abort|reallyExit)\b/, 'only src/main.ts ends the process']]),
  );

/** Sources of updates and receivers reach the world through `outside/` alone, or a proxy and an authority would not hold for all. Who only listens is let in. */
const LISTENS = ['src/feed/simulator/', 'src/feed/bmp/source.ts'];
export const oneWayOut: HouseRule = (files) =>
  each(files, (file) => {
    const isOut = ['feed', 'deliver', 'learn'].includes(roomOf(file.path) ?? '');
    if (!isOut || LISTENS.some((path) => file.path.startsWith(path))) return [];
    const modules = file.imports.filter(
      ({ target, isLoaded }) =>
        isLoaded && ['node:http', 'node:https', 'node:tls', 'node:net'].includes(target),
    );
    return [
      ...modules.map(({ target }) => `imports ${target}: go through outside/`),
      ...findings(file, [[/\bfetch\(/, 'fetches: go through outside/']]),
    ];
  });

/** `explain` asks an engine of its own what would come of an announcement; nothing of it is committed. */
const ASKS_WHAT_IF = ['src/explain/explanation.ts', 'src/cli/commands/explain.ts'];

const FEEDS_ENGINES = ['daemon', 'cli', 'demo', 'learn', 'explain'];
/** Feeds an engine with input, or moves its clock: live, replay and demo all do it through the driver. */
export const oneDriver: HouseRule = (files) =>
  each(files, (file) =>
    !FEEDS_ENGINES.includes(roomOf(file.path) ?? '') ||
    ['src/daemon/driver.ts', ...ASKS_WHAT_IF].includes(file.path)
      ? []
      : findings(file, [
          [/\bengine\.apply\(/, 'only daemon/driver.ts feeds an engine'],
          [/\bnew (?:Engine|Core)\(/, 'engines are restored, and fed by daemon/driver.ts'],
        ]),
  );

/** Everybody else sees `EngineView` and the ports; only explanations look at the state itself. */
const SEES_STATE = ['engine', 'explain'];

export const privateState: HouseRule = (files) =>
  each(files, (file) =>
    !file.path.startsWith('src/') || SEES_STATE.includes(roomOf(file.path) ?? '')
      ? []
      : file.imports
          .filter(({ target }) => target === 'src/engine/core.ts')
          .map(({ target }) => `imports ${target}: the state of the engine is its own`)
          .concat(
            file.imports.some(({ target }) => target === 'src/engine/engine.ts')
              ? findings(file, [[/\bstateOf\b/, 'looks at the state of the engine']])
              : [],
          ),
  );

export const opensWithPurpose: HouseRule = (files) =>
  each(files, ({ path, text }) =>
    path.startsWith('src/') && !/^(?:#!.*\n)?\/\*\*\s*[\s\S]{10,}?\*\//.test(text)
      ? ['opens without saying what it is']
      : [],
  );

export const LINES_MAX = 400;
/** Files of src/ that may be longer, each with its reason. */
export const LONGER: Readonly<Record<string, string>> = {
  'src/judge/watch-plan.ts': 'whose a prefix is, and how that changes in place',
  'src/judge/baseline.ts': 'all rules of learning in one place, a few lines each',
};

export const notTooLong: HouseRule = (files) =>
  each(files, ({ path, text }) => {
    const lines = text.split('\n').length - 1;
    return path.startsWith('src/') && lines > LINES_MAX && LONGER[path] === undefined
      ? [`${lines} lines`]
      : [];
  });

/** In the names we give: of files, and of what is declared. Names of others' interfaces are theirs. */
const UNSAID =
  /^(?:subnets?|supernets?|monitors?|sinks?|managers?|helpers?|utils?|handlers?|service|hits?)$/i;

export const ourWords: HouseRule = (files) =>
  each(files, ({ path, code }) => {
    const base = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
    const declared = [
      ...code.matchAll(/\b(?:const|let|var|function|class|interface|type|enum)\s+([A-Za-z_$][\w$]*)/g),
    ];
    return [...new Set([base, ...declared.map(([, name]) => name ?? '')])]
      .filter((name) => wordsOf(name).some((word) => UNSAID.test(word)))
      .map((name) => `${name} is a name from another house`);
  });

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z\d]+/)
    .filter((word) => word !== '');
}

export const noDefaultExports: HouseRule = (files) =>
  each(files, (file) =>
    file.path.startsWith('src/') ? findings(file, [[/^\s*export\s+default\b/m, 'has a default export']]) : [],
  );

const LEFT_OPEN = new RegExp(
  `\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b|not ${'implemented'}`,
);
const TURNED_OFF = new RegExp(`\\.(?:${['on' + 'ly', 'sk' + 'ip', 'to' + 'do'].join('|')})\\(`);

export const nothingLeftOpen: HouseRule = (files) =>
  each(files, ({ path, text, code }) => [
    ...lineOf(text, LEFT_OPEN).map((line) => `line ${line} leaves something open`),
    ...(path.startsWith('test/')
      ? lineOf(code, TURNED_OFF).map((line) => `line ${line} turns a test off`)
      : []),
  ]);

const MACHINE_PATH = new RegExp(
  `(?:^|[^\\w.])/(?:${['ho' + 'me', 'ro' + 'ot', 't' + 'mp', 'wo' + 'rk', 'm' + 'nt'].join('|')})/[a-z]`,
);

export const noMachinePaths: HouseRule = (files) =>
  each(files, ({ text }) =>
    lineOf(text, MACHINE_PATH).map((line) => `line ${line} has a path of somebody's machine`),
  );

/** Applies a rule to each file and says which file it is about. */
function each(
  files: readonly SourceFile[],
  rule: (file: SourceFile) => readonly string[],
): readonly string[] {
  return files.flatMap((file) => rule(file).map((complaint) => `${file.path}: ${complaint}`));
}

function findings({ code }: SourceFile, patterns: readonly (readonly [RegExp, string])[]): readonly string[] {
  return patterns.flatMap(([pattern, complaint]) =>
    lineOf(code, pattern).map((line) => `line ${line} ${complaint}`),
  );
}

/** The first line that matches, counted from 1; none: empty. */
function lineOf(text: string, pattern: RegExp): readonly number[] {
  const at = text.search(pattern);
  return at < 0
    ? []
    : [
        text
          .slice(0, at + 1)
          .trimEnd()
          .split('\n').length,
      ];
}
