/**
 * The stage for the dashboard's tests: the page built from its sources, a real server over ports in memory, and a real
 * Chromium in front of it. Collects what must never happen: errors of scripts, violations of the content security
 * policy, requests to anybody else.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildDashboard } from '../../src/dashboard/build.ts';
import type { CoverageInterval, WatchlistStateEntry } from '../../src/engine/ports.ts';
import { type Incident, type IncidentRoute, isoTime } from '../../src/incident/alert.ts';
import type { ServerOptions } from '../../src/serve/server.ts';
import { anIncident, aWorld, type Running, START_MS, started, type World } from '../serve/fakes.ts';

const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export interface Theatre {
  readonly browser: Browser;
  readonly dashboardDirectory: string;
  close(): Promise<void>;
}

/** One browser and one build for all tests of a file. */
export async function opened(): Promise<Theatre> {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-dashboard-'));
  const dashboardDirectory = join(directory, 'public');
  const app = new URL('../../src/dashboard/app', import.meta.url).pathname;
  const [browser] = await Promise.all([launched(), buildDashboard(app, dashboardDirectory)]);
  return {
    browser,
    dashboardDirectory,
    async close() {
      await browser.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function launched(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Scene {
  readonly page: Page;
  readonly world: World;
  readonly running: Running;
  /** What must never happen, in the order it did. */
  readonly troubles: readonly string[];
  /** Closes page and server. */
  end(): Promise<void>;
}

export interface SceneOptions {
  readonly language?: 'en' | 'ko';
  readonly dark?: boolean;
  /** Default: the first page. */
  readonly hash?: string;
  readonly width?: number;
  readonly server?: Partial<Omit<ServerOptions, 'settings'>>;
  readonly settings?: Partial<ServerOptions['settings']>;
  /** Before the page is opened. */
  readonly prepare?: (world: World) => void;
  /** Takes the page's clock into the test's hand. */
  readonly hasOwnClock?: boolean;
}

/** A server over a world of its own and a page on it, as one person would open it. */
export async function scene(theatre: Theatre, options: SceneOptions = {}): Promise<Scene> {
  const world = aWorld();
  options.prepare?.(world);
  const change = {
    dashboardDirectory: theatre.dashboardDirectory,
    ...options.server,
    ...(options.settings !== undefined && { settings: options.settings }),
  };
  const running = await started(change, world);
  const { page, troubles } = await pageFor(theatre.browser, running.url, options);
  if (options.hasOwnClock) await page.clock.install();
  await page.goto(`${running.url}/${options.hash ?? ''}`);
  return {
    page,
    world,
    running,
    troubles,
    async end() {
      await page.context().close();
      await running.server.close();
    },
  };
}

/** An empty page of one person's own, with an eye on what must never happen while it is at `url`. */
export async function pageFor(
  browser: Browser,
  url: string,
  options: SceneOptions,
): Promise<{ readonly page: Page; readonly troubles: readonly string[] }> {
  const context = await browser.newContext({
    locale: options.language === 'ko' ? 'ko-KR' : 'en-US',
    timezoneId: 'Europe/Berlin',
    colorScheme: options.dark ? 'dark' : 'light',
    viewport: { width: options.width ?? 1440, height: 900 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const troubles: string[] = [];
  listenForTrouble(page, url, troubles);
  return { page, troubles };
}

/** To another place of the same page, as a link would. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

/** Chromium tells of violations on the console; a request that it refuses is one too. */
function listenForTrouble(page: Page, url: string, troubles: string[]): void {
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/content security policy|trusted/i.test(message.text())) troubles.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const isOwn = request.url().startsWith(url) || request.url().startsWith('data:');
    if (!isOwn) troubles.push(`foreign: ${request.url()}`);
  });
}

// ---------------------------------------------------------------- a world worth looking at

/** Kakao's incident as it stands `minutes` after its begin: wider, with more routes and paths. */
export function grownIncident(number: number, change: Partial<Incident> = {}): Incident {
  const base = anIncident(number);
  const [first] = base.routes;
  const at = isoTime(START_MS + number * 1000);
  const route = (more: Partial<IncidentRoute>): IncidentRoute => ({ ...first, ...more });
  const paths = [
    { path: '6461 9457', vantagePoints: 21 },
    { path: '3356 6461 9457', vantagePoints: 14 },
    { path: '1299 6461 6461 9457', vantagePoints: 6 },
    { path: '25091 3356 6461 9457', vantagePoints: 3 },
    { path: '8218 6461 9457', vantagePoints: 1 },
  ];
  return {
    ...base,
    summary: {
      en: 'AS9457 (DREAMX) announces 211.249.221.0/24, inside Kakao developers API and SDK (211.249.216.0/21), which AS7625 should originate. And 1 more. Seen by 45 of 350 vantage points since 10:04:18 KST. New link AS6461–AS9457, never seen before.',
      ko: 'AS9457(DREAMX)이 Kakao developers API and SDK(211.249.216.0/21) 안의 211.249.221.0/24를 광고합니다. AS7625가 광고해야 하는 프리픽스입니다. 외 1건. 10:04:18 KST부터 관측 지점 350곳 중 45곳에서 보입니다. AS6461–AS9457 링크는 처음 보는 것입니다.',
    },
    routes: [
      route({ vantagePoints: { seeing: 45, known: 350 }, peerAsns: [6461, 3356, 1299, 25091, 8218], paths }),
      route({
        prefix: '121.53.104.0/24',
        watch: '121.53.104.0/22',
        name: 'Kakao main',
        expectedOrigins: [38099],
        vantagePoints: { seeing: 21, known: 350 },
        paths: paths.slice(0, 2),
      }),
    ],
    routesTotal: 2,
    evidence: [
      {
        code: 'sub-prefix',
        weight: 6,
        source: 'watchlist',
        text: {
          en: '211.249.221.0/24 is more specific than the watched 211.249.216.0/21, and its origin is not expected.',
          ko: '211.249.221.0/24는 감시 중인 211.249.216.0/21보다 더 구체적이며 오리진 AS가 예상과 다릅니다.',
        },
      },
      {
        code: 'never-seen',
        weight: 4,
        source: 'baseline',
        text: {
          en: 'AS9457 was never seen as origin of it.',
          ko: 'AS9457은 오리진 AS로 보인 적이 없습니다.',
        },
      },
      {
        code: 'new-link',
        weight: 4,
        source: 'rib',
        text: { en: 'The link AS6461–AS9457 was never seen.', ko: 'AS6461–AS9457 링크는 처음입니다.' },
      },
      {
        code: 'related',
        weight: -4,
        source: 'topology',
        text: { en: 'AS7625 and AS9457 are adjacent.', ko: 'AS7625와 AS9457은 이웃입니다.' },
      },
      {
        code: 'reach',
        weight: 2,
        source: 'rib',
        text: { en: 'Seen by more than 12 vantage points.', ko: '관측 지점 12곳 이상에서 보입니다.' },
      },
    ],
    advice: {
      benign: {
        en: 'It could be a provider that originates on behalf of the expected AS. Not enough to dismiss it: the score is still 12, and only an operator can declare it expected.',
        ko: '상위 사업자가 대신 광고한 것일 수 있습니다. 그래도 점수가 12점이며, 예상된 것이라고 선언할 수 있는 것은 운영자뿐입니다.',
      },
      next: [
        {
          en: '211.249.221.0/24 can’t be answered with something longer: announce the same prefix yourself and have it filtered upstream.',
          ko: '211.249.221.0/24보다 긴 프리픽스로는 대응할 수 없습니다. 같은 프리픽스를 직접 광고하고 상위 사업자에 필터링을 요청하십시오.',
        },
        {
          en: 'Call the NOCs of AS9457 and of AS6461, who pass it on and can filter it.',
          ko: 'AS9457과 경로를 전달하는 AS6461의 NOC에 연락해 필터링을 요청하십시오.',
        },
      ],
    },
    score: 12,
    openedAt: at,
    ...change,
  };
}

export function anEntry(watch: string, change: Partial<WatchlistStateEntry> = {}): WatchlistStateEntry {
  return {
    watch,
    name: `Entry ${watch}`,
    group: 'kakao',
    expectedOrigins: [7625],
    origins: [{ origin: 7625, vantagePoints: 349 }],
    visibility: { seeing: 349, known: 350 },
    rpki: 'valid',
    lastChangeAt: null,
    incidents: [],
    ...change,
  };
}

/** 24 hours before `toMs`, with a gap that was filled later and one that was not. */
export function aDayOfCoverage(toMs: number): readonly CoverageInterval[] {
  const hour = 3_600_000;
  const piece = (
    from: number,
    to: number,
    state: CoverageInterval['state'],
    reason: string,
  ): CoverageInterval => ({
    feed: 'ris-live',
    from: isoTime(toMs - from * hour),
    to: isoTime(toMs - to * hour),
    state,
    reason,
  });
  return [
    piece(24, 15, 'live', ''),
    piece(15, 14, 'backfilled', 'filled from MRT updates'),
    piece(14, 6, 'live', ''),
    piece(6, 5.5, 'blind', 'connection refused'),
    piece(5.5, 0, 'live', ''),
  ];
}
