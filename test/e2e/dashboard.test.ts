/**
 * The real thing as an engineer on duty sees it: Chromium before the demo, from quiet to the hijack to the all-clear,
 * and before a daemon whose incidents are acknowledged, silenced, resolved and accepted. In both languages.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORDS } from '../../src/dashboard/app/words.ts';
import type { Incident } from '../../src/incident/alert.ts';
import { hasChromium, launched, pageFor } from '../dashboard/stage.ts';
import { buildPackage, eventually, type Program, Running } from './program.ts';
import { Stage } from './stage.ts';
import { type Cast, castOf, OFFENDER, stepsOf, watchOf } from './story.ts';

const LANGUAGES = ['en', 'ko'] as const;
type Language = (typeof LANGUAGES)[number];

describe.skipIf(!hasChromium)('the dashboard of a real daemon (skipped without /usr/bin/chromium)', () => {
  let program: Program;
  let browser: Browser;
  beforeAll(async () => {
    [program, browser] = await Promise.all([buildPackage(), launched()]);
  });
  afterAll(async () => {
    await browser?.close();
    program?.remove();
  });

  test('shows the demo from quiet to the hijack to the all-clear, by itself, in both languages', async () => {
    const demo = new Running(program, ['demo', '--port', '0', '--speed', '5', '--viewers', '2']);
    const url = await eventually(
      'the address',
      () => /Dashboard +(http:\/\/[\d.]+:\d+)/.exec(demo.stdout)?.[1],
    );
    await Promise.all(LANGUAGES.map((language) => watchDemo(language, url)));
    const { code, stderr } = await demo.end('SIGINT');
    expect([code, stderr]).toEqual([0, '']);
  }, 60_000);

  async function watchDemo(language: Language, url: string): Promise<void> {
    const t = WORDS[language];
    const { page, troubles } = await pageFor(browser, url, { language });
    await page.goto(url);
    await page.getByText(t.open.quiet).waitFor();
    const row = page.locator('.row');
    await row.waitFor();
    expect(await page.locator('.tile-critical .tile-number').innerText()).toBe('1');
    await row.getByRole('link').click();
    const heading = page.getByRole('heading', { level: 1 });
    await heading.filter({ hasText: `AS${OFFENDER}` }).waitFor();
    await page.locator('.graph').getByText('AS6461').first().waitFor();
    await page.getByText('121.53.104.0/24').first().waitFor();
    await page.locator('.head-resolved').waitFor({ timeout: 40_000 });
    await page.keyboard.press('Escape');
    await page.getByText(t.open.quiet).waitFor();
    expect(troubles).toEqual([]);
    await page.context().close();
  }

  test('does what operators do there, and the daemon remembers who', async () => {
    const casts = [0, 1, 2, 3].map(castOf);
    const stage = await Stage.set(program, { watch: casts.flatMap(watchOf) });
    await stage.start();
    for (const cast of casts)
      for (const step of stepsOf(cast).slice(0, 2)) await stage.play(...step(Date.now()));
    const onDuty = async (language: Language, own: readonly Cast[]): Promise<void> => {
      const { page, troubles } = await pageFor(browser, stage.url, { language });
      await operate(stage, page, language, own);
      expect(troubles).toEqual([]);
      await page.context().close();
    };
    await Promise.all([onDuty('en', casts.slice(0, 2)), onDuty('ko', casts.slice(2))]);
    await stage.close();
  }, 60_000);
});

/** The first incident is acknowledged, silenced and resolved; of the second the origin is accepted. */
async function operate(stage: Stage, page: Page, language: Language, casts: readonly Cast[]): Promise<void> {
  const { action, case: caseWords, incident: words } = WORDS[language];
  const [first, second] = await Promise.all(casts.map(({ group }) => incidentOf(stage, group)));
  if (first === undefined || second === undefined) throw new Error('a story has two casts');
  const by = language === 'ko' ? '김 당직' : 'Kim on duty';
  const dialog = page.getByRole('dialog');
  const act = async (name: string): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).click();
    await dialog.locator('[name=by]').fill(by);
    await dialog.locator('[name=note]').fill('NOC-42');
    const confirmation = dialog.getByRole('checkbox');
    if ((await confirmation.count()) > 0) await confirmation.check();
    await dialog.getByRole('button', { name, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const tags = page.locator('.incident-tags');

  await page.goto(`${stage.url}/#/incidents/${first.id}`);
  await act(action.acknowledge);
  await tags.getByText(caseWords.acknowledgedBy(by), { exact: true }).waitFor();
  await act(action.silence);
  await act(action.resolve);
  await tags.getByText(words.state.resolved, { exact: true }).waitFor();
  await page.goto(`${stage.url}/#/incidents/${second.id}`);
  await page
    .getByRole('heading', { level: 1 })
    .filter({ hasText: casts[1]?.taken[0] ?? '' })
    .waitFor();
  await act(action.accept);
  await tags.getByText(words.state.resolved, { exact: true }).waitFor();

  expect(await incidentOf(stage, first.group)).toMatchObject({ acknowledged: true, resolution: 'operator' });
  expect(await incidentOf(stage, second.group)).toMatchObject({ resolution: 'accepted' });
  const { silences } = await stage.get<{ silences: Record<string, unknown>[] }>('/api/v1/silences');
  expect(silences).toContainEqual(
    expect.objectContaining({ match: { group: first.group, offender: OFFENDER }, by }),
  );
  const { audit } = await stage.get<{ audit: { who: string; action: string; note: string }[] }>(
    '/api/v1/audit',
  );
  const rows = audit.filter(({ who }) => who.includes(by));
  expect(rows.map((row) => row.action).sort()).toEqual([
    'baseline.accept',
    'incident.acknowledge',
    'incident.resolve',
    'silence.add',
  ]);
  expect(rows.every(({ note }) => note.includes('NOC-42'))).toBe(true);
  expect(new Set(rows.map(({ who }) => who))).toEqual(new Set([`${by} (dashboard)`]));
}

async function incidentOf(stage: Stage, group: string): Promise<Incident> {
  const [incident] = await stage.incidents(`?group=${group}`);
  if (incident === undefined) throw new Error(`no incident of ${group}`);
  return incident;
}
