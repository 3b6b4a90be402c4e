/** The table that is printed, the JSON that is kept, and the change against the committed figures. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { isMet, type Plan, type Row } from './row.ts';

export const COMMITTED = 'test/bench/figures.json';

/** What is kept of a run. Ratios to the ceiling hold on other machines; absolute figures do not. */
interface Kept {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly plan: Plan;
  /** `ws` receive alone in the run, messages per CPU-second. */
  readonly ceiling: number | null;
  readonly rows: readonly KeptRow[];
}

interface KeptRow extends Row {
  readonly isMet: boolean | null;
  /** A rate in that of the ceiling of the same run; null for what is no rate. */
  readonly ofCeiling: number | null;
}

/** Figures are kept with four digits: more would be noise in every diff. */
function digits(value: number): number {
  return Number(value.toPrecision(4));
}

function ceilingOf(rows: readonly Row[]): number | null {
  return rows.find(({ id }) => id === 'limit-receive')?.value ?? null;
}

function ofCeiling(row: Row, ceiling: number | null): number | null {
  if (row.value === null) return null;
  if (row.unit === '% of ceiling') return digits(row.value / 100);
  return row.unit === 'msg/CPU-s' && ceiling !== null ? digits(row.value / ceiling) : null;
}

export function keep(file: string, plan: Plan, rows: readonly Row[]): void {
  const ceiling = ceilingOf(rows);
  const kept: Kept = {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    plan,
    ceiling: ceiling === null ? null : digits(ceiling),
    rows: rows.map((row) => ({
      ...row,
      value: row.value === null ? null : digits(row.value),
      beside: Object.fromEntries(
        Object.entries(row.beside).map(([name, value]) => [name, value === null ? null : digits(value)]),
      ),
      isMet: row.sort === 'budget' ? isMet(row) : null,
      ofCeiling: ofCeiling(row, ceiling),
    })),
  };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

/** The figures that this run is compared with, by row. */
export function committed(): ReadonlyMap<string, KeptRow> {
  if (!existsSync(COMMITTED)) return new Map();
  const kept = JSON.parse(readFileSync(COMMITTED, 'utf8')) as Kept;
  return new Map(kept.rows.map((row) => [row.id, row]));
}

export function shown(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  const places = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: places, minimumFractionDigits: places });
}

function budgetOf({ atMost, atLeast }: Row): string {
  if (atMost !== undefined) return `≤ ${shown(atMost)}`;
  return atLeast === undefined ? '' : `≥ ${shown(atLeast)}`;
}

function verdictOf(row: Row): string {
  if (row.sort !== 'budget') return '';
  return row.wrong !== undefined && row.value === null ? 'not measured' : isMet(row) ? 'met' : 'MISSED';
}

/** In percent of the committed figure; rates against the ceiling of their own runs. */
function changeOf(row: Row, ceiling: number | null, before: KeptRow | undefined): string {
  const now = ofCeiling(row, ceiling) ?? row.value;
  const then = before?.ofCeiling ?? before?.value ?? null;
  if (now === null || then === null || then === 0) return '';
  const change = (100 * (now - then)) / then;
  return `${change > 0 ? '+' : ''}${change.toFixed(0)} %`;
}

const HEAD = ['row', 'figure', 'unit', '% of ceiling', 'budget', '', 'change', 'beside it'];

export function table(rows: readonly Row[], before: ReadonlyMap<string, KeptRow>): string {
  const ceiling = ceilingOf(rows);
  const lines = rows.map((row) => {
    const share = ofCeiling(row, ceiling);
    const beside = Object.entries(row.beside).map(([name, value]) => `${name} ${shown(value)}`);
    if (row.wrong !== undefined) beside.unshift(row.wrong);
    return [
      row.what,
      shown(row.value),
      row.unit,
      share === null ? '' : shown(share * 100),
      budgetOf(row),
      verdictOf(row),
      changeOf(row, ceiling, before.get(row.id)),
      beside.join(', '),
    ];
  });
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  const isText = [true, false, true, false, false, true, false, true];
  const show = (line: readonly string[]): string =>
    line
      .map((cell, column) => (isText[column] ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [show(HEAD), ...lines.map(show)].join('\n');
}
