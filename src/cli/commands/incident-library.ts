/**
 * `originwatch replay --incident NAME`: the documented incidents that ship in `config/incidents`, played through the
 * pipeline of `replay`, each with its own watchlist and VRPs. stdout: alerts; stderr: the story.
 *
 * What happened when is documented; whose session showed it often is not, and then stands in (`captured` tells).
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { OperationalError } from '../../engine/errors.ts';
import { printable } from '../../words/printable.ts';
import { Output } from '../output.ts';
import { tableLines } from '../table.ts';
import { type ReplayArguments, type Streams, UsageError } from '../usage.ts';
import { runReplay } from './replay.ts';

type Path = readonly (number | readonly number[])[];

interface IncidentStep {
  readonly t: string;
  /** The AS of the session, and its address where it is known. */
  readonly peer: number;
  readonly address?: string;
  readonly prefix: string;
  /** Absent: withdrawn. */
  readonly path?: Path;
  readonly captured?: boolean;
}

/** A file of `config/incidents`. */
interface DocumentedIncident {
  readonly id: string;
  readonly title: string;
  readonly until: string;
  readonly watch: readonly { readonly prefix: string; readonly origins?: readonly number[] }[];
  readonly roas?: readonly Record<string, unknown>[];
  readonly meaning: {
    readonly type: string;
    readonly severity: string | null;
    readonly suspects: readonly number[];
    readonly earliest?: string;
  };
  readonly events: readonly IncidentStep[];
}

/** Names under which people look for what the facts call otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = { 'kakao-2022': 'klayswap-kakao-2022' };

/** What the records call it → the kind that is closest; null: nothing that should be louder than info. */
const KINDS: Readonly<Record<string, string | null>> = {
  exact_hijack: 'origin-change',
  subprefix_hijack: 'sub-prefix',
  forged_origin_subprefix: 'forged-origin',
  subprefix_correct_origin: 'unexpected-more-specific',
  route_leak: 'route-leak',
  withdrawal: 'visibility-loss',
  rpki_invalid_own_route: 'rpki-invalid',
  none_if_origin_allowed: null,
  none_if_org_siblings: null,
  none_or_info: null,
  none_or_instability: null,
  none: null,
};

/** Sentences of a story; what is longer is cut and said to be. */
const SENTENCES_MAX = 40;

export async function replayIncident(options: ReplayArguments, io: Streams): Promise<number> {
  if (options.list === true) return list(options.json === true, io);
  const incident = readIncident(options.incident ?? '');
  const folder = mkdtempSync(join(tmpdir(), 'originwatch-incident-'));
  try {
    const { settings, frames } = layOut(incident, folder, options);
    for (const line of storyOf(incident)) io.stderr.write(`${printable(line)}\n`);
    const stdout = new Counted(io.stdout);
    const code = await runReplay(
      {
        files: [frames],
        settings,
        json: options.json === true,
        state: options.state,
        fromMs: options.from,
        toMs: options.to ?? Date.parse(incident.until),
        speed: options.speed,
        collector: undefined,
      },
      { stdout, stderr: io.stderr },
    );
    if (stdout.bytes === 0) io.stderr.write(`${silenceText(incident)}\n`);
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tells whether anything was said. */
class Counted extends Writable {
  bytes = 0;
  private readonly target: Writable;

  constructor(target: Writable) {
    super();
    this.target = target;
    target.on('error', (error) => this.destroy(error));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytes += chunk.length;
    this.target.write(chunk, done);
  }
}

/** Watchlist, VRPs and frames as files: the incident comes in by the same door as everybody's records. */
function layOut(
  incident: DocumentedIncident,
  folder: string,
  options: ReplayArguments,
): { readonly settings: Settings; readonly frames: string } {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const vrps =
    incident.roas === undefined ? undefined : file('vrps.json', JSON.stringify({ roas: incident.roas }));
  // JSON is YAML.
  file('watchlist.yaml', JSON.stringify({ defaults: { group: incident.id }, watch: incident.watch }));
  const config = file('originwatch.yaml', JSON.stringify({ watchlist: 'watchlist.yaml' }));
  const { settings } = loadSettings({
    configPath: options.config ?? config,
    watchlistPath: options.watchlist ?? join(folder, 'watchlist.yaml'),
    vrpsPath: options.vrps ?? vrps,
    env: process.env,
  });
  return { settings, frames: file('frames.ndjson', `${incident.events.map(frameLine).join('\n')}\n`) };
}

/** RIS Live NDJSON. */
function frameLine({ t, peer, address, prefix, path }: IncidentStep): string {
  const session = address ?? standInAddress(peer);
  const body =
    path === undefined
      ? { withdrawals: [prefix] }
      : { path, community: [], announcements: [{ next_hop: session, prefixes: [prefix] }] };
  const head = {
    timestamp: Date.parse(t) / 1000,
    peer: session,
    peer_asn: `${peer}`,
    id: '',
    host: 'rrc00.ripe.net',
  };
  return JSON.stringify({ type: 'ris_message', data: { ...head, type: 'UPDATE', ...body } });
}

/** Of the range for benchmarks: nobody's. */
function standInAddress(asn: number): string {
  return `198.18.${(asn >>> 8) & 255}.${asn & 255}`;
}

// ---------------------------------------------------------------- the folder

function folderPath(): string {
  return fileURLToPath(new URL('../../../config/incidents/', import.meta.url));
}

function namesInLibrary(): readonly string[] {
  try {
    return readdirSync(folderPath())
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (cause) {
    throw new OperationalError('input-unreadable', 'the library of incidents is not there', { cause });
  }
}

function readIncident(asked: string): DocumentedIncident {
  const name = OTHER_NAMES[asked] ?? asked;
  const names = namesInLibrary();
  if (!names.includes(name)) {
    const near = names.filter((known) => known.includes(asked) && asked !== '').slice(0, 5);
    const cure = near.length > 0 ? `is it ${near.join(' or ')}?` : 'originwatch replay --list names them';
    throw new UsageError(`no incident is called ${JSON.stringify(asked)}; ${cure}`);
  }
  return JSON.parse(readFileSync(join(folderPath(), `${name}.json`), 'utf8')) as DocumentedIncident;
}

async function list(json: boolean, io: Streams): Promise<number> {
  const rows = namesInLibrary()
    .map((name) => summaryOf(readIncident(name)))
    .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.name < b.name ? -1 : 1));
  const output = new Output(io.stdout);
  if (json) output.line(JSON.stringify(rows));
  else
    for (const line of tableLines(
      ['NAME', 'DATE', 'KIND', 'TITLE'],
      rows.map(({ name, date, kind, title }) => [name, date, kind ?? 'benign', title]),
    ))
      output.line(line);
  await output.flush();
  return 0;
}

function summaryOf(incident: DocumentedIncident): {
  readonly name: string;
  readonly id: string;
  readonly date: string;
  readonly title: string;
  readonly kind: string | null;
} {
  const { id, title, meaning, events } = incident;
  const name = Object.entries(OTHER_NAMES).find(([, other]) => other === id)?.[0] ?? id;
  const date = (meaning.earliest ?? events[0]?.t ?? incident.until).slice(0, 10);
  return { name, id, date, title, kind: KINDS[meaning.type] ?? null };
}

// ---------------------------------------------------------------- the story

function storyOf(incident: DocumentedIncident): readonly string[] {
  const { name, date, title, kind } = summaryOf(incident);
  const sentences = tellSteps(incident.events);
  const cut =
    sentences.length > SENTENCES_MAX ? [`… and ${sentences.length - SENTENCES_MAX} steps more.`] : [];
  return [
    `${title} (${name}), ${date}.`,
    `Watched: ${incident.watch.map(watchedText).join('; ')}.`,
    ...sentences.slice(0, SENTENCES_MAX),
    ...cut,
    recordText(kind, incident.meaning.suspects),
    incident.events.some(({ captured }) => captured === true)
      ? 'Steps marked captured are from records; sessions and times of the others stand in where no record was found.'
      : 'Who saw it is not on record: the sessions stand in.',
  ];
}

function watchedText({ prefix, origins }: DocumentedIncident['watch'][number]): string {
  if (origins === undefined) return `${prefix}, its origin to be learned`;
  return origins.length === 0
    ? `${prefix}, which nobody may announce`
    : `${prefix} of ${origins.map(asText).join(', ')}`;
}

function silenceText({ meaning }: DocumentedIncident): string {
  const kind = KINDS[meaning.type] ?? null;
  if (kind === null) return 'No alert, as it should be.';
  if (kind === 'route-leak')
    return 'No alert: the origin is right, and no declared upstreams, ASPA or tier-1 valley tell this path from another.';
  return 'No alert: nothing of this watchlist and these updates tells it from a route that is in order.';
}

function recordText(kind: string | null, suspects: readonly number[]): string {
  if (kind === null) return 'On record as: nothing that should be louder than info.';
  const named = suspects.length === 0 ? '' : `, by ${suspects.map(asText).join(' or ')}`;
  return `On record as: ${kind}${named}.`;
}

/** One sentence for what several sessions say at one moment. */
function tellSteps(steps: readonly IncidentStep[]): readonly string[] {
  const told = new Map<string, { readonly step: IncidentStep; sessions: number }>();
  for (const step of steps) {
    const key = `${step.t} ${step.prefix} ${JSON.stringify(step.path?.at(-1) ?? null)}`;
    const same = told.get(key);
    if (same === undefined) told.set(key, { step, sessions: 1 });
    else same.sessions += 1;
  }
  return [...told.values()].map(({ step, sessions }) => sentenceOf(step, sessions));
}

function sentenceOf({ t, peer, prefix, path, captured }: IncidentStep, sessions: number): string {
  const at = `${t.slice(0, 19).replace('T', ' ')} UTC`;
  const who = sessions === 1 ? `a session of ${asText(peer)}` : `${sessions} sessions`;
  const mark = captured === true ? ' (captured)' : '';
  if (path === undefined) return `${at}: ${who} withdraw${sessions === 1 ? 's' : ''} ${prefix}${mark}.`;
  const origin = path.at(-1);
  const from = typeof origin === 'number' ? asText(origin) : `{${(origin ?? []).join(',')}}`;
  return `${at}: ${who} show${sessions === 1 ? 's' : ''} ${prefix} with the origin ${from}, path ${pathText(path)}${mark}.`;
}

function pathText(path: Path): string {
  return path
    .map((element) => (typeof element === 'number' ? `${element}` : `{${element.join(',')}}`))
    .join(' ');
}

function asText(asn: number): string {
  return `AS${asn}`;
}
