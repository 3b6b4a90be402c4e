/**
 * `originwatch status RESOURCE`: *is it BGP?*, asked of the running daemon. With `--check` as a Nagios or Icinga plugin
 * (Monitoring Plugins Development Guidelines): one line with performance data; exit 0, 1, 2, and 3 for everything that
 * keeps it from knowing.
 */
import { formatAsn } from '../../bgp/asn.ts';
import type { StatusAnswer } from '../../engine/ports.ts';
import { isoTime } from '../../incident/alert.ts';
import { printable } from '../../words/printable.ts';
import { apiClientOf } from '../api-client.ts';
import type { CommonOptions } from '../arguments.ts';
import { incidentTable } from '../incident-text.ts';
import { Output } from '../output.ts';
import { languageOf, localTime, tableLines } from '../table.ts';
import type { Streams } from '../usage.ts';

export interface StatusOptions {
  readonly resource: string;
  readonly atMs: number | undefined;
  readonly isCheck: boolean;
  readonly json: boolean;
}

/** Errors are the caller's, who knows that `--check` turns them into UNKNOWN. */
export async function runStatus(common: CommonOptions, options: StatusOptions, io: Streams): Promise<number> {
  const answer = await (await apiClientOf(common)).get<StatusAnswer>('/api/v1/status', {
    resource: options.resource,
    at: options.atMs === undefined ? undefined : isoTime(options.atMs),
  });
  const output = new Output(io.stdout);
  if (options.isCheck) {
    const { line, code } = pluginResult(options.resource, answer);
    output.line(line);
    await output.flush();
    return code;
  }
  if (options.json) output.line(JSON.stringify(answer));
  else for (const line of statusLines(options, answer)) output.line(line);
  await output.flush();
  return 0;
}

// ---------------------------------------------------------------- the plugin

/** The word of each exit code. */
const PLUGIN_WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type PluginCode = 0 | 1 | 2 | 3;

function pluginResult(resource: string, answer: StatusAnswer): { line: string; code: PluginCode } {
  const code = pluginCode(answer);
  const because = answer.because.map(({ en }) => en).join(' ');
  const { seeing, known } = answer.visibility;
  const open = answer.incidents.filter(({ state }) => state === 'open').length;
  const numbers = `seeing=${seeing};;;0;${known} incidents=${open};;;0`;
  return { line: pluginLine(code, `${resource}: ${because}`, numbers), code };
}

function pluginCode({ verdict, incidents }: StatusAnswer): PluginCode {
  if (verdict === 'unknown') return 3;
  if (verdict === 'no') return 0;
  return incidents.some(({ severity }) => severity === 'critical') ? 2 : 1;
}

/** What it prints when it cannot know: no daemon, wrong usage, a broken configuration. */
export function pluginUnknown(reason: string): string {
  return pluginLine(3, reason, '');
}

/** One line whatever the text: a bar would begin the performance data, a line break another line. */
function pluginLine(code: PluginCode, text: string, numbers: string): string {
  const line = printable(text.replaceAll('|', '/').replace(/\s+/g, ' ').trim());
  return `BGP ${PLUGIN_WORDS[code]} - ${line}${numbers === '' ? '' : ` | ${numbers}`}`;
}

// ---------------------------------------------------------------- for people

const VERDICTS = { yes: 'yes, it is BGP', no: 'no, it is not BGP', unknown: 'unknown' } as const;

function statusLines(options: StatusOptions, answer: StatusAnswer): string[] {
  const language = languageOf(process.env);
  const when = options.atMs === undefined ? '' : ` at ${localTime(isoTime(options.atMs))}`;
  const { seeing, known } = answer.visibility;
  const blind = answer.coverage.filter(({ state }) => state === 'blind');
  return [
    `${printable(options.resource)}${when}: ${VERDICTS[answer.verdict]}`,
    ...answer.because.map((words) => `  ${printable(words[language])}`),
    `seen by ${seeing} of ${known} vantage points`,
    ...section(
      tableLines(
        ['ORIGIN', 'VANTAGE POINTS'],
        answer.origins.map(({ origin, vantagePoints }) => [formatAsn(origin), String(vantagePoints)]),
      ),
      answer.origins.length,
    ),
    ...section(incidentTable(answer.incidents), answer.incidents.length),
    ...section(
      tableLines(
        ['NOT SEEN', 'FROM', 'TO', 'WHY'],
        blind.map(({ feed, from, to, reason }) => [feed, localTime(from), localTime(to), reason]),
      ),
      blind.length,
    ),
  ];
}

function section(lines: readonly string[], rows: number): readonly string[] {
  return rows === 0 ? [] : ['', ...lines];
}
