/** What changes something: with what body, by whom, and what is written down. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anIncident, bearer, READ, type Running, started, uuid, WRITE } from './fakes.ts';

let running: Running;
beforeAll(async () => {
  running = await started({
    limits: { changesPerSecond: 10_000 },
    notifyTest: async (receiver) =>
      receiver === 'nobody'
        ? { refused: 'not-found', detail: 'There is no such receiver.' }
        : [{ receiver: receiver ?? 'all', ok: true, detail: '200' }],
  });
});
afterAll(() => running.server.close());
beforeEach(() => {
  const { world } = running;
  world.incidents.clear();
  world.incidents.set(uuid(1), anIncident(1));
  for (const each of [world.silences, world.baselineRows, world.audit, world.logged, world.changes])
    each.length = 0;
});

const KIM = { by: 'Kim', note: 'Calling the carrier.' };
const SILENCE = {
  match: { group: 'kakao', prefix: '211.249.216.0/21', kind: 'sub-prefix', offender: 9457 },
  startsAt: '2022-02-03T10:00:00+09:00',
  endsAt: '2022-02-03T03:00:00Z',
  by: 'Kim',
  note: 'Planned.',
};

describe('incidents', () => {
  test('are acknowledged by name, answered with the incident, logged and audited with who asked', async () => {
    const response = await running.post(`/api/v1/incidents/${uuid(1)}/acknowledge`, KIM);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: uuid(1), acknowledged: true });
    expect(running.world.changes).toMatchObject([
      { id: uuid(1), change: { acknowledged: true, acknowledgedBy: 'Kim' }, author: KIM },
    ]);
    expect(running.world.logged).toContainEqual({
      event: 'serve.change',
      action: 'incident.acknowledge',
      subject: uuid(1),
      who: 'token:noc',
      by: 'Kim',
    });
    expect(running.world.audit).toEqual([
      {
        at: '2022-02-03T01:04:18.000Z',
        who: 'token:noc',
        action: 'incident.acknowledge',
        subject: uuid(1),
        note: 'by Kim: Calling the carrier.',
      },
    ]);
  });

  test('are resolved once; a note is not needed', async () => {
    const path = `/api/v1/incidents/${uuid(1)}/resolve`;
    expect(await (await running.post(path, { by: 'Kim' })).json()).toMatchObject({ state: 'resolved' });
    expect((await running.post(path, { by: 'Kim' })).status).toBe(409);
    expect(running.world.audit).toHaveLength(1);
  });

  test('take notes: 201 with the incident as it then is', async () => {
    const path = `/api/v1/incidents/${uuid(1)}/notes`;
    const first = await running.post(path, { by: 'Kim', text: 'Called the carrier.\nNo answer.' });
    expect(first.status).toBe(201);
    const second = await running.post(path, { by: 'Lee', text: 'They filter it.' });
    expect(await second.json()).toMatchObject({
      id: uuid(1),
      notes: [
        { at: '2022-02-03T01:04:18.000Z', by: 'Kim', text: 'Called the carrier.\nNo answer.' },
        { by: 'Lee', text: 'They filter it.' },
      ],
    });
    expect(running.world.audit.map(({ action }) => action)).toEqual(['incident.note', 'incident.note']);
  });

  test.each([{ by: 'Kim' }, { by: 'Kim', text: '' }, { by: 'Kim', text: 'x'.repeat(2_001) }, { text: 'x' }])(
    'take no note of %j',
    async (body) => {
      expect((await running.post(`/api/v1/incidents/${uuid(1)}/notes`, body)).status).toBe(400);
    },
  );

  test('have somebody who works on them, or nobody any more', async () => {
    const path = `/api/v1/incidents/${uuid(1)}/assign`;
    const taken = await running.post(path, { assignee: 'Lee', by: 'Kim' });
    expect(await taken.json()).toMatchObject({ assignee: 'Lee' });
    const left = await running.post(path, { assignee: null, by: 'Kim', note: 'Shift is over.' });
    expect(await left.json()).toMatchObject({ assignee: null });
  });

  test('that are not there are a 404', async () => {
    expect((await running.post(`/api/v1/incidents/${uuid(9)}/acknowledge`, KIM)).status).toBe(404);
    expect((await running.post('/api/v1/incidents/%00/resolve', KIM)).status).toBe(404);
    expect(running.world.audit).toEqual([]);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{"by":'],
    ['a list', []],
    ['null', null],
    ['a text', '"Kim"'],
    ['no name', { note: 'x' }],
    ['an empty name', { by: '' }],
    ['a number for a name', { by: 1 }],
    ['a name with a line break', { by: 'Kim\nLee' }],
    ['a name too long', { by: 'x'.repeat(201) }],
    ['a note too long', { by: 'Kim', note: 'x'.repeat(2001) }],
    ['control characters in the note', { by: 'Kim', note: '\u001b[2J' }],
    ['an unknown key', { by: 'Kim', state: 'open' }],
    ['a prototype', '{"by":"Kim","__proto__":{"admin":true}}'],
    ['a constructor', '{"by":"Kim","constructor":{"prototype":{}}}'],
    ['deep nesting', `{"by":${'['.repeat(20_000)}`],
  ])('%s for a body is a 400', async (_what, sent) => {
    const response = await running.post(`/api/v1/incidents/${uuid(1)}/acknowledge`, sent);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 400 });
    expect(running.world.changes).toEqual([]);
  });

  test('broken UTF-8 is a 400', async () => {
    const bytes = Buffer.concat([Buffer.from('{"by":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const init = {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${WRITE}` },
    };
    expect((await running.get(`/api/v1/incidents/${uuid(1)}/acknowledge`, init)).status).toBe(400);
  });

  test('a fault names its field and what would do, and not the value', async () => {
    const response = await running.post(`/api/v1/incidents/${uuid(1)}/acknowledge`, { by: 'hunter2\u0000' });
    const problem = await response.text();
    expect(JSON.parse(problem)).toMatchObject({
      errors: [{ at: '/by', detail: expect.stringContaining('200') }],
    });
    expect(problem).not.toContain('hunter2');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=euc-kr',
    'multipart/form-data',
  ])('%s is a 415', async (type) => {
    const response = await running.post(`/api/v1/incidents/${uuid(1)}/acknowledge`, KIM, {
      headers: { 'content-type': type },
    });
    expect(response.status).toBe(415);
  });

  test('a compressed body is a 415', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await running.post(`/api/v1/incidents/${uuid(1)}/acknowledge`, KIM, { headers })).status).toBe(
      415,
    );
  });

  test('a body too large is a 413, announced or not', async () => {
    const large = JSON.stringify({ by: 'Kim', note: 'x'.repeat(100_000) });
    expect((await running.post(`/api/v1/incidents/${uuid(1)}/resolve`, large)).status).toBe(413);
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(large));
        controller.close();
      },
    });
    const init = {
      method: 'POST',
      body: chunks,
      duplex: 'half',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${WRITE}` },
    } as RequestInit;
    expect((await running.get(`/api/v1/incidents/${uuid(1)}/resolve`, init)).status).toBe(413);
    expect(running.world.changes).toEqual([]);
  });
});

describe('the baseline', () => {
  test.each([
    ['accept', 'operator'],
    ['reject', 'rejected'],
  ])('%ss an origin and answers with the entry', async (verb, source) => {
    const response = await running.post(`/api/v1/baseline/${verb}`, {
      prefix: '2001:DB8::/32',
      origin: 9457,
      ...KIM,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ prefix: '2001:db8::/32', origin: 9457, source, by: 'Kim' });
    expect(running.world.audit).toMatchObject([
      { action: `baseline.${verb}`, subject: '2001:db8::/32 AS9457' },
    ]);
  });

  test.each([
    [{ prefix: '10.0.0.1/8', origin: 1, by: 'Kim' }],
    [{ prefix: 'x', origin: 1, by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', origin: -1, by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', origin: 4_294_967_296, by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', origin: 1.5, by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', origin: '7625', by: 'Kim' }],
    [{ prefix: '10.0.0.0/8', origin: 1 }],
  ])('does not take %j', async (sent) => {
    expect((await running.post('/api/v1/baseline/accept', sent)).status).toBe(400);
  });

  const LINE = { prefix: '211.249.216.0/21', origin: 7625, neighbors: [10158], source: 'learned' };
  const SEEN = { firstSeenAt: '2022-01-01T00:00:00Z', lastSeenAt: null };
  const lines = (...rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const ndjson = { headers: { 'content-type': 'application/x-ndjson' } };

  test('is imported line by line', async () => {
    const sent = lines({ ...LINE, ...SEEN }, { ...LINE, origin: 38099, ...SEEN });
    const response = await running.post('/api/v1/baseline/import?by=Kim&note=from%20backup', sent, ndjson);
    expect(await response.json()).toEqual({ imported: 2 });
    expect(running.world.baselineRows[0]).toEqual({
      ...LINE,
      firstSeenAt: '2022-01-01T00:00:00.000Z',
      lastSeenAt: null,
      peerAsns: [],
      by: '',
      note: '',
    });
    expect(running.world.changes).toEqual([{ imported: 2, author: { by: 'Kim', note: 'from backup' } }]);
  });

  test('is imported whole or not at all, naming the lines', async () => {
    const sent = `${lines({ ...LINE, ...SEEN })}not json\n${lines({ ...LINE, ...SEEN, origin: 'x' })}`;
    const response = await running.post('/api/v1/baseline/import', sent, ndjson);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ at: 'line 2/' }, { at: 'line 3/origin' }] });
    expect(running.world.baselineRows).toEqual([]);
  });
});

describe('silences', () => {
  test('are added, listed and removed', async () => {
    const response = await running.post('/api/v1/silences', SILENCE);
    expect(response.status).toBe(201);
    const silence = (await response.json()) as { id: string };
    expect(silence).toEqual({
      ...SILENCE,
      id: silence.id,
      startsAt: '2022-02-03T01:00:00.000Z',
      endsAt: '2022-02-03T03:00:00.000Z',
      expectedOrigin: null,
    });
    expect(response.headers.get('location')).toBe(`/api/v1/silences/${silence.id}`);
    const { silences } = (await (await running.get('/api/v1/silences')).json()) as { silences: unknown[] };
    expect(silences).toEqual([silence]);
    const gone = await running.get(`/api/v1/silences/${silence.id}`, { method: 'DELETE', ...bearer(WRITE) });
    expect(gone.status).toBe(204);
    expect(running.world.silences).toEqual([]);
    expect(running.world.audit.map((row) => row.action)).toEqual(['silence.add', 'silence.remove']);
    expect(running.world.changes.at(-1)).toEqual({
      removed: silence.id,
      author: { by: 'token:noc', note: '' },
    });
    const again = await running.get(`/api/v1/silences/${silence.id}`, { method: 'DELETE', ...bearer(WRITE) });
    expect(again.status).toBe(404);
  });

  test('may name the expected origin of a planned change', async () => {
    const response = await running.post('/api/v1/silences', { ...SILENCE, expectedOrigin: 9457 });
    expect(await response.json()).toMatchObject({ expectedOrigin: 9457 });
  });

  test.each([
    ['no match', { match: {} }],
    ['an unknown key in the match', { match: { group: 'kakao', severity: 'info' } }],
    ['an unknown kind', { match: { kind: 'hijack' } }],
    ['host bits', { match: { prefix: '10.0.0.1/8' } }],
    ['a wrong offender', { match: { offender: 'AS1' } }],
    ['an end before the start', { endsAt: '2022-02-03T00:59:59Z' }],
    ['an end at the start', { endsAt: '2022-02-03T01:00:00Z' }],
    ['no time', { startsAt: 'now' }],
    ['a day that is none', { startsAt: '2022-02-29T00:00:00Z' }],
    ['no author', { by: undefined }],
    ['an id', { id: uuid(1) }],
    ['an odd expected origin', { expectedOrigin: -1 }],
  ])('with %s are a 400', async (_what, change) => {
    expect((await running.post('/api/v1/silences', { ...SILENCE, ...change })).status).toBe(400);
    expect(running.world.silences).toEqual([]);
  });
});

describe('a test of the receivers', () => {
  test('says what came back', async () => {
    const response = await running.post('/api/v1/notify/test', { receiver: 'noc-slack' });
    expect(await response.json()).toEqual({ results: [{ receiver: 'noc-slack', ok: true, detail: '200' }] });
    const all = await running.get('/api/v1/notify/test', { method: 'POST', ...bearer(WRITE) });
    expect(await all.json()).toMatchObject({ results: [{ receiver: 'all' }] });
    expect((await running.post('/api/v1/notify/test', { receiver: 'nobody' })).status).toBe(404);
  });
});

describe('every change', () => {
  const CHANGES: readonly (readonly [string, string])[] = [
    ['POST', `/api/v1/incidents/${uuid(1)}/acknowledge`],
    ['POST', `/api/v1/incidents/${uuid(1)}/resolve`],
    ['POST', `/api/v1/incidents/${uuid(1)}/notes`],
    ['POST', `/api/v1/incidents/${uuid(1)}/assign`],
    ['POST', '/api/v1/baseline/accept'],
    ['POST', '/api/v1/baseline/reject'],
    ['POST', '/api/v1/baseline/import'],
    ['POST', '/api/v1/silences'],
    ['DELETE', `/api/v1/silences/${uuid(500)}`],
    ['POST', '/api/v1/notify/test'],
  ];

  test.each(CHANGES)(
    '%s %s needs a write token: 401 without, 403 with one that reads, before the body is looked at',
    async (method, path) => {
      const without = await running.get(path, {
        method,
        body: '{',
        headers: { 'content-type': 'text/plain' },
      });
      expect(without.status).toBe(401);
      expect(without.headers.get('www-authenticate')).toBe('Bearer realm="originwatch"');
      const reading = await running.get(path, { method, body: '{', ...bearer(READ) });
      expect(reading.status).toBe(403);
      expect(reading.headers.get('www-authenticate')).toContain('insufficient_scope');
      expect(running.world.changes).toEqual([]);
      expect(running.world.audit).toEqual([]);
    },
  );
});
