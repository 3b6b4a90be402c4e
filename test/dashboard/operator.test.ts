/** What an operator does on the dashboard reaches the operator's port with who and why, and shows on the page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, READ, uuid, type World } from '../serve/fakes.ts';
import { grownIncident, hasChromium, opened, type Scene, scene, type Theatre } from './stage.ts';

const WORDS = {
  en: {
    acknowledge: 'Acknowledge',
    resolve: 'Resolve',
    silence: 'Silence',
    accept: 'Accept origin',
    end: 'End it',
    by: 'Your name',
    note: 'Note',
    isAcknowledged: 'Acknowledged by',
    isResolved: 'Resolved',
    checked: 'I have checked',
  },
  ko: {
    acknowledge: '확인',
    resolve: '종료',
    silence: '알림 중지',
    accept: '오리진 AS 승인',
    end: '종료',
    by: '이름',
    note: '메모',
    isAcknowledged: '확인: ',
    isResolved: '종료됨',
    checked: '확인했습니다',
  },
} as const;
const ID = uuid(1);

function withIncident(world: World): void {
  const incident = grownIncident(1);
  world.incidents.set(ID, incident);
}

describe.skipIf(!hasChromium)('operators at the dashboard (skipped without /usr/bin/chromium)', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await opened();
  });
  afterAll(() => theatre?.close());

  const atIncident = (more: Parameters<typeof scene>[1] = {}): Promise<Scene> =>
    scene(theatre, { hash: `#/incidents/${ID}`, prepare: withIncident, ...more });

  it.each(['en', 'ko'] as const)(
    'acknowledges, resolves and silences, with name and note (%s)',
    async (language) => {
      const words = WORDS[language];
      const { page, world, troubles, end } = await atIncident({ language });
      const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
      await press(words.acknowledge);
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(words.by).fill('김 당직');
      await dialog.getByLabel(words.note).fill('NOC-42');
      await dialog.getByRole('button', { name: words.acknowledge }).click();
      await page.locator('.incident-tags').getByText(words.isAcknowledged).waitFor();
      expect(await page.getByRole('button', { name: words.acknowledge, exact: true }).isDisabled()).toBe(
        true,
      );

      await press(words.resolve);
      expect(await dialog.getByLabel(words.by).inputValue()).toBe('김 당직');
      await dialog.getByRole('button', { name: words.resolve }).click();
      await page.locator('.incident-tags').getByText(words.isResolved, { exact: true }).waitFor();
      expect(world.changes).toMatchObject([
        {
          id: ID,
          change: { acknowledged: true, acknowledgedBy: '김 당직' },
          author: { by: '김 당직', note: 'NOC-42' },
        },
        {
          id: ID,
          change: { state: 'resolved', resolution: 'operator' },
          author: { by: '김 당직', note: '' },
        },
      ]);
      expect(world.audit.map(({ who, action }) => [who, action])).toEqual([
        ['dashboard', 'incident.acknowledge'],
        ['dashboard', 'incident.resolve'],
      ]);
      await press(words.silence);
      await dialog.getByRole('combobox').first().selectOption('1');
      await dialog.getByRole('combobox').nth(1).selectOption('4');
      await dialog.getByLabel(words.by).fill('Lee');
      await dialog.getByRole('button', { name: words.silence }).click();
      await dialog.waitFor({ state: 'detached' });
      const [silence] = world.silences;
      expect(silence).toMatchObject({
        match: { prefix: '211.249.221.0/24' },
        by: 'Lee',
        expectedOrigin: null,
      });
      expect(Date.parse(silence?.endsAt ?? '') - Date.parse(silence?.startsAt ?? '')).toBe(4 * 3_600_000);

      await page.keyboard.press('6');
      await page.getByRole('button', { name: words.end }).click();
      await dialog.getByRole('button', { name: words.end }).click();
      await page.locator('.empty').waitFor();
      expect(world.silences).toEqual([]);
      expect(troubles).toEqual([]);
      await end();
    },
  );

  it.each(['en', 'ko'] as const)('accepts an origin only after it was confirmed (%s)', async (language) => {
    const words = WORDS[language];
    const { page, world, troubles, end } = await atIncident({ language });
    await page.getByRole('button', { name: words.accept, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(words.by).fill('Park');
    await dialog.getByRole('button', { name: words.accept }).click();
    await dialog.locator('.form-error').filter({ hasText: /./ }).waitFor();
    expect(world.changes).toEqual([]);
    await dialog.getByLabel(words.checked).check();
    await dialog.getByRole('button', { name: words.accept }).click();
    await page.locator('.notice.good').waitFor();
    expect(world.changes).toEqual([
      { prefix: '211.249.221.0/24', origin: 9457, source: 'operator', author: { by: 'Park', note: '' } },
    ]);
    expect(troubles).toEqual([]);
    await end();
  });

  it('keeps what was written when the daemon refuses, and says why', async () => {
    const { page, world, end } = await atIncident();
    await page.getByRole('button', { name: 'Resolve', exact: true }).click();
    const incident = grownIncident(1, { state: 'resolved' });
    world.incidents.set(ID, incident);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await dialog.getByText('Say who you are.').waitFor();
    await dialog.getByLabel('Your name').fill('Kim');
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await dialog.getByText('Not done: It is resolved.').waitFor();
    expect(await dialog.getByLabel('Your name').inputValue()).toBe('Kim');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await end();
  });

  it('asks for the token beyond loopback, once, leads to the incident that was meant, and offers no change to who may only read', async () => {
    const { page, running, troubles, end } = await atIncident({ server: { reach: 'beyond' } });
    expect((await running.get('/api/v1/incidents')).status).toBe(401);
    expect((await running.get('/api/v1/incidents', bearer(READ))).status).toBe(200);
    await page.locator('#token').fill(READ);
    await page.getByRole('button').click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(new URL(page.url()).hash).toBe(`#/incidents/${ID}`);
    await page.getByText('You may read only').waitFor();
    expect(await page.getByRole('button', { name: 'Acknowledge', exact: true }).count()).toBe(0);
    await page.reload();
    await page.getByText('You may read only').waitFor();
    expect(troubles).toEqual([]);
    await end();
  });
});
