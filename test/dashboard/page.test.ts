/** The dashboard's pages in a real browser: for everybody, under a crowd of incidents, and under hostile words. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anAlert, anIncident, START_MS, uuid, type World } from '../serve/fakes.ts';
import {
  aDayOfCoverage,
  anEntry,
  goTo,
  grownIncident,
  hasChromium,
  opened,
  scene,
  type Theatre,
} from './stage.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = [
  '',
  '#/resolved',
  '#/watchlist',
  '#/bgp?resource=AS7625',
  '#/feeds',
  '#/silences',
  `#/incidents/${uuid(1)}`,
];

/** What axe finds serious or critical, as `rule: element`. */
async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Found {
      readonly violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
    }
    const { axe: run } = globalThis as unknown as { axe: { run(options: object): Promise<Found> } };
    const { violations } = await run.run({ resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

function aFullWorld(world: World): void {
  const grown = grownIncident(1);
  world.incidents.set(grown.id, grown);
  world.alerts.push(anAlert(1, grown), anAlert(2, grown, 'updated'));
  world.raw.set(grown.id, [
    { at: grown.openedAt, vantagePoint: 'rrc00 192.0.2.1', frame: '{"type":"UPDATE"}' },
  ]);
  for (const number of [2, 3, 4]) {
    const severity = number === 2 ? 'warning' : 'info';
    world.incidents.set(uuid(number), anIncident(number, { severity, acknowledged: number === 3 }));
  }
  const over = { state: 'resolved', resolution: 'withdrawn', endedAt: grown.openedAt } as const;
  world.incidents.set(uuid(5), anIncident(5, over));
  const watchlist = () => [
    anEntry('211.249.216.0/21', { incidents: [grown.id], origins: [{ origin: 9457, vantagePoints: 3 }] }),
    anEntry('AS38099', { expectedOrigins: [], rpki: 'unknown' }),
  ];
  Object.assign(world.present, { watchlist });
  Object.assign(world.archive, { coverage: () => aDayOfCoverage(START_MS) });
  world.silences.push({
    id: uuid(9),
    match: { group: 'kakao' },
    startsAt: '2022-02-03T01:00:00.000Z',
    endsAt: '2022-02-04T01:00:00.000Z',
    expectedOrigin: null,
    by: 'Kim',
    note: 'move',
  });
}

const daemon = () => ({
  version: '0.1.0',
  receivers: [
    {
      name: 'noc-slack',
      type: 'slack',
      pending: 3,
      failingSince: '2022-02-03T01:00:00.000Z',
      lastError: '429',
    },
    { name: 'siem', type: 'webhook', pending: 0, failingSince: null, lastError: null },
  ],
});

describe.skipIf(!hasChromium)("the dashboard's pages (skipped without /usr/bin/chromium)", () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await opened();
  });
  afterAll(() => theatre?.close());

  it.each([
    ['light, en', PAGES, { language: 'en', dark: false }],
    ['dark, ko', ['', `#/incidents/${uuid(1)}`], { language: 'ko', dark: true }],
  ] as const)('put no serious barrier before anybody (%s)', async (_name, pages, look) => {
    const { page, troubles, end } = await scene(theatre, {
      ...look,
      prepare: aFullWorld,
      server: { daemon },
    });
    const found: string[] = [];
    for (const hash of pages) {
      await goTo(page, hash);
      await page.locator('main .muted, main table, main .card').first().waitFor();
      if (hash.includes('resource')) await page.locator('.answer').waitFor();
      if (hash.includes('incidents')) await page.locator('.turn').first().waitFor();
      found.push(...(await barriers(page)).map((each) => `${hash} ${each}`));
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    found.push(...(await barriers(page)));
    expect(found).toEqual([]);
    expect(troubles).toEqual([]);
    await end();
  });

  it('notices a violation of the policy, so that the other tests mean something', async () => {
    const { page, troubles, end } = await scene(theatre);
    await page.locator('.quiet').waitFor();
    await page.evaluate(`try { document.body.insertAdjacentHTML('beforeend', '<b>no</b>') } catch {}`);
    await expect.poll(() => troubles.length).toBe(1);
    await end();
  });

  it('answers "is it BGP?" with yes, no and unknown, none looking like the other', async () => {
    const { page, world, end } = await scene(theatre, { hash: '#/bgp' });
    const ask = async (verdict: 'yes' | 'no' | 'unknown', resource: string): Promise<string> => {
      const because = [{ en: `reason of ${verdict}`, ko: '…' }];
      const status = () => ({
        verdict,
        because,
        origins: [],
        visibility: { seeing: 0, known: 0 },
        incidents: [],
        coverage: [],
      });
      Object.assign(world.present, { status });
      await page.getByLabel('Prefix, address, AS or host name').fill(resource);
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText(`reason of ${verdict}`).waitFor();
      return page.locator(`.answer-${verdict} h2`).first().innerText();
    };
    expect(await ask('yes', '211.249.221.246')).toBe('Yes, it is BGP');
    expect(await ask('no', 'AS7625')).toBe('No, it is not BGP');
    expect(await ask('unknown', 'developers.kakao.com')).toBe('Unknown');
    await end();
  });

  it('draws a thousand open incidents by the few in sight, reaches the last, and takes a storm of alerts', async () => {
    const prepare = (world: World): void => {
      for (let number = 1; number <= 1_000; number += 1) {
        const severity = number % 10 === 0 ? 'critical' : number % 3 === 0 ? 'warning' : 'info';
        world.incidents.set(uuid(number), anIncident(number, { severity }));
      }
    };
    const { page, world, troubles, end } = await scene(theatre, { prepare });
    await page.locator('.row').first().waitFor();
    expect(await page.locator('.tile-number').allInnerTexts()).toEqual(['100', '300', '600', 'Yes']);
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await page.locator('.row[aria-posinset="1000"]').waitFor();
    expect(await page.locator('.row').count()).toBeLessThan(60);
    for (let number = 1; number <= 1_000; number += 1) {
      const incident = anIncident(number, { severity: 'critical' });
      world.incidents.set(incident.id, incident);
      world.publish({ type: 'incident', incident });
    }
    await page.locator('.tile-critical .tile-number').getByText('1000').waitFor();
    await page.getByRole('searchbox').fill('no such thing');
    await page.getByText('No open incident matches the filter.').waitFor();
    expect(troubles).toEqual([]);
    await end();
  });

  it('is worked by the keyboard alone', async () => {
    const { page, end } = await scene(theatre, { prepare: aFullWorld });
    await page.locator('.row').first().waitFor();
    for (const key of ['j', 'j', 'k', 'j']) await page.keyboard.press(key);
    expect(await page.locator('.row').nth(1).locator('a:focus').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('.incident').waitFor();
    await page.keyboard.press('a');
    await page.getByRole('dialog').getByLabel('Your name').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.locator('.row').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('j?');
    expect(await page.getByRole('searchbox').inputValue()).toBe('j?');
    await end();
  });

  it('shows hostile words as words', async () => {
    const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>"'\u202egnp.exe ${'A'.repeat(100_000)}`;
    const words = { en: evil, ko: evil };
    const prepare = (world: World): void => {
      aFullWorld(world);
      const base = grownIncident(1);
      const incident = {
        ...base,
        group: evil,
        summary: words,
        routes: base.routes.map((route) => ({
          ...route,
          name: evil,
          watch: evil,
          prefix: evil,
          paths: [{ path: `${evil} 9457`, vantagePoints: 1 }],
        })),
        evidence: [{ code: 'reach' as const, weight: 1, source: evil, text: words }],
        advice: { benign: words, next: [words] },
      };
      world.incidents.set(base.id, incident);
      world.alerts[0] = anAlert(1, incident);
      world.raw.set(base.id, [{ at: evil, vantagePoint: evil, frame: evil }]);
      const entry = anEntry(evil, { name: evil, group: evil, incidents: [base.id, evil] });
      Object.assign(world.present, { watchlist: () => [entry] });
      const gap = { feed: evil, from: evil, to: evil, state: 'blind' as const, reason: evil };
      Object.assign(world.archive, { coverage: () => [gap] });
    };
    const hostile = () => ({
      version: evil,
      receivers: [{ name: evil, type: evil, lastError: evil, pending: 1 }],
    });
    const { page, troubles, end } = await scene(theatre, { prepare, server: { daemon: hostile } });
    for (const hash of PAGES) {
      await goTo(page, hash);
      await page.locator('main .muted, main table, main .card').first().waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
    }
    await page.locator('.raw summary').click();
    expect(await page.locator('h1').innerText()).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('body').innerText()).not.toContain('\u202e');
    expect(troubles).toEqual([]);
    await end();
  });

  it('keeps the choice of language, zone and theme, and shows UTC beside either zone', async () => {
    const { page, end } = await scene(theatre, { prepare: (world) => void world.alert() });
    const when = page.locator('.row .when');
    await when.waitFor();
    expect(await when.innerText()).toContain('10:04:19 KST');
    await page.getByLabel('Time zone').selectOption('browser');
    await expect.poll(() => when.innerText()).toContain('02:04:19 UTC+1');
    expect(await when.innerText()).toContain('01:04:19 UTC');
    await page.getByLabel('Theme').selectOption('dark');
    await page.getByLabel('Language').selectOption('ko');
    await page.reload();
    await when.waitFor();
    expect(await when.innerText()).toContain('02:04:19 UTC+1');
    const root = page.locator('html');
    expect([await root.getAttribute('lang'), await root.getAttribute('data-theme')]).toEqual(['ko', 'dark']);
    await end();
  });
});
