/** The metrics others rely on, by name and label. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/serve/metrics.ts';

const lines = async (metrics: ReturnType<typeof createMetrics>): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith('originwatch_'));

describe('metrics', () => {
  test('stand with 0 from the start where the labels are known', async () => {
    const all = await lines(
      createMetrics({
        feeds: ['ris-live'],
        receivers: ['noc'],
        decodeCodes: ['bad-prefix'],
        dropReasons: ['queue-full'],
      }),
    );
    for (const expected of [
      'originwatch_feed_messages_total{feed="ris-live"} 0',
      'originwatch_feed_bytes_total{feed="ris-live"} 0',
      'originwatch_feed_connected{feed="ris-live"} 0',
      'originwatch_feed_reconnects_total{feed="ris-live"} 0',
      'originwatch_decode_problems_total{code="bad-prefix"} 0',
      'originwatch_dropped_messages_total{reason="queue-full"} 0',
      'originwatch_observations_total 0',
      'originwatch_incidents{state="open",kind="sub-prefix",severity="critical"} 0',
      'originwatch_alerts_total{event="opened"} 0',
      'originwatch_alerts_total{event="reopened"} 0',
      'originwatch_deliveries_total{receiver="noc",result="failed"} 0',
      'originwatch_reloads_total{result="ok"} 0',
      'originwatch_reloads_total{result="error"} 0',
      'originwatch_detection_latency_seconds_count 0',
    ]) {
      expect(all).toContain(expected);
    }
  });

  test('count and show what they are told, and ask at each scrape', async () => {
    const metrics = createMetrics();
    let age = 1;
    metrics.feedMessage('ris-live', 3);
    metrics.feedMessage('ris-live', 4);
    metrics.feedBytes('ris-live', 100);
    metrics.feedLastMessageAge('ris-live', () => age);
    metrics.feedConnected('ris-live', true);
    metrics.feedReconnects('ris-live');
    metrics.decodeProblem('bad-prefix', 2);
    metrics.dropped('queue-full', 5);
    metrics.observations(9);
    metrics.incidents(() => [
      { state: 'open', kind: 'sub-prefix', severity: 'critical', count: 2 },
      { state: 'open', kind: 'sub-prefix', severity: 'critical', count: 1 },
      { state: 'resolved', kind: 'squatting', severity: 'info', count: 4 },
    ]);
    metrics.alert('opened');
    metrics.delivery('noc', 'delivered');
    metrics.outboxPending('noc', () => 7);
    metrics.outboxPending('gone', () => 7);
    metrics.outboxGone('gone');
    metrics.reload('ok');
    metrics.detectionLatency(0.0015);
    metrics.httpRefused('rate-limited');
    await lines(metrics);
    age = 2.5;
    const all = await lines(metrics);
    for (const expected of [
      'originwatch_feed_messages_total{feed="ris-live"} 7',
      'originwatch_feed_bytes_total{feed="ris-live"} 100',
      'originwatch_feed_last_message_age_seconds{feed="ris-live"} 2.5',
      'originwatch_feed_connected{feed="ris-live"} 1',
      'originwatch_feed_reconnects_total{feed="ris-live"} 1',
      'originwatch_decode_problems_total{code="bad-prefix"} 2',
      'originwatch_dropped_messages_total{reason="queue-full"} 5',
      'originwatch_observations_total 9',
      'originwatch_incidents{state="open",kind="sub-prefix",severity="critical"} 3',
      'originwatch_incidents{state="resolved",kind="squatting",severity="info"} 4',
      'originwatch_alerts_total{event="opened"} 1',
      'originwatch_deliveries_total{receiver="noc",result="delivered"} 1',
      'originwatch_outbox_pending{receiver="noc"} 7',
      'originwatch_reloads_total{result="ok"} 1',
      'originwatch_detection_latency_seconds_bucket{le="0.002"} 1',
      'originwatch_detection_latency_seconds_bucket{le="0.001"} 0',
      'originwatch_http_refused_total{reason="rate-limited"} 1',
    ]) {
      expect(all).toContain(expected);
    }
    expect(all.join('\n')).not.toContain('gone');
  });

  test('keep to a thousand label sets, and count the rest as other', async () => {
    const metrics = createMetrics();
    for (let count = 0; count < 1_500; count += 1) metrics.decodeProblem(`code-${count}`, 1);
    const all = (await lines(metrics)).filter((line) => line.startsWith('originwatch_decode_problems_total'));
    expect(all.length).toBeLessThanOrEqual(1_001);
    expect(all).toContain('originwatch_decode_problems_total{code="other"} 500');
  });

  test('tell of the process, and two registries do not meet', async () => {
    createMetrics();
    expect(await createMetrics().text()).toContain('nodejs_eventloop_lag_seconds');
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  test.skipIf(!promtool)('pass promtool without a word (skipped without it)', async () => {
    const metrics = createMetrics({ feeds: ['ris-live'], receivers: ['noc'] });
    metrics.detectionLatency(0.01);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await metrics.text(),
      encoding: 'utf8',
    });
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  });

  test('call nothing a total that is no counter', async () => {
    const text = await createMetrics().text();
    const kinds = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(kinds.filter(([, name, kind]) => name?.endsWith('_total') && kind !== 'counter')).toEqual([]);
  });
});
