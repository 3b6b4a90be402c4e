/**
 * Known stories with known alerts: each scenario is played through `replay`, and what it prints is compared byte for
 * byte. `npm run golden:update` writes what it prints now.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import type { Kind } from '../../src/judge/vocabulary.ts';
import { DISAGREEMENTS } from './disagreements.ts';
import { expectedFile, type Golden, goldenNames, playGolden, readGolden } from './scenario-file.ts';

const isUpdate = process.env.GOLDEN_UPDATE === '1';

describe('golden incidents', () => {
  test('there is at least the incident that this program exists for, and every disagreement is about one of them', () => {
    expect(goldenNames()).toContain('klayswap-kakao-2022');
    expect(Object.keys(DISAGREEMENTS).filter((name) => !goldenNames().includes(name))).toEqual([]);
  });

  test.each(goldenNames())('%s', async (name) => {
    const golden = readGolden(name);
    const { stdout, alerts, code } = await playGolden(golden);
    if (isUpdate) writeFileSync(expectedFile(name), stdout);
    expect(code).toBe(0);
    expect(existsSync(expectedFile(name))).toBe(true);
    expect(stdout).toBe(readFileSync(expectedFile(name), 'utf8'));
    expect(agrees(golden, alerts), `${name} against what its facts call it`).toBe(
      DISAGREEMENTS[name] === undefined,
    );
  });

  test('nobody is called an attacker: a number on a path may be forged', async () => {
    const { stdout } = await playGolden(readGolden('klayswap-kakao-2022'));
    for (const alert of stdout.split('\n').filter((line) => line !== '')) {
      const { summary, advice } = (JSON.parse(alert) as Alert).incident;
      expect(summary.en).toContain('AS9457');
      expect(`${summary.en} ${advice.benign.en}`).not.toMatch(/attack(er|ed)|culprit/i);
    }
  });
});

const KINDS_OF: Readonly<Record<string, readonly Kind[]>> = {
  subprefix_hijack: ['sub-prefix'],
  exact_hijack: ['origin-change', 'misconfiguration'],
  forged_origin_subprefix: ['forged-origin'],
  subprefix_correct_origin: ['unexpected-more-specific'],
  route_leak: ['route-leak'],
  withdrawal: ['visibility-loss'],
  rpki_invalid_own_route: ['rpki-invalid'],
};
/** What a word of the facts may be at its peak. */
const SEVERITIES_OF: Readonly<Record<string, readonly string[]>> = {
  critical: ['critical'],
  high: ['warning', 'critical'],
  medium: ['info', 'warning'],
  low: ['info', 'warning'],
  info_if_allowlisted: ['warning', 'critical'],
};

/** The outcome is what the facts call it: kind, severity, whom they suspect, and no later than it could be known. */
function agrees({ meaning }: Golden, alerts: readonly Alert[]): boolean {
  const kinds = KINDS_OF[meaning.type];
  if (kinds === undefined) return alerts.every(({ incident }) => incident.peakSeverity === 'info');
  const severities = SEVERITIES_OF[meaning.severity ?? 'critical'] ?? [];
  const found = alerts.filter(
    ({ incident }) => kinds.includes(incident.kind) && isSuspect(incident.offender, meaning.suspects),
  );
  const opened = found.find(({ event }) => event === 'opened');
  if (opened === undefined || !severities.includes(found.at(-1)?.incident.peakSeverity ?? '')) return false;
  return meaning.earliest === undefined || Date.parse(opened.at) === Date.parse(meaning.earliest);
}

function isSuspect(offender: number | null, suspects: readonly number[]): boolean {
  return offender === null || suspects.length === 0 || suspects.includes(offender);
}
