/**
 * `originwatch check`: settings that loaded without an error, in words: what will be watched, how it will be
 * subscribed, who will be told, what the ROAs leave open. Sends nothing and changes nothing; warnings are no failure.
 */
import { join } from 'node:path';
import type { Prefix } from '../../bgp/prefix.ts';
import { describeWatch } from '../../config/describe.ts';
import type { RouteSettings, Settings } from '../../config/settings.ts';
import { stateDirectoryOf } from '../../daemon/state-directory.ts';
import { loadVrpFile } from '../../feed/rpki/vrp-export.ts';
import type { SourceReport } from '../../feed/source.ts';
import { systemClock } from '../../feed/surroundings.ts';
import { type RoaExposure, roaExposures } from '../../judge/roa-exposure.ts';
import { RpkiDataBuilder } from '../../judge/rpki-data.ts';
import { WatchPlan } from '../../judge/watch-plan.ts';
import { DATABASE_FILE } from '../../store/store.ts';
import { printable } from '../../words/printable.ts';
import { type SeenSoFar, seenSoFar } from '../announced.ts';
import { entryJson, feedReports, warningsOf } from '../check-report.ts';
import { Output } from '../output.ts';
import { languageOf } from '../table.ts';
import type { Streams } from '../usage.ts';

export async function runCheck(
  settings: Settings,
  options: { readonly json: boolean },
  io: Streams,
): Promise<number> {
  const seen = seenSoFar(join(stateDirectoryOf(settings, process.env), DATABASE_FILE));
  const exposures = await exposuresOf(settings, seen);
  const feeds = feedReports(settings, learnedPrefixes(settings, seen));
  const output = new Output(io.stdout);
  if (options.json) output.line(JSON.stringify(reportJson(settings, feeds, exposures)));
  else for (const line of reportLines(settings, feeds, exposures)) output.line(printable(line));
  await output.flush();
  return 0;
}

async function exposuresOf(settings: Settings, { knowledge }: SeenSoFar): Promise<readonly RoaExposure[]> {
  const { file } = settings.rpki;
  if (file === undefined) return [];
  const { data } = await loadVrpFile(file, new RpkiDataBuilder(), systemClock);
  return roaExposures([...settings.watchlist.entries], data.vrps, knowledge);
}

/** As the daemon asks for it: prefixes of watched ASes that no entry of the watchlist covers. */
function learnedPrefixes({ watchlist }: Settings, { originated }: SeenSoFar): readonly Prefix[] {
  const plan = new WatchPlan(watchlist);
  return originated.flatMap(({ prefix, origin }) => {
    const entry = plan.asns.get(origin);
    return entry !== undefined && plan.addLearned(entry, prefix) ? [prefix] : [];
  });
}

// ---------------------------------------------------------------- the report

function reportLines(
  settings: Settings,
  feeds: readonly SourceReport[],
  exposures: readonly RoaExposure[],
): string[] {
  const language = languageOf(process.env);
  const warnings = warningsOf(settings, exposures);
  return [
    ...describeWatch(settings),
    '',
    ...feeds.flatMap(feedLines),
    '',
    ...tellingLines(settings),
    `state directory ${stateDirectoryOf(settings, process.env)}`,
    `dashboard and API at ${settings.serve.host}:${settings.serve.port}, ${settings.serve.tokens.length} tokens`,
    '',
    ...warnings.map(({ code, text }) => `warning: ${text[language]} (${code})`),
    `no errors, ${warnings.length} warnings`,
  ];
}

function feedLines(feed: SourceReport): string[] {
  const from = feed.collectors.length === 0 ? 'all collectors' : `only ${feed.collectors.join(', ')}`;
  const what =
    feed.mode === 'firehose'
      ? 'everything, filtered here'
      : `${feed.prefixes} prefixes with their more and less specifics, paths of ${feed.asns} ASes`;
  return [
    `feed ${feed.name} (${feed.type}) ${feed.url}, ${from}`,
    `  ${feed.mode}: ${what}, and the state of peers; ${feed.subscriptions} subscriptions (${feed.why})`,
  ];
}

function tellingLines({ receivers, routes }: Settings): string[] {
  const lines = [
    ...receivers.map(
      ({ name, type, minSeverity, language }) =>
        `receiver ${name} (${type}) from ${minSeverity} on, in ${language}`,
    ),
    ...routes.map((route, index) => `route ${index + 1}: ${routeText(route)}`),
    ...(receivers.length > 0 && routes.length === 0 ? ['no routes: every receiver is told'] : []),
  ];
  return lines.length === 0 ? [] : [...lines, ''];
}

function routeText({ match, receivers, escalate, repeatMinutes }: RouteSettings): string {
  const wanted = Object.entries(match).flatMap(([key, values]) =>
    values === undefined ? [] : [`${key} ${values.join(' or ')}`],
  );
  const repeat =
    repeatMinutes === undefined ? '' : `, again every ${repeatMinutes} minutes until acknowledged`;
  const later =
    escalate === undefined ? '' : `, after ${escalate.afterMinutes} minutes ${escalate.receivers.join(', ')}`;
  return `${wanted.length === 0 ? 'everything' : wanted.join(', ')} → ${receivers.join(', ') || 'nobody'}${repeat}${later}`;
}

/** No secrets: of a receiver only what tells who it is. */
function reportJson(
  settings: Settings,
  feeds: readonly SourceReport[],
  exposures: readonly RoaExposure[],
): Record<string, unknown> {
  const { host, port, hosts, publicUrl, tokens } = settings.serve;
  return {
    entries: Array.from(settings.watchlist.entries, entryJson),
    feeds,
    receivers: settings.receivers.map(({ name, type, minSeverity, language }) => ({
      name,
      type,
      minSeverity,
      language,
    })),
    routes: settings.routes,
    roaExposures: exposures.map(({ vrps, ...rest }) => ({
      ...rest,
      vrps: vrps.map(({ prefix, maxLength, asn }) => ({ prefix: prefix.text, maxLength, asn })),
    })),
    warnings: warningsOf(settings, exposures),
    stateDirectory: stateDirectoryOf(settings, process.env),
    serve: {
      host,
      port,
      hosts,
      publicUrl: publicUrl ?? null,
      tokens: tokens.map(({ name, scope }) => ({ name, scope })),
    },
  };
}
