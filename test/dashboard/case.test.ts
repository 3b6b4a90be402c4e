/** The incident as a case, in a real browser: on the desk, on the wall, on the phone, for many at once. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isoTime } from '../../src/incident/alert.ts';
import { anAlert, anIncident, START_MS, uuid, type World } from '../serve/fakes.ts';
import { anEntry, grownIncident, hasChromium, opened, scene, type Theatre } from './stage.ts';

const ID = uuid(1);
const WIDTHS = [320, 390, 768, 1024, 1440, 1920, 3840];

function aHijack(world: World): void {
  const grown = grownIncident(1);
  world.incidents.set(grown.id, grown);
  world.alerts.push(anAlert(1, grown));
  const step = (seconds: number, number: number, prefix: string, path: string | null) => ({
    at: isoTime(START_MS + seconds * 1000),
    vantagePoint: `rrc00 192.0.2.${number}`,
    prefix,
    path,
  });
  world.steps.set(grown.id, [
    step(-60, 1, '211.249.216.0/21', '6461 10158 7625'),
    step(0, 1, '211.249.221.0/24', '6461 9457'),
    step(10, 2, '211.249.221.0/24', '3356 6461 9457'),
    step(20, 1, '211.249.221.0/24', null),
  ]);
  const watchlist = () => [
    anEntry('211.249.216.0/21', { incidents: [grown.id] }),
    anEntry('203.0.113.0/24', { visibility: { seeing: 0, known: 350 } }),
    anEntry('198.51.100.0/24'),
  ];
  Object.assign(world.present, { watchlist });
}

/** How far the page or anything in it reaches beyond the screen, px. */
function overhang(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth');
}

describe.skipIf(!hasChromium)('a case in Chromium (skipped without /usr/bin/chromium)', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await opened();
  });
  afterAll(() => theatre?.close());

  it('takes a note and an assignee, and shows both with who acknowledged in the timeline', async () => {
    const { page, world, troubles, end } = await scene(theatre, {
      hash: `#/incidents/${ID}`,
      prepare: aHijack,
    });
    await page.getByRole('button', { name: 'Add a note' }).click();
    await page.getByLabel('Your name').fill('Kim');
    await page.locator('dialog').getByRole('button', { name: 'Add a note' }).click();
    await page.getByText('Write something.').waitFor();
    await page.locator('dialog textarea').fill('Called Dreamline.');
    await page.locator('dialog').getByRole('button', { name: 'Add a note' }).click();
    await page.locator('.notes').getByText('Called Dreamline.').waitFor();
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    await page.getByLabel('Assignee').fill('Lee');
    await page.locator('dialog').getByRole('button', { name: 'Assign', exact: true }).click();
    await page.locator('.case-head').getByText('Lee').waitFor();
    await page.locator('.turn-act').getByText('Called Dreamline.').waitFor();
    expect(world.incidents.get(ID)).toMatchObject({ assignee: 'Lee', notes: [{ by: 'Kim' }] });
    expect(troubles).toEqual([]);
    await end();
  });

  it('names deliveries that wait or were given up, with the reason', async () => {
    const row = {
      receiver: 'noc-slack',
      alert: 'a',
      seq: 1,
      event: 'opened',
      reminder: null,
      attempts: 3,
      at: null,
    };
    const { page, end } = await scene(theatre, {
      hash: `#/incidents/${ID}`,
      prepare(world) {
        aHijack(world);
        const deliveriesOf = () => [
          { ...row, state: 'waiting', error: 'certificate expired', nextAt: isoTime(START_MS + 60_000) },
          { ...row, receiver: 'siem', state: 'given-up', error: 'HTTP 410', nextAt: null },
        ];
        Object.assign(world.archive, { deliveriesOf });
      },
    });
    await page.getByText('1 alert waits, 1 given up').waitFor();
    await page.getByText('certificate expired').waitFor();
    await page.getByText('HTTP 410').waitFor();
    await end();
  });

  it('plays who carried what, from before the first offending route', async () => {
    const { page, end } = await scene(theatre, { hash: `#/incidents/${ID}`, prepare: aHijack });
    const slider = page.getByLabel('Moment');
    await slider.waitFor();
    await slider.fill('0');
    const graph = page.locator('.card').filter({ has: slider }).locator('.graph');
    expect(await graph.locator('.node-offender').count()).toBe(0);
    expect(await graph.locator('.edge.rightful').count()).toBeGreaterThan(0);
    await page.getByText('1 / 4').waitFor();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByText('4 / 4').waitFor();
    await end();
  });

  it('acknowledges and silences many at once, as the filter in the address chose them', async () => {
    const { page, world, troubles, end } = await scene(theatre, {
      hash: '#/?severity=warning&by=kind',
      prepare(each) {
        for (const number of [1, 2, 3, 4])
          each.incidents.set(
            uuid(number),
            anIncident(number, { severity: number === 4 ? 'info' : 'warning' }),
          );
      },
    });
    await page.getByLabel('Select all shown').check();
    await page.getByText('3 selected').waitFor();
    await page.getByRole('button', { name: 'Acknowledge all' }).click();
    await page.getByLabel('Your name').fill('Kim');
    await page.locator('dialog').getByRole('button', { name: 'Acknowledge all' }).click();
    await page.getByText('3 done.').waitFor();
    expect([...world.incidents.values()].map(({ acknowledged }) => acknowledged)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    await page.getByLabel('Hide acknowledged').check();
    await page.getByText('No open incident matches the filter.').waitFor();
    expect(page.url()).toContain('acknowledged=hidden');
    expect(troubles).toEqual([]);
    await end();
  });

  it('plans a silence with a begin, an end and what it expects', async () => {
    const { page, world, end } = await scene(theatre, { hash: '#/silences' });
    await page.getByRole('button', { name: 'Plan a silence' }).click();
    const dialog = page.locator('dialog');
    await dialog.getByLabel('Prefix').fill('203.0.113.0/24');
    await dialog.getByLabel('From').fill('2022-02-04T10:00');
    await dialog.getByLabel('Until').fill('2022-02-04T09:00');
    await dialog.getByLabel('Expected origin').fill('AS64500');
    await dialog.getByLabel('Your name').fill('Kim');
    await dialog.getByRole('button', { name: 'Plan a silence' }).click();
    await page.getByText('The end must come after the start.').waitFor();
    await dialog.getByLabel('Until').fill('2022-02-04T12:00');
    await dialog.getByRole('button', { name: 'Plan a silence' }).click();
    await page.locator('tbody').getByText('203.0.113.0/24').waitFor();
    expect(world.silences).toMatchObject([
      { startsAt: '2022-02-04T01:00:00.000Z', endsAt: '2022-02-04T03:00:00.000Z', expectedOrigin: 64500 },
    ]);
    await end();
  });

  it('puts the heaviest first: severity, score, reach times routes, then the newest', async () => {
    const reach = (seeing: number) =>
      anIncident(1).routes.map((route) => ({ ...route, vantagePoints: { seeing, known: 9 } }));
    const { page, end } = await scene(theatre, {
      prepare(world) {
        const rows = [
          anIncident(1, { severity: 'warning', score: 7, group: 'e' }),
          anIncident(2, { score: 9, routes: reach(1), group: 'd' }),
          anIncident(3, { score: 9, routes: reach(2), group: 'c' }),
          anIncident(4, { score: 9, routes: reach(1), routesTotal: 3, group: 'b' }),
          anIncident(5, { score: 12, routes: reach(1), group: 'a' }),
        ];
        for (const row of rows) world.incidents.set(row.id, row);
      },
    });
    await page.locator('.row').nth(4).waitFor();
    expect(await page.locator('.row .tag').allTextContents()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await end();
  });

  it('never says live beside blind, and hears within a moment that sight is back', async () => {
    let fresh = false;
    const readiness = () => ({ feeds: [{ name: 'ris-live', connected: true, fresh }], store: 'ok' as const });
    const { page, end } = await scene(theatre, {
      prepare: (world) => Object.assign(world.present, { readiness }),
    });
    await page.getByText('We are blind').waitFor();
    expect(await page.locator('.link-state').innerText()).toBe('Connected, but blind');
    fresh = true;
    await page.locator('.link-state').getByText('Live', { exact: true }).waitFor({ timeout: 5_000 });
    expect(await page.getByText('We are blind').count()).toBe(0);
    await end();
  });

  it('shows numbers that nobody knows yet as unknown', async () => {
    const { page, running, end } = await scene(theatre, { hash: '#/bgp' });
    await page.route('**/api/v1/incidents?*', (route) => route.abort());
    await page.goto(`${running.url}/?again`);
    await page.locator('.tile-critical, .tile-none').first().waitFor();
    expect(await page.locator('.tile-number').first().innerText()).not.toContain('0');
    await end();
  });

  it('holds one stream for all tabs of a browser, so that six of them work', async () => {
    const { page, world, end } = await scene(theatre, { prepare: aHijack });
    await page.locator('.row').waitFor();
    const tabs = [page];
    for (let count = 1; count < 6; count += 1) {
      const tab = await page.context().newPage();
      await tab.goto(page.url());
      await tab.locator('.row').waitFor();
      tabs.push(tab);
    }
    world.alert({ id: uuid(7), group: 'second' });
    for (const tab of tabs) await tab.locator('.row').nth(1).waitFor();
    const daemon = await page.evaluate(`fetch('/api/v1/daemon').then((answer) => answer.json())`);
    expect(daemon).toMatchObject({ streams: 1 });
    await end();
  });

  it.each(['en', 'ko'] as const)(
    'fills the wall: sight, what is wrong, and the grid of what is watched (%s)',
    async (language) => {
      const { page, running, troubles, end } = await scene(theatre, { language, prepare: aHijack });
      await page.setViewportSize({ width: 1920, height: 1080 });
      await page.goto(`${running.url}/wall`);
      await page.locator('.wall-critical').waitFor();
      await page.locator('.cell').nth(2).waitFor();
      expect(await page.locator('.cell').evaluateAll((cells) => cells.map((cell) => cell.className))).toEqual(
        ['cell cell-critical', 'cell cell-unheard', 'cell cell-good'],
      );
      const size = Number(
        await page.evaluate("parseFloat(getComputedStyle(document.querySelector('.wall-facts')).fontSize)"),
      );
      expect(size).toBeGreaterThan(32);
      expect(await page.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true);
      expect(troubles).toEqual([]);
      await end();
    },
  );

  it('shows on the wall that it is stale itself', async () => {
    const { page, running, end } = await scene(theatre, { hash: '#/wall', hasOwnClock: true });
    await page.getByText('All is well').waitFor();
    await running.server.close();
    await page.clock.fastForward(40_000);
    await page.locator('.wall-sight.sight-no').waitFor();
    await page.getByText('All is well').waitFor({ state: 'detached' });
    await end();
  });

  it('has what to do under the thumb and on the first screen of a phone, nothing too small to hit', async () => {
    const { page, end } = await scene(theatre, { hash: `#/incidents/${ID}`, prepare: aHijack });
    await page.setViewportSize({ width: 390, height: 844 });
    const acknowledge = await page.locator('[data-acknowledge]').boundingBox();
    expect(acknowledge?.y).toBeGreaterThan(844 / 2);
    expect((acknowledge?.y ?? 999) + (acknowledge?.height ?? 999)).toBeLessThanOrEqual(844);
    const next = await page.locator('.advice li').first().boundingBox();
    expect(next?.y).toBeLessThan(844 - 90);
    const small = await page
      .locator('button:visible, select:visible, nav a:visible')
      .evaluateAll((targets) =>
        targets
          .map((target) => ({ text: target.textContent, height: target.getBoundingClientRect().height }))
          .filter(({ height }) => height < 44),
      );
    expect(small).toEqual([]);
    await end();
  });

  it('is cut nowhere from 320 to 3840 px, in both languages', async () => {
    for (const language of ['en', 'ko'] as const) {
      const { page, end } = await scene(theatre, { language, prepare: aHijack });
      for (const hash of ['#/', `#/incidents/${ID}`, '#/wall', '#/silences']) {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          expect([hash, width, await overhang(page)]).toEqual([hash, width, 0]);
        }
      }
      await end();
    }
  });

  it('can be installed: a manifest with a name and an icon that are there', async () => {
    const { page, running, end } = await scene(theatre);
    const href = await page.locator('link[rel=manifest]').getAttribute('href');
    const manifest = await running.get(href ?? '');
    expect(manifest.headers.get('content-type')).toContain('application/manifest+json');
    const { icons, name } = (await manifest.json()) as { name: string; icons: readonly { src: string }[] };
    expect(name).toBe('Originwatch');
    expect((await running.get(icons[0]?.src ?? '')).status).toBe(200);
    await end();
  });
});
