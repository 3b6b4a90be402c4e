/** The dashboard in a real browser: from quiet to an incident to the all-clear, live, in both languages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlertEvent, type Incident, isoTime } from '../../src/incident/alert.ts';
import { anAlert, aWorld, START_MS, started, uuid, type World } from '../serve/fakes.ts';
import { grownIncident, hasChromium, opened, scene, type Theatre } from './stage.ts';

const NAMES = {
  en: {
    quiet: 'All quiet',
    critical: 'Critical',
    paths: 'Paths as a table',
    resolved: 'Resolved',
    stale: 'This page is stale',
  },
  ko: {
    quiet: '이상 없음',
    critical: '심각',
    paths: '경로 표',
    resolved: '종료됨',
    stale: '화면이 최신이 아닙니다',
  },
} as const;

/** Commits and publishes what became of an incident. */
function tell(world: World, incident: Incident, event: AlertEvent): void {
  const alert = anAlert(world.alerts.length + 1, incident, event);
  world.alerts.push(alert);
  world.incidents.set(incident.id, incident);
  world.publish({ type: 'alert', alert });
}

describe.skipIf(!hasChromium)('the dashboard in Chromium (skipped without /usr/bin/chromium)', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await opened();
  });
  afterAll(() => theatre?.close());

  it.each(['en', 'ko'] as const)(
    'goes from quiet to an incident to the all-clear by itself (%s)',
    async (language) => {
      const words = NAMES[language];
      const { page, world, troubles, end } = await scene(theatre, { language });
      await page.getByText(words.quiet).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language);

      const first = grownIncident(1);
      tell(world, first, 'opened');
      const row = page.locator('.row');
      await row.waitFor();
      expect(await row.innerText()).toContain(first.summary[language]);
      expect(await page.locator('.tile-critical .tile-number').innerText()).toBe('1');
      expect(await page.locator('[role=alert]').first().innerText()).toContain(first.summary[language]);
      expect(await page.title()).toBe('(1!) Originwatch');

      await row.getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: first.summary[language] }).waitFor();
      await page.locator('.turn').waitFor();
      expect(await page.locator('.evidence tbody tr').count()).toBe(first.evidence.length);
      expect(await page.locator('.graph').getAttribute('aria-label')).toContain('AS9457');
      await page.getByText(words.paths, { exact: true }).click();
      expect(await page.getByRole('cell', { name: '25091 3356 6461 9457' }).count()).toBe(1);

      const at = isoTime(START_MS + 60_000);
      tell(
        world,
        { ...first, state: 'resolved', resolution: 'withdrawn', endedAt: at, resolvedAt: at },
        'resolved',
      );
      await page.locator('.turn').nth(1).waitFor();
      await page.locator('.head-resolved').waitFor();

      await page.keyboard.press('Escape');
      await page.getByText(words.quiet).waitFor();
      await page.getByRole('link', { name: words.resolved, exact: true }).click();
      await page.locator('tbody tr').waitFor();
      expect(await page.locator('tbody tr').innerText()).toContain(first.summary[language]);
      expect(troubles).toEqual([]);
      await end();
    },
  );

  it('says that it is stale when the daemon falls silent, and is right again after it comes back', async () => {
    const { page, running, troubles, end } = await scene(theatre, { hasOwnClock: true });
    await page.getByText(NAMES.en.quiet).waitFor();
    await running.server.close();
    await page.clock.fastForward(40_000);
    await page.getByText(NAMES.en.stale).waitFor();
    expect(await page.getByText(NAMES.en.quiet).count()).toBe(0);
    expect(await page.title()).toContain('⚠');

    const world = aWorld();
    world.alert();
    const again = await started(
      { dashboardDirectory: theatre.dashboardDirectory, settings: { port: running.port } },
      world,
    );
    await page.clock.fastForward(20_000);
    await page.locator('.row').waitFor();
    expect(await page.getByText(NAMES.en.stale).count()).toBe(0);
    expect(troubles).toEqual([]);
    await end();
    await again.server.close();
  });

  it('shows an incident that was acknowledged elsewhere as acknowledged', async () => {
    const { page, world, end } = await scene(theatre, { prepare: (each) => void each.alert() });
    await page.locator('.row').waitFor();
    world.operator.acknowledge(uuid(1), { by: 'Kim', note: '' });
    await page.locator('.row').getByText('Acknowledged').waitFor();
    await end();
  });

  it('never calls it quiet while it cannot see', async () => {
    const readiness = () => ({
      feeds: [{ name: 'ris-live', connected: true, fresh: false }],
      store: 'ok' as const,
    });
    const { page, end } = await scene(theatre, {
      prepare: (world) => Object.assign(world.present, { readiness }),
    });
    await page.getByText('We are blind').waitFor();
    expect(await page.getByText(NAMES.en.quiet).count()).toBe(0);
    expect(await page.locator('.sight-no').count()).toBe(1);
    await end();
  });
});
