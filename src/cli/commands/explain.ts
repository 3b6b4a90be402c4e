/**
 * `originwatch explain PREFIX "AS PATH"` and `originwatch notify route`: what this announcement would cause, from the
 * very code that judges, with the baseline, RIB, incidents and silences of the state directory. Changes nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { configurationOf } from '../../daemon/state-directory.ts';
import type { Engine } from '../../engine/engine.ts';
import { OperationalError } from '../../engine/errors.ts';
import type { Remembered } from '../../engine/ports.ts';
import { restoreEngine } from '../../engine/restore.ts';
import { explainAnnouncement } from '../../explain/explanation.ts';
import type { Asked } from '../../explain/explanation-shape.ts';
import { loadVrpFile } from '../../feed/rpki/vrp-export.ts';
import { systemClock } from '../../feed/surroundings.ts';
import { RpkiDataBuilder } from '../../judge/rpki-data.ts';
import { DATABASE_FILE, openStore } from '../../store/store.ts';
import { printable } from '../../words/printable.ts';
import { communityArgument, pathArgument, prefixArgument } from '../arguments.ts';
import { explanationLines, notifyLines } from '../explanation-text.ts';
import { Output } from '../output.ts';
import { answers, type Place, placeOf } from '../place.ts';
import { type ExplainArguments, type Streams, settingsAt } from '../usage.ts';

export type ExplainOptions = ExplainArguments & { readonly prefix: string; readonly path: string };

const NOTHING: Remembered = {
  nextSeq: 1,
  segments: [],
  ribTable: [],
  baseline: [],
  incidents: [],
  silences: [],
  memory: new Map(),
};

/** Every stage with its reasons. */
export async function runExplain(options: ExplainOptions, io: Streams): Promise<number> {
  const { settings, explanation, state } = await explained(options, io);
  const lines =
    options.json === true
      ? [JSON.stringify({ state: state.json, ...explanation })]
      : explanationLines(explanation, settings, state.word);
  return print(io, lines);
}

/** Only whom it would notify. */
export async function runNotifyRoute(options: ExplainOptions, io: Streams): Promise<number> {
  const { explanation } = await explained(options, io);
  const { incident, notify, escalation } = explanation;
  if (options.json === true) return print(io, [JSON.stringify({ incident, notify, escalation })]);
  const outcome =
    incident === null
      ? 'nothing to tell'
      : `${incident.outcome === 'none' ? 'no alert' : incident.outcome}: ${incident.reason}`;
  return print(io, [outcome, ...notifyLines(explanation)].map(printable));
}

async function print(io: Streams, lines: readonly string[]): Promise<number> {
  const output = new Output(io.stdout);
  for (const line of lines) output.line(line);
  await output.flush();
  return 0;
}

async function explained(options: ExplainOptions, io: Streams) {
  const asked: Asked = {
    prefix: prefixArgument(options.prefix),
    path: pathArgument(options.path),
    communities: (options.community ?? []).map(communityArgument),
  };
  const nowMs = Date.now();
  const place = await placeOf(options, process.env);
  const { config, isTheirs } = whoseState(place, options);
  if (config !== place.config) io.stderr.write(`configuration ${config}, with which the state was made\n`);
  const settings = settingsAt({ config }, options);
  if (!isTheirs)
    io.stderr.write(
      `the state in ${place.directory} is of another configuration and is not read; name that with --config\n`,
    );
  if (place.by === 'guess' && place.configuredUrl !== undefined && (await answers(place.configuredUrl)))
    io.stderr.write(
      `a daemon answers at ${place.configuredUrl}; what it remembers is read with --state DIR only\n`,
    );
  const { engine, directory } = restored(settings, isTheirs ? place : undefined, nowMs);
  if (settings.rpki.file === undefined) engine.apply({ type: 'clock' }, nowMs);
  else {
    const { data } = await loadVrpFile(settings.rpki.file, new RpkiDataBuilder(), systemClock);
    engine.apply({ type: 'rpki', rpki: data }, nowMs);
  }
  const { prefixes, routes, baselineRows } = engine.view.sizes();
  const explanation = explainAnnouncement(engine, settings, asked, nowMs);
  const word =
    directory === undefined
      ? 'nothing is remembered (no database yet): every foreign origin counts as never seen'
      : `remembered in ${directory}: ${baselineRows} baseline rows, ${routes} routes of ${prefixes} prefixes`;
  return {
    settings,
    explanation,
    state: { word, json: { directory: directory ?? null, baselineRows, routes, prefixes } },
  };
}

/**
 * A state goes with the configuration that made it. Where none is named, and the shipped one did not make this state,
 * the one that did is read; where nobody said which that is, the state is left alone.
 */
function whoseState(
  place: Place,
  options: ExplainOptions,
): { config: string | undefined; isTheirs: boolean } {
  if (place.config !== undefined || options.watchlist !== undefined)
    return { config: place.config, isTheirs: true };
  if (!existsSync(join(place.directory, DATABASE_FILE))) return { config: undefined, isTheirs: true };
  const config = configurationOf(place.directory);
  return { config, isTheirs: config !== undefined };
}

/** An engine as the daemon's, in memory; `directory` is undefined where there is no database. */
function restored(
  settings: Settings,
  place: Place | undefined,
  nowMs: number,
): { engine: Engine; directory: string | undefined } {
  const path = place === undefined ? '' : join(place.directory, DATABASE_FILE);
  if (place === undefined || !existsSync(path)) {
    if (place?.by === 'option') throw new OperationalError('input-unreadable', `there is no ${path}`);
    return { engine: restoreEngine(settings, NOTHING, nowMs, []), directory: undefined };
  }
  const store = openStore(path, { lock: false, readOnly: true });
  try {
    return { engine: restoreEngine(settings, store.remember(), nowMs, []), directory: place.directory };
  } finally {
    store.close();
  }
}
