/**
 * `originwatch export INCIDENT --out FILE`: the evidence of one incident as a tar, read from the database beside a daemon or
 * without one. `verify FILE`: is it whole? Needs neither.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../daemon/version.ts';
import { OperationalError } from '../../engine/errors.ts';
import { DATABASE_FILE, openStore, type SqliteStore } from '../../store/store.ts';
import { wholeId } from '../api-client.ts';
import type { CommonOptions } from '../arguments.ts';
import { type Examined, evidenceFile, examined } from '../evidence/evidence.ts';
import { fileAdvice } from '../file-advice.ts';
import { Output } from '../output.ts';
import { type Place, placeOf } from '../place.ts';
import { counted } from '../table.ts';
import type { Streams } from '../usage.ts';

export interface ExportOptions extends CommonOptions {
  readonly out: string;
}

export async function runExport(id: string, options: ExportOptions, io: Streams): Promise<number> {
  if (existsSync(options.out))
    throw new OperationalError('output-unwritable', `${options.out} exists already: name another file`);
  const place = await placeOf(options, process.env);
  const store = openBeside(place);
  try {
    const whole = await incidentIn(store, id);
    const nowMs = Date.now();
    const record = store.archive.caseRecord(whole, nowMs);
    if (record === undefined)
      throw new OperationalError('daemon-refused', `there is no incident ${whole} in ${store.path}`);
    const bytes = evidenceFile(record, nowMs, `originwatch ${VERSION}`);
    write(options.out, bytes);
    const result = examined(bytes);
    if (record.chain.length === 0) io.stderr.write('the incident is older than the chain of this database\n');
    await print(options.out, result, options.json === true, io);
    return 0;
  } finally {
    store.close();
  }
}

function openBeside({ directory, by, daemon }: Place): SqliteStore {
  const path = join(directory, DATABASE_FILE);
  if (!existsSync(path)) {
    const hint = by === 'guess' && daemon === undefined ? '; name the state directory with --state DIR' : '';
    throw new OperationalError('input-unreadable', `there is no ${path}${hint}`);
  }
  return openStore(path, { lock: false, readOnly: true });
}

function incidentIn(store: SqliteStore, given: string): Promise<string> {
  return wholeId(given, 'incident', (cursor) => {
    const page = store.archive.incidents({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    return Promise.resolve({ rows: page.incidents, next: page.next });
  });
}

function write(file: string, bytes: Buffer): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new OperationalError('output-unwritable', `${file}: ${fileAdvice(cause)}`, { cause });
  }
}

/** 0 when every byte is as it was written, 1 when not. */
export async function runVerify(
  file: string,
  options: { readonly json?: boolean },
  io: Streams,
): Promise<number> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new OperationalError('input-unreadable', `${file}: ${fileAdvice(cause)}`, { cause });
  }
  const result = examined(bytes);
  if (result === undefined)
    throw new OperationalError('input-unreadable', `${file} is no evidence file of originwatch export`);
  await print(file, result, options.json === true, io);
  for (const fault of result.faults) io.stderr.write(`${file}: ${fault}\n`);
  return result.faults.length === 0 ? 0 : 1;
}

async function print(
  file: string,
  result: Examined | undefined,
  isJson: boolean,
  io: Streams,
): Promise<void> {
  if (result === undefined) return;
  const { faults, incident, exportedAt, sha256, files, links, head } = result;
  const output = new Output(io.stdout);
  if (isJson) output.line(JSON.stringify({ file, ok: faults.length === 0, ...result }));
  else if (faults.length > 0) output.line(`${file}: CHANGED, ${counted(faults.length, 'fault')}`);
  else {
    output.line(`${file}: whole; incident ${incident}, exported ${exportedAt}, ${counted(files, 'file')}`);
    output.line(`manifest SHA-256 ${sha256}`);
    output.line(
      head === null
        ? 'no chain'
        : `chain: ${counted(links, 'link')} up to number ${head.number}, ${head.link}`,
    );
  }
  await output.flush();
}
