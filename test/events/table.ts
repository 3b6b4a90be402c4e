/** Prints how each captured event is found: `npm run evaluate`. Reads ../shared/data/events. */
import { captureNames, hasEvents, readCapture } from './captures.ts';
import { type Measured, measure } from './evaluate.ts';
import { BEFORE, EXPECTED } from './expectations.ts';

const HEAD = ['event', 'kind', 'offender', 'at first', 'at end', 'updates to critical', 'false before'];

async function main(): Promise<void> {
  if (!hasEvents) {
    console.error('skipped: ../shared/data/events is not here');
    return;
  }
  const lines = [HEAD];
  const notes: string[] = [];
  for (const name of captureNames()) {
    const one = await measure(readCapture(name));
    lines.push(lineOf(one));
    for (const note of notesOf(one)) notes.push(`${name}: ${note}`);
  }
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  console.log(`\n${notes.join('\n')}`);
}

function lineOf(one: Measured): string[] {
  const {
    event,
    found,
    severityAtFirst,
    severityAtEnd,
    scoreAtFirst,
    scoreAtEnd,
    updatesToCritical,
    before,
  } = one;
  return [
    event,
    found?.kind ?? 'NOT FOUND',
    found?.offender === null || found === undefined ? '-' : `AS${found.offender}`,
    `${severityAtFirst} ${scoreAtFirst}`,
    `${severityAtEnd} ${scoreAtEnd}`,
    updatesToCritical === undefined ? 'never' : String(updatesToCritical),
    String(before.length),
  ];
}

function notesOf(one: Measured): readonly string[] {
  const said = EXPECTED[one.event]?.note;
  const before = one.before.map((incident) => {
    const name = `${incident.kind} ${incident.offender}`;
    return `before it ${name}, ${incident.peakSeverity}: ${BEFORE[one.event]?.[name] ?? 'NOT EXPLAINED'}`;
  });
  return said === undefined ? before : [said, ...before];
}

await main();
