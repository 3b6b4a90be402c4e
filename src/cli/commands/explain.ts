/**
 * `originwatch explain PREFIX "AS PATH"` and `originwatch notify route`: what this announcement would cause, from the
 * very code that judges, with the baseline, RIB, incidents and silences of the state directory. Changes nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { stateDirectoryOf } from '../../daemon/state-directory.ts';
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
import type { ExplainArguments, Streams } from '../usage.ts';

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
export async function runExplain(settings: Settings, options: ExplainOptions, io: Streams): Promise<number> {
  const { explanation, state } = await explained(settings, options);
  const lines =
    options.json === true
      ? [JSON.stringify({ state: state.json, ...explanation })]
      : explanationLines(explanation, settings, state.word);
  return print(io, lines);
}

/** Only whom it would notify. */
export async function runNotifyRoute(
  settings: Settings,
  options: ExplainOptions,
  io: Streams,
): Promise<number> {
  const { explanation } = await explained(settings, options);
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

async function explained(settings: Settings, options: ExplainOptions) {
  const asked: Asked = {
    prefix: prefixArgument(options.prefix),
    path: pathArgument(options.path),
    communities: (options.community ?? []).map(communityArgument),
  };
  const nowMs = Date.now();
  const { engine, directory } = restored(settings, options.state, nowMs);
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
    explanation,
    state: { word, json: { directory: directory ?? null, baselineRows, routes, prefixes } },
  };
}

/** An engine as the daemon's, in memory; `directory` is undefined where there is no database. */
function restored(
  settings: Settings,
  given: string | undefined,
  nowMs: number,
): { engine: Engine; directory: string | undefined } {
  const directory = given ?? stateDirectoryOf(settings, process.env);
  const path = join(directory, DATABASE_FILE);
  if (!existsSync(path)) {
    if (given !== undefined) throw new OperationalError('input-unreadable', `there is no ${path}`);
    return { engine: restoreEngine(settings, NOTHING, nowMs, []), directory: undefined };
  }
  const store = openStore(path, { lock: false, readOnly: true });
  try {
    return { engine: restoreEngine(settings, store.remember(), nowMs, []), directory };
  } finally {
    store.close();
  }
}
