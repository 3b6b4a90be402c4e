/** The main job, end to end: from RIS Live to the alert feed, the event stream, Slack, and the same from the recording. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { AlertStream, Stage } from './stage.ts';
import { EVENTS, KAKAO, OFFENDER, stepsOf, TOLD_AFTER, watchOf } from './story.ts';

let program: Program;
let stage: Stage;
let stream: AlertStream;
let alerts: readonly Alert[];
let body: string;
const frames: string[] = [];

beforeAll(async () => {
  program = await buildProgram();
  stage = await Stage.set(program, { watch: [...watchOf(KAKAO), { asn: 38099, group: 'kakao' }] });
  await stage.start('--record', stage.file('live.ndjson'));
  stream = await AlertStream.open(stage.url);
  for (const [index, step] of stepsOf(KAKAO).entries()) {
    const sent = step(Date.now());
    frames.push(...sent);
    await stage.play(...sent);
    await eventually('what is told', () => stream.alerts.length >= (TOLD_AFTER[index] ?? 0));
  }
  alerts = await stage.alerts();
  body = await (await fetch(`${stage.url}/api/v1/alerts`)).text();
});

afterAll(async () => {
  stream?.close();
  await stage?.close();
  program?.remove();
});

describe('the Kakao hijack of 2022, live', () => {
  test('is one incident with both /24s, from the first bogus update to the all-clear', async () => {
    expect(alerts.map(({ event }) => event)).toEqual(EVENTS);
    expect(alerts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const [opened, , , resolved] = alerts;
    expect(opened?.incident).toMatchObject({
      kind: 'sub-prefix',
      family: 'hijack',
      severity: 'critical',
      offender: OFFENDER,
      state: 'open',
      detectedBy: 'live',
      routesTotal: 1,
    });
    expect(opened?.incident.routes[0]).toMatchObject({
      prefix: '211.249.221.0/24',
      vantagePoints: { seeing: 1, known: 3 },
      paths: [{ path: '6461 9457', vantagePoints: 1 }],
    });
    expect(resolved).toMatchObject({
      reason: 'ended',
      incident: { state: 'resolved', resolution: 'withdrawn', peakSeverity: 'critical' },
    });
    expect(resolved?.incident.routes.map(({ prefix, active }) => [prefix, active])).toEqual(
      KAKAO.taken.map((prefix) => [prefix, false]),
    );
    expect(new Set(alerts.map(({ incident }) => incident.id)).size).toBe(1);
    expect(await stage.incidents()).toEqual([resolved?.incident]);
  });

  test('comes over the event stream in the same words, and again after Last-Event-ID', async () => {
    expect(stream.alerts).toEqual(alerts);
    expect(stream.ids).toEqual(['1', '2', '3', '4']);
    const rest = await AlertStream.open(stage.url, '?after=2');
    await eventually('the rest', () => rest.alerts.length === 2);
    expect(rest.alerts).toEqual(alerts.slice(2));
    rest.close();
  });

  test('reaches Slack in Korean with everything from outside escaped, and the webhook as CloudEvents', async () => {
    await eventually('four messages', () => stage.slack.received.length >= 4);
    const [first] = stage.slack.received;
    expect(first?.path).toBe('/services/T0/B0/secret');
    expect(first?.headers['idempotency-key']).toBe(alerts[0]?.id);
    expect(first?.body).toMatch(/\p{Script=Hangul}/u);
    expect(first?.body).toContain('kakao &lt;SDK&gt; &amp; *API*');
    expect(first?.body).not.toContain('<SDK>');
    expect(stage.webhook.received.map(({ body: sent }) => JSON.parse(sent).data)).toEqual(alerts);
    expect(JSON.parse(stage.webhook.received[0]?.body ?? '')).toMatchObject({
      id: alerts[0]?.id,
      type: 'org.originwatch.alert.opened',
      subject: alerts[0]?.incident.id,
    });
  });

  test('keeps the frames of the incident as evidence, and counts what it did', async () => {
    const { raw } = await stage.get<{ raw: { frame: string; vantagePoint: string }[] }>(
      `/api/v1/incidents/${alerts[0]?.incident.id}`,
    );
    expect(raw[0]?.vantagePoint).toBe('rrc00 192.0.2.61');
    expect(frames).toContain(raw[0]?.frame);
    expect(await stage.metric('originwatch_alerts_total')).toBe(4);
    expect(await stage.metric('originwatch_detection_latency_seconds_count')).toBeGreaterThan(0);
    await eventually('deliveries', async () => (await stage.metric('originwatch_outbox_pending')) === 0);
    expect(await stage.metric('originwatch_deliveries_total', 'result="delivered"')).toBe(8);
  });

  test('is covered without a gap from the first moment to this one', async () => {
    const from = new Date(Date.now() - 60_000).toISOString();
    const before = Date.now();
    const { intervals } = await stage.get<{ intervals: { to: string; state: string }[] }>(
      `/api/v1/coverage?from=${from}`,
    );
    expect(intervals.at(-1)?.state).toBe('live');
    expect(Date.parse(intervals.at(-1)?.to ?? '')).toBeGreaterThanOrEqual(before);
  });
});

describe('the same, replayed', () => {
  test('is byte for byte the same from the recording of the daemon', async () => {
    await stage.daemon.end('SIGTERM');
    const replayed = await replay(stage.file('live.ndjson'));
    expect(body.startsWith(`{"alerts":[${replayed.join(',')}]`)).toBe(true);
  });

  test('is the same from the frames alone, but for ids and stamps of arrival', async () => {
    writeFileSync(stage.file('frames.ndjson'), `${frames.join('\n')}\n`);
    const to = new Date(Date.now() + 60_000).toISOString();
    const replayed = await replay(stage.file('frames.ndjson'), '--to', to);
    expect(replayed.map((line) => withoutArrival(JSON.parse(line) as Alert))).toEqual(
      alerts.map(withoutArrival),
    );
  });

  async function replay(...args: string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await runProgram(program, [
      'replay',
      '--json',
      '--config',
      stage.configPath,
      ...args,
    ]);
    expect(stderr).not.toContain('rror');
    expect(code).toBe(0);
    return stdout.trimEnd().split('\n');
  }
});

/** Without ids, stamps of arrival, and how it came in. */
function withoutArrival({ id: _, at: __, incident, ...alert }: Alert): unknown {
  const {
    id: ___,
    openedAt: ____,
    updatedAt: _____,
    resolvedAt,
    detectedBy: ______,
    peak,
    ...kept
  } = incident;
  const { at: _______, ...widest } = peak;
  return { ...alert, incident: { ...kept, peak: widest, isResolved: resolvedAt !== null } };
}
