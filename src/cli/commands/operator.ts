/**
 * `originwatch incidents` and `originwatch silence`: what an operator sees and does, through the running daemon.
 * JSON is what the API gives; tables are for people.
 */
import { existsSync } from 'node:fs';
import { formatAsn } from '../../bgp/asn.ts';
import { parsePrefix } from '../../bgp/prefix.ts';
import { oneOf, show, suggest } from '../../config/words.ts';
import type { IncidentPage, RawEvidence, Silence, SilenceMatch } from '../../engine/ports.ts';
import { type Alert, type Incident, isoTime, KINDS } from '../../incident/alert.ts';
import { printable } from '../../words/printable.ts';
import { type ApiClient, apiClientOf, wholeId } from '../api-client.ts';
import {
  type AuthorOptions,
  asnArgument,
  authorOf,
  type CommonOptions,
  momentArgument,
  originArgument,
  prefixArgument,
} from '../arguments.ts';
import { refuseUnwatched, unwatchedGroup, unwatchedPrefix, watchedBy } from '../beside/watched.ts';
import { incidentId } from '../incident-id.ts';
import { incidentDetail, incidentTable } from '../incident-text.ts';
import { Output } from '../output.ts';
import { localTime, shortId, tableLines } from '../table.ts';
import { type Streams, UsageError } from '../usage.ts';

export interface ListOptions extends Omit<CommonOptions, 'state'> {
  /** States by comma, or the state directory of the daemon. */
  readonly state?: readonly string[];
  readonly kind?: string;
  readonly group?: string;
  readonly severity?: string;
  readonly prefix?: string;
  readonly since?: string;
  readonly limit?: number;
}

const PAGE_MAX = 1_000;
const LIMIT_USUAL = 100;

async function print(io: Streams, lines: Iterable<string>): Promise<void> {
  const output = new Output(io.stdout);
  for (const line of lines) output.line(line);
  await output.flush();
}

/** Newest first; pages are joined up to `--limit`. */
export async function listIncidents(options: ListOptions, io: Streams): Promise<number> {
  const limit = options.limit ?? LIMIT_USUAL;
  if (limit === 0) throw new UsageError('--limit needs a number from 1 on');
  const since =
    options.since === undefined ? undefined : isoTime(momentArgument(options.since, Date.now(), -1));
  const prefix = options.prefix === undefined ? undefined : prefixArgument(options.prefix).text;
  const { kind, group, severity, config } = options;
  const { states, directory } = statesAndDirectory(options.state ?? []);
  const query = { state: states, kind, group, severity, prefix, since };
  const client = await apiClientOf({ ...(config !== undefined && { config }), ...directory });
  const incidents: Incident[] = [];
  let next: string | null = null;
  do {
    const size = Math.min(PAGE_MAX, limit - incidents.length);
    const page: IncidentPage = await client.get('/api/v1/incidents', {
      ...query,
      limit: size,
      cursor: next ?? undefined,
    });
    incidents.push(...page.incidents);
    next = page.next;
  } while (next !== null && incidents.length < limit);
  await print(io, options.json === true ? [JSON.stringify({ incidents, next })] : incidentTable(incidents));
  if (options.json === true) return 0;
  if (incidents.length === 0) io.stderr.write('no incidents\n');
  if (next !== null) io.stderr.write(`there are more than ${incidents.length}: see --limit\n`);
  return 0;
}

/** `--state open` filters, `--state /var/lib/originwatch` says which daemon is meant. */
function statesAndDirectory(values: readonly string[]): {
  readonly states: string | undefined;
  readonly directory: { readonly state?: string };
} {
  const isState = (value: string): boolean =>
    value.split(',').every((word) => /^(open|resolved)$/.test(word));
  const states = values.filter(isState);
  const directories = values.filter((value) => !isState(value));
  if (directories.length > 1) throw new UsageError('--state names two state directories');
  const [directory] = directories;
  if (directory !== undefined && !existsSync(directory))
    throw new UsageError(
      `--state ${show(directory)} is neither open, resolved, nor a directory that is there`,
    );
  return {
    states: states.length === 0 ? undefined : states.join(','),
    directory: directory === undefined ? {} : { state: directory },
  };
}

type Detail = Incident & { readonly alerts: readonly Alert[]; readonly raw: readonly RawEvidence[] };

export async function showIncident(id: string, options: CommonOptions, io: Streams): Promise<number> {
  const client = await apiClientOf(options);
  const whole = await incidentId(client, id);
  const detail = await client.get<Detail>(`/api/v1/incidents/${whole}`);
  await print(io, options.json === true ? [JSON.stringify(detail)] : incidentDetail(detail));
  return 0;
}

/** `ack` and `resolve`. */
export async function changeIncident(
  id: string,
  change: 'ack' | 'resolve',
  options: AuthorOptions,
  io: Streams,
): Promise<number> {
  const author = authorOf(options);
  const client = await apiClientOf(options);
  const whole = await incidentId(client, id);
  const verb = change === 'ack' ? 'acknowledge' : 'resolve';
  const incident = await client.post<Incident>(`/api/v1/incidents/${whole}/${verb}`, author);
  const done = change === 'ack' ? 'acknowledged' : 'resolved';
  const line = `${done} ${incident.id} by ${author.by}: ${incident.summary.en}`;
  await print(io, [options.json === true ? JSON.stringify(incident) : printable(line)]);
  return 0;
}

// ---------------------------------------------------------------- silences

export async function listSilences(options: CommonOptions, io: Streams): Promise<number> {
  const { silences } = await (await apiClientOf(options)).get<{ silences: readonly Silence[] }>(
    '/api/v1/silences',
  );
  if (options.json === true) {
    await print(io, [JSON.stringify({ silences })]);
    return 0;
  }
  await print(io, silenceTable(silences, Date.now()));
  if (silences.length === 0) io.stderr.write('no silences\n');
  return 0;
}

function silenceTable(silences: readonly Silence[], nowMs: number): string[] {
  if (silences.length === 0) return [];
  return tableLines(
    ['ID', 'STATE', 'MATCH', 'EXPECTS', 'STARTS', 'ENDS', 'BY', 'NOTE'],
    silences.map((silence) => [
      shortId(silence.id),
      phaseOf(silence, nowMs),
      matchText(silence.match),
      silence.expectedOrigin === null ? '' : formatAsn(silence.expectedOrigin),
      localTime(silence.startsAt),
      localTime(silence.endsAt),
      silence.by,
      silence.note,
    ]),
  );
}

function phaseOf({ startsAt, endsAt }: Silence, nowMs: number): string {
  if (nowMs >= Date.parse(endsAt)) return 'ended';
  return nowMs < Date.parse(startsAt) ? 'planned' : 'active';
}

function matchText({ group, prefix, kind, offender }: SilenceMatch): string {
  return [group && `group ${group}`, prefix, kind, offender !== undefined && formatAsn(offender)]
    .filter(Boolean)
    .join(', ');
}

export interface SilenceOptions extends AuthorOptions {
  readonly group?: string;
  readonly prefix?: string;
  readonly kind?: string;
  readonly offender?: string;
  readonly starts?: string;
  readonly ends: string;
  readonly expectedOrigin?: string;
}

export async function addSilence(options: SilenceOptions, io: Streams): Promise<number> {
  const nowMs = Date.now();
  const match = matchOf(options);
  const startsMs = options.starts === undefined ? nowMs : momentArgument(options.starts, nowMs, 1);
  const endsMs = momentArgument(options.ends, startsMs, 1);
  if (endsMs <= startsMs) throw new UsageError('--ends needs a time after the start');
  if (endsMs <= nowMs) throw new UsageError('--ends needs a time that is still to come');
  const wish = {
    match,
    startsAt: isoTime(startsMs),
    endsAt: isoTime(endsMs),
    expectedOrigin: options.expectedOrigin === undefined ? null : originArgument(options.expectedOrigin),
    ...authorOf(options),
  };
  const client = await apiClientOf(options);
  refuseUnwatched(await unmatched(match, client), options.force, io);
  const silence = await client.post<Silence>('/api/v1/silences', wish);
  const line = `silence ${silence.id} of ${matchText(silence.match)} until ${localTime(silence.endsAt)}`;
  await print(io, [options.json === true ? JSON.stringify(silence) : printable(line)]);
  return 0;
}

/** Why the match can hold nothing back; undefined when it can. A feed's incidents are in a group of its name. */
async function unmatched(match: SilenceMatch, client: ApiClient): Promise<string | undefined> {
  if (match.prefix === undefined && match.group === undefined) return undefined;
  const watched = await watchedBy(client);
  const ready = await client.get<{ feeds: readonly { readonly name: string }[] }>('/healthz');
  const feeds = ready.feeds.map(({ name }) => name);
  const group = match.group === undefined ? undefined : unwatchedGroup(match.group, watched, feeds);
  const meant = match.prefix === undefined ? undefined : parsePrefix(match.prefix)?.prefix;
  return group ?? (meant === undefined ? undefined : unwatchedPrefix(meant, watched));
}

function matchOf({ group, prefix, kind, offender }: SilenceOptions): SilenceMatch {
  if (group === undefined && prefix === undefined && kind === undefined && offender === undefined)
    throw new UsageError('a silence needs at least one of --group, --prefix, --kind and --offender');
  if (kind !== undefined && !(KINDS as readonly string[]).includes(kind))
    throw new UsageError(
      `${show(kind)} is no kind; ${kind === '' ? `write ${oneOf(KINDS)}` : suggest(kind, KINDS)}`,
    );
  return {
    ...(group !== undefined && { group }),
    ...(prefix !== undefined && { prefix: prefixArgument(prefix).text }),
    ...(kind !== undefined && { kind }),
    ...(offender !== undefined && { offender: asnArgument(offender) }),
  };
}

export async function expireSilence(id: string, options: AuthorOptions, io: Streams): Promise<number> {
  const author = authorOf(options);
  const client = await apiClientOf(options);
  const whole = await wholeId(id, 'silence', async () => {
    const { silences } = await client.get<{ silences: readonly Silence[] }>('/api/v1/silences');
    return { rows: silences, next: null };
  });
  await client.delete(`/api/v1/silences/${whole}`, author);
  await print(io, [
    options.json === true
      ? JSON.stringify({ id: whole })
      : `silence ${whole} ended by ${printable(author.by)}`,
  ]);
  return 0;
}
