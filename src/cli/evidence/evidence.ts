/**
 * An evidence file: everything that the database holds of one incident, as plain files in a tar, with a manifest of their
 * SHA-256 sums and a stretch of the database's own chain (`store/chain-table.ts`) from the first row it speaks of to the
 * head. Pure: `made` from what the store gave, `examined` from bytes.
 */
import type { AuditRow } from '../../engine/ports.ts';
import type { Alert } from '../../incident/alert.ts';
import type { CaseRecord } from '../../store/case-record.ts';
import { auditText, type ChainLink, nextLink, sumOf } from '../../store/chain-table.ts';
import { reportPage } from './report.ts';
import { readTar, type TarEntry, writeTar } from './tar.ts';

interface Manifest {
  readonly format: 'originwatch-evidence';
  readonly version: 1;
  readonly program: string;
  readonly exportedAt: string;
  readonly incident: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly chain: {
    readonly before: string;
    readonly from: number | null;
    readonly head: { readonly number: number; readonly link: string } | null;
  };
}

const MANIFEST = 'manifest.json';
const MANIFEST_SUM = 'manifest.json.sha256';

const ndjson = (rows: readonly string[]): string => rows.map((row) => `${row}\n`).join('');

/** The bytes of the tar. The same record at the same time gives the same bytes. */
export function evidenceFile(record: CaseRecord, exportedAtMs: number, program: string): Buffer {
  const { incident, chain } = record;
  const alerts = record.alerts.map((text) => JSON.parse(text) as Alert);
  const parts: readonly (readonly [string, string])[] = [
    ['incident.json', `${JSON.stringify(incident, null, 2)}\n`],
    ['alerts.ndjson', ndjson(record.alerts)],
    ['routes.json', `${JSON.stringify(incident.routes, null, 2)}\n`],
    ['frames.ndjson', ndjson(record.frames.map((frame) => JSON.stringify(frame)))],
    ['coverage.ndjson', ndjson(record.coverage.map((interval) => JSON.stringify(interval)))],
    ['audit.ndjson', ndjson(record.audit.map(({ number, row }) => JSON.stringify({ number, ...row })))],
    ['chain.ndjson', ndjson(chain.map((link) => JSON.stringify(link)))],
    ['report.en.html', reportPage(record, alerts, 'en')],
    ['report.ko.html', reportPage(record, alerts, 'ko')],
  ];
  const files = parts.map(([name, text]) => ({ name, body: Buffer.from(text, 'utf8') }));
  const head = chain.at(-1);
  const manifest: Manifest = {
    format: 'originwatch-evidence',
    version: 1,
    program,
    exportedAt: new Date(exportedAtMs).toISOString(),
    incident: incident.id,
    files: files.map(({ name, body }) => ({ name, bytes: body.length, sha256: sumOf(body) })),
    chain: {
      before: record.before,
      from: chain[0]?.number ?? null,
      head: head === undefined ? null : { number: head.number, link: head.link },
    },
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const sealed: TarEntry[] = [
    { name: MANIFEST, body: Buffer.from(text, 'utf8') },
    { name: MANIFEST_SUM, body: Buffer.from(`${sumOf(text)}  ${MANIFEST}\n`, 'utf8') },
  ];
  return writeTar([...sealed, ...files], Math.floor(exportedAtMs / 1000));
}

// ---------------------------------------------------------------- looking at one

export interface Examined {
  /** What is wrong, a sentence each; empty: it is whole. */
  readonly faults: readonly string[];
  readonly incident: string;
  readonly exportedAt: string;
  /** Of the manifest: what a court or a colleague is told once, and compares. */
  readonly sha256: string;
  readonly files: number;
  readonly links: number;
  readonly head: { readonly number: number; readonly link: string } | null;
}

/** Undefined for what is no evidence file at all. */
export function examined(bytes: Buffer): Examined | undefined {
  const tar = readTar(bytes);
  const texts = new Map(tar?.entries.map(({ name, body }) => [name, Buffer.from(body)]) ?? []);
  const written = texts.get(MANIFEST);
  const manifest = parsed<Manifest>(written?.toString('utf8') ?? '');
  if (tar === undefined) return broken(bytes);
  if (written === undefined || !isManifest(manifest)) return broken(bytes);
  const faults: string[] = [];
  const sha256 = sumOf(written);
  if (texts.get(MANIFEST_SUM)?.toString('utf8') !== `${sha256}  ${MANIFEST}\n`)
    faults.push(`${MANIFEST} is not what ${MANIFEST_SUM} says`);
  if (manifest.exportedAt.slice(0, 19) !== new Date(tar.seconds * 1000).toISOString().slice(0, 19))
    faults.push('the time of the archive is not that of the manifest');
  faults.push(...fileFaults(manifest, tar.entries), ...chainFaults(manifest, texts));
  const links = linesOf<ChainLink>(texts.get('chain.ndjson'));
  const { incident, exportedAt, chain } = manifest;
  return {
    faults,
    incident,
    exportedAt,
    sha256,
    files: manifest.files.length,
    links: links.length,
    head: chain.head,
  };
}

/** Of the shape that we write; a stranger's, or a changed one, may hold anything. */
function isManifest(value: Manifest | undefined): value is Manifest {
  if (value?.format !== 'originwatch-evidence' || typeof value.exportedAt !== 'string') return false;
  const isChain = typeof value.chain?.before === 'string' && value.chain.head !== undefined;
  return isChain && Array.isArray(value.files) && value.files.every((file) => typeof file?.name === 'string');
}

/** A tar of ours begins so; what is damaged in its frame is still told apart from a stranger's file. */
function broken(bytes: Buffer): Examined | undefined {
  if (bytes.toString('latin1', 0, 8) !== 'manifest' && bytes.indexOf('originwatch-evidence') < 0)
    return undefined;
  const fault =
    'the archive itself is changed or cut: a header, its padding or its end is not as it was written';
  return { faults: [fault], incident: '', exportedAt: '', sha256: '', files: 0, links: 0, head: null };
}

function fileFaults(manifest: Manifest, entries: readonly TarEntry[]): string[] {
  const faults: string[] = [];
  const names = [MANIFEST, MANIFEST_SUM, ...manifest.files.map(({ name }) => name)];
  if (entries.map(({ name }) => name).join() !== names.join())
    faults.push('the files are not those that the manifest lists, in its order');
  for (const { name, bytes, sha256 } of manifest.files) {
    const body = entries.find((entry) => entry.name === name)?.body;
    if (body === undefined) faults.push(`${name} is missing`);
    else if (body.length !== bytes || sumOf(body) !== sha256)
      faults.push(`${name} is not what the manifest says`);
  }
  return faults;
}

/** The links follow from each other, and speak of the alerts and audit rows that are here. */
function chainFaults({ chain }: Manifest, texts: ReadonlyMap<string, Buffer>): string[] {
  const links = linesOf<ChainLink>(texts.get('chain.ndjson'));
  const faults: string[] = [];
  let before = chain.before;
  for (const link of links) {
    if (nextLink(before, link) !== link.link) {
      faults.push(`the chain breaks at its link ${link.number}`);
      break;
    }
    before = link.link;
  }
  const head = links.at(-1);
  if (
    (head?.number ?? null) !== (chain.head?.number ?? null) ||
    (chain.head !== null && chain.head.link !== before)
  )
    faults.push('the chain does not end at the head that the manifest names');
  const sums = new Map(links.map(({ what, ref, sum }) => [`${what} ${ref}`, sum]));
  const alerts = (texts.get('alerts.ndjson')?.toString('utf8') ?? '')
    .split('\n')
    .filter((line) => line !== '');
  for (const text of alerts) {
    const sum = sums.get(`alert ${parsed<Alert>(text)?.seq}`);
    if (sum !== undefined && sum !== sumOf(text))
      faults.push(`alert ${parsed<Alert>(text)?.seq} is not the one of the chain`);
  }
  for (const { number, ...row } of linesOf<AuditRow & { number: number }>(texts.get('audit.ndjson'))) {
    const sum = sums.get(`audit ${number}`);
    if (sum !== undefined && sum !== sumOf(auditText(row)))
      faults.push(`audit row ${number} is not the one of the chain`);
  }
  return faults;
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

function linesOf<T>(body: Buffer | undefined): T[] {
  const lines = (body?.toString('utf8') ?? '').split('\n').filter((line) => line !== '');
  return lines.flatMap((line) => parsed<T>(line) ?? []);
}
