/**
 * `originwatch init --asn N…`: a watchlist written for an operator, from what RIBs, RIPEstat and VRPs say of their ASes.
 * What looks wrong is marked and not trusted (`watch-proposal.ts`). An existing watchlist keeps every byte: only what is
 * missing joins (`watchlist-merge.ts`), and the difference is shown before anything is written.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { defaultConfigPath } from '../../config/default-path.ts';
import { loadNetwork, loadSettings } from '../../config/load.ts';
import { networkOf } from '../../daemon/way-out.ts';
import { OperationalError } from '../../engine/errors.ts';
import { asSetMembers, IRR_DEFAULT, isAsSetName, parseIrr } from '../../feed/irr/as-set.ts';
import { Ripestat } from '../../feed/ripestat/client.ts';
import { applySplices, type Edited, unifiedDiff } from '../../learn/line-edits.ts';
import { type Proposal, propose } from '../../learn/watch-proposal.ts';
import { proposalJson, watchlistLines } from '../../learn/watch-proposal-text.ts';
import { gatherMaterial, type Material } from '../../learn/watch-sources.ts';
import { type Merge, mergeNdjson, mergeYaml } from '../../learn/watchlist-merge.ts';
import type { Watchlist } from '../../match/watchlist.ts';
import { Outside } from '../../outside/outside.ts';
import { printable } from '../../words/printable.ts';
import { asnArgument } from '../arguments.ts';
import { accusedBeside } from '../beside/accused.ts';
import { fileAdvice } from '../file-advice.ts';
import { Output } from '../output.ts';
import { Progress } from '../progress.ts';
import { counted } from '../table.ts';
import { type InitArguments, type Streams, UsageError } from '../usage.ts';

/** As `learnPeers` of the configuration. */
const MIN_PEERS = 3;
const GROUP_MAX = 200;

/** Asks on the terminal; undefined where there is nobody to ask. */
export type Ask = (question: string) => Promise<boolean | undefined>;

export async function runInit(
  options: InitArguments,
  io: Streams,
  ask: Ask = askOnTerminal(io),
): Promise<number> {
  refuseUnusable(options);
  const asns = await asnsOf(options, io);
  const before = options.out === undefined ? undefined : readExisting(options.out);
  const material = await gather(asns, options, io);
  const proposal = propose(material.input);
  if (options.out === undefined) return print(proposal, material, options, io);
  return write(options.out, before, { proposal, material, options, io, ask });
}

/** Those named, and the members of AS-SETs as the registry has them. */
async function asnsOf(options: InitArguments, io: Streams): Promise<readonly number[]> {
  const { asn = [], asSet = [], irr = IRR_DEFAULT } = options;
  const asns = new Set(asn.flatMap((text) => text.split(',')).map(asnArgument));
  if (asns.has(0)) throw new UsageError('AS 0 is nobody; give your own AS number');
  const server = parseIrr(irr);
  if (server === undefined) throw new UsageError('--irr needs a host, or host:port');
  for (const name of asSet.flatMap((text) => text.split(','))) {
    if (!isAsSetName(name)) throw new UsageError(`${printable(name)} is no name of an AS-SET; write AS-NAME`);
    const members = await asSetMembers(name, server, wayOut(options));
    io.stderr.write(`${name}: ${counted(members.length, 'AS number')} by ${server.host}\n`);
    for (const member of members) asns.add(member);
  }
  if (asns.size === 0) throw new UsageError('init needs --asn N or --as-set AS-NAME');
  return [...asns];
}

function refuseUnusable({ rib, vrps, ripestat, ripestatUrl, minPeers, group }: InitArguments): void {
  if ((rib ?? []).length === 0 && vrps === undefined && ripestat !== true)
    throw new UsageError('init needs a source: --rib FILE, --vrps FILE or --ripestat');
  if (ripestatUrl !== undefined && !/^https?:\/\//.test(URL.canParse(ripestatUrl) ? ripestatUrl : ''))
    throw new UsageError('--ripestat-url needs a URL that starts with https:// or http://');
  if (minPeers !== undefined && minPeers < 1) throw new UsageError('--min-peers needs a number from 1 on');
  if (group !== undefined && (group === '' || group.length > GROUP_MAX || printable(group) !== group))
    throw new UsageError(`--group needs 1 to ${GROUP_MAX} characters without control characters`);
}

async function gather(asns: readonly number[], options: InitArguments, io: Streams): Promise<Material> {
  const ribs = options.rib ?? [];
  const accused = await accusedBeside(options, io);
  const progress = new Progress([...ribs, ...ribs], io.stderr);
  try {
    return await gatherMaterial({
      asns,
      ribs,
      collector: options.collector,
      vrps: options.vrps,
      ripestat: options.ripestat === true ? ripestatOf(options) : undefined,
      minPeers: options.minPeers ?? MIN_PEERS,
      accused,
      say: (text) => {
        progress.clear();
        io.stderr.write(`${printable(text)}\n`);
      },
      onProgress: (bytes) => progress.read(bytes),
    });
  } finally {
    progress.end();
  }
}

function wayOut({ config }: InitArguments): Outside {
  return new Outside(networkOf(loadNetwork(config ?? defaultConfigPath(process.env), process.env)));
}

function ripestatOf(options: InitArguments): Ripestat {
  const { ripestatUrl } = options;
  const outside = wayOut(options);
  return new Ripestat({ ...(ripestatUrl === undefined ? {} : { baseUrl: ripestatUrl }), outside });
}

async function print(
  proposal: Proposal,
  material: Material,
  options: InitArguments,
  io: Streams,
): Promise<number> {
  const output = new Output(io.stdout);
  if (options.json === true) output.line(JSON.stringify(proposalJson(proposal)));
  else
    for (const line of watchlistLines(proposal, material.origins, { group: options.group }))
      output.line(line);
  await output.flush();
  report(proposal, io);
  return 0;
}

function report({ entries }: Proposal, io: Streams): void {
  const doubted = entries.filter(({ isTrusted }) => !isTrusted).length;
  const marked = entries.filter(({ isTrusted, checks }) => isTrusted && checks.length > 0).length;
  io.stderr.write(
    `${entries.length} prefixes: ${entries.length - doubted} to be watched, ${marked} of them marked CHECK; ${doubted} written as comments because they look wrong\n`,
  );
}

// ---------------------------------------------------------------- into a file

interface Writing {
  readonly proposal: Proposal;
  readonly material: Material;
  readonly options: InitArguments;
  readonly io: Streams;
  readonly ask: Ask;
}

interface Existing {
  readonly text: string;
  readonly watchlist: Watchlist;
}

/** Undefined where there is no file yet, or an empty one. Errors in it are errors of configuration: exit 78. */
function readExisting(file: string): Existing | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new OperationalError('input-unreadable', `${file}: ${fileAdvice(cause)}`, { cause });
  }
  return text.trim() === '' ? undefined : { text, watchlist: loaded(file, text) };
}

/** What the program makes of this text as that watchlist; throws `ConfigError`. */
function loaded(file: string, text: string): Watchlist {
  const configPath = resolve(dirname(file), 'originwatch-init.yaml');
  const readFile = (path: string): Uint8Array => Buffer.from(path === configPath ? 'watchlist: x\n' : text);
  return loadSettings({ configPath, watchlistPath: file, env: {}, readFile }).settings.watchlist;
}

async function write(file: string, before: Existing | undefined, writing: Writing): Promise<number> {
  const { proposal, options, io } = writing;
  const merge = mergeOf(file, before, writing);
  const edited = applySplices(before?.text ?? '', merge.splices);
  if (merge.splices.length > 0) loaded(file, edited.text);
  await show(file, before, edited, writing);
  for (const line of merge.kept) io.stderr.write(`${printable(line)}\n`);
  report(proposal, io);
  if (options.json === true) await printJson(proposal, merge, io);
  if (merge.splices.length === 0) {
    io.stderr.write(`${file}: nothing is missing, nothing is written\n`);
    return 0;
  }
  if (before !== undefined && options.yes !== true) {
    const answer = await writing.ask(`Write this to ${file}?`);
    if (answer === undefined)
      throw new UsageError(`${file} exists and nobody is there to ask; --yes writes it`);
    if (!answer) {
      io.stderr.write('nothing is written\n');
      return 1;
    }
  }
  replaceFile(file, before?.text, edited.text);
  io.stderr.write(
    `${file} written: ${merge.added.length} entries new, ${merge.completed.length} completed\n`,
  );
  return 0;
}

function mergeOf(
  file: string,
  before: Existing | undefined,
  { proposal, material, options }: Writing,
): Merge {
  const { group } = options;
  const isNdjson = file.endsWith('.ndjson');
  if (isNdjson)
    return mergeNdjson(before?.text ?? '', proposal, {
      watchlist: before?.watchlist ?? { entries: [] },
      group,
    });
  if (before !== undefined) return mergeYaml(before.text, proposal, { watchlist: before.watchlist, group });
  const text = `${watchlistLines(proposal, material.origins, { group }).join('\n')}\n`;
  const added = [
    ...proposal.asns.map((asn) => `AS${asn}`),
    ...proposal.entries.flatMap(({ isTrusted, prefix }) => (isTrusted ? [prefix.text] : [])),
  ];
  return { splices: [{ start: 0, end: 0, text }], added, completed: [], kept: [] };
}

/** The difference is data, unless the proposal is asked for as JSON. */
async function show(
  file: string,
  before: Existing | undefined,
  edited: Edited,
  { options, io }: Writing,
): Promise<void> {
  const output = new Output(options.json === true ? io.stderr : io.stdout);
  for (const line of unifiedDiff(edited, before === undefined ? '/dev/null' : file, file)) output.line(line);
  await output.flush();
}

async function printJson(proposal: Proposal, { added, completed, kept }: Merge, io: Streams): Promise<void> {
  const output = new Output(io.stdout);
  output.line(JSON.stringify({ ...proposalJson(proposal), merge: { added, completed, kept } }));
  await output.flush();
}

/** Old or new, never half; links are followed, the mode stays. `before`: what it was when the difference was shown. */
function replaceFile(file: string, before: string | undefined, text: string): void {
  try {
    const isThere = existsSync(file);
    const target = isThere ? realpathSync(file) : resolve(file);
    if (before !== undefined && readFileSync(target, 'utf8') !== before)
      throw new OperationalError('input-unreadable', `${file} changed meanwhile; nothing is written`, {
        retryable: true,
      });
    const mode = !isThere ? 0o644 : statSync(target).mode & 0o7777;
    const draft = `${target}.${process.pid}.new`;
    try {
      const handle = openSync(draft, 'w', mode);
      writeFileSync(handle, text);
      fsyncSync(handle);
      closeSync(handle);
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (cause) {
    if (cause instanceof OperationalError) throw cause;
    throw new OperationalError('output-unwritable', `${file}: ${fileAdvice(cause)}`, { cause });
  }
}

function askOnTerminal(io: Streams): Ask {
  return async (question) => {
    if (process.stdin.isTTY !== true || io.stderr.isTTY !== true) return undefined;
    const lines = createInterface({ input: process.stdin, output: io.stderr });
    try {
      return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  };
}
