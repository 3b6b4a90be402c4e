/** The receiver `template`: its language, its mistakes, and each ready example against a stand-in that looks as its product does. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/deliver/clock.ts';
import type { ReceiverConfig, SendContext } from '../../src/deliver/receiver.ts';
import { createReceiver } from '../../src/deliver/receiver-types.ts';
import { parseTemplate, renderTemplate } from '../../src/deliver/template-text.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { config, errorsOf } from '../config/files.ts';
import { alertOf, HOSTILE, hostileAlert } from './alerts.ts';
import { type HttpStandIn, httpStandIn } from './stand-ins.ts';

const open: HttpStandIn[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
});

const NAMES = ['a', 'b'];
const render = (text: string, a: string, escaping: 'json' | 'url' | 'none' = 'json'): string =>
  renderTemplate(parseTemplate(text, NAMES), { a, b: '' }, escaping);

describe('a template', () => {
  it('escapes what it puts in for where it stands', () => {
    expect(JSON.parse(render('{"x":"{{ a }}"}', '"\\\n</x> 가'))).toEqual({ x: '"\\\n</x> 가' });
    expect(JSON.parse(render('{"x":{{ a | json }}}', '"'))).toEqual({ x: '"' });
    expect(render('q={{a}}&r=1', 'a b&c', 'url')).toBe('q=a%20b%26c&r=1');
    expect(render('{{a}}{{ b }}', '<', 'none')).toBe('<');
  });

  it('takes nothing out of a value for a template', () => {
    expect(render('{{ a }}', '{{ b }} {{ a | json }}', 'none')).toBe('{{ b }} {{ a | json }}');
  });

  it('changes values by filters, one after the other', () => {
    expect(render('{{ a | cut 5 | upper }}', 'abcdefgh')).toBe('ABCD…');
    expect(render('{{ a | map x=1 y= *=3 }}', 'x')).toBe('1');
    expect(render('{{ a | map x=1 y= *=3 }}', 'y')).toBe('');
    expect(render('{{ a | map x=1 y= *=3 }}', 'z')).toBe('3');
    expect(render('{{ a | inert }}', '@here <!channel> https://x #t /cmd', 'none')).not.toMatch(
      /[@<#]|:\/\/|\s\//,
    );
  });

  it.each([
    ['{{ c }}', 'names no value; there are a, b'],
    ['{{ a | shout }}', '"shout" is no filter'],
    ['{{ a | cut }}', 'cut needs a number'],
    ['{{ a | map x }}', 'map needs pairs'],
    ['{{ a', 'is never closed'],
    ['{{ constructor }}', 'names no value'],
  ])('says what is wrong with %s', (text, words) => {
    expect(() => parseTemplate(text, NAMES)).toThrow(words);
  });
});

describe('in the configuration', () => {
  const lines = (body: string, more = ''): string =>
    `receivers:\n  - name: t\n    type: template\n    url: "https://t.example/"\n    body: '${body}'\n${more}`;

  it.each([
    [lines('{ "x": "{{ nothing }}" }'), /^c\.yaml:6:11: body: \{\{ nothing \}\} names no value/],
    [lines('{ "x": {{ summary }} }'), /^c\.yaml:6:11: body: makes no JSON; see config\/examples\//],
    [lines('{}', "    closeBody: '{{ seq | cut x }}'\n"), /^c\.yaml:7:16: closeBody: cut needs a number/],
    [
      lines('{}', '    headers: { Authorization: Bearer abc }\n'),
      /^c\.yaml:7:31: Authorization is written literally; /,
    ],
    [lines('{}', '    headers: { "a b": x }\n'), /^c\.yaml:7:16: "a b" is no name of a header; /],
    [lines('{}', '    method: GET\n'), /^c\.yaml:7:13: /],
  ])('a mistake is said where it stands (%#)', (text, error) => {
    const [first] = errorsOf(() => config(text));
    expect(first).toMatch(error);
    expect(first).not.toContain('abc');
  });

  it('text that is no JSON needs no JSON', () => {
    const text = lines('{{ summary }}', '    contentType: text/plain\n');
    expect(config(text).receivers[0]).toMatchObject({ type: 'template', contentType: 'text/plain' });
  });
});

// ---------------------------------------------------------------- the ready examples

const DIRECTORY = new URL('../../config/examples/', import.meta.url);

const CONTEXT: SendContext = {
  signal: new AbortController().signal,
  reminder: undefined,
  memo: () => undefined,
  setMemo: () => undefined,
};

type Json = Readonly<Record<string, unknown>>;
const text = (most: number) =>
  expect.toSatisfy((value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= most);

/** What each product documents of the body that it takes; the paths of what is asked. */
const PRODUCTS: Readonly<
  Record<string, { open: unknown; close: unknown; paths?: readonly [string, string] }>
> = {
  'discord.yaml': {
    open: {
      allowed_mentions: { parse: [] },
      embeds: [
        { title: text(256), description: text(4096), color: 13_115_934, timestamp: expect.any(String) },
      ],
    },
    close: { embeds: [{ color: 3_055_183 }] },
  },
  'mattermost.yaml': {
    open: {
      text: text(16_383),
      attachments: [{ fallback: text(1_000), color: '#c81e1e', text: text(8_000) }],
    },
    close: { attachments: [{ color: '#2e9e4f' }] },
  },
  'google-chat.yaml': {
    open: { text: text(4096), thread: { threadKey: alertOf().incident.id } },
    close: { text: text(4096), thread: { threadKey: alertOf().incident.id } },
  },
  'opsgenie.yaml': {
    open: { message: text(130), alias: alertOf().incident.id, description: text(15_000), priority: 'P1' },
    close: { source: 'originwatch', note: text(25_000) },
    paths: ['/v2/alerts', `/v2/alerts/${alertOf().incident.id}/close?identifierType=alias`],
  },
  'grafana-oncall.yaml': {
    open: { alert_uid: alertOf().incident.id, state: 'alerting', title: text(1_000), message: text(10_000) },
    close: { alert_uid: alertOf().incident.id, state: 'ok' },
  },
  'servicenow.yaml': {
    open: {
      records: [
        { message_key: alertOf().incident.id, severity: '1', node: text(100), description: text(4_000) },
      ],
    },
    close: { records: [{ message_key: alertOf().incident.id, severity: '0' }] },
  },
  'kakaowork.yaml': {
    open: {
      text: text(500),
      blocks: [
        { type: 'header', text: text(20), style: 'red' },
        { type: 'text', text: text(500) },
        { type: 'text', text: text(500) },
      ],
    },
    close: { text: text(500), blocks: [{ type: 'header', style: 'blue' }, { type: 'text' }] },
  },
  'naver-works.yaml': {
    open: { title: text(100), body: { text: text(2_000) } },
    close: { title: text(100) },
  },
};

/** The receiver of an example, sending to the stand-in. */
function exampleOf(name: string, standIn: HttpStandIn): ReturnType<typeof createReceiver> {
  const yaml = readFileSync(new URL(name, DIRECTORY), 'utf8');
  const env: Record<string, string> = {};
  for (const [, variable = ''] of yaml.matchAll(/env: ([A-Z_]+)/g))
    env[variable] = variable.endsWith('AUTHORIZATION')
      ? 'Basic s3cr3t'
      : `http://127.0.0.1:${standIn.port}/hook`;
  const local = yaml.replaceAll('https://api.opsgenie.com', `http://127.0.0.1:${standIn.port}`);
  const [receiver] = config(local, { env }).receivers;
  return createReceiver(receiver as unknown as ReceiverConfig, { clock: systemClock(), timeoutMs: 5_000 });
}

describe('the ready examples', () => {
  const END: Alert = alertOf(
    { id: 'end', event: 'resolved' },
    { state: 'resolved', resolution: 'withdrawn' },
  );

  it('are those that are tested', () => {
    expect(readdirSync(DIRECTORY).sort()).toEqual(Object.keys(PRODUCTS).sort());
  });

  it.each(Object.entries(PRODUCTS))('%s says what its product takes, and the end', async (name, product) => {
    const standIn = await httpStandIn();
    open.push(standIn);
    const receiver = exampleOf(name, standIn);
    for (const alert of [alertOf(), END]) expect(await receiver.send(alert, CONTEXT)).toEqual({ ok: true });
    const [first, last] = standIn.received.map(({ body }) => JSON.parse(body) as Json);
    expect(first).toMatchObject(product.open as Json);
    expect(last).toMatchObject(product.close as Json);
    if (product.paths !== undefined) expect(standIn.received.map(({ path }) => path)).toEqual(product.paths);
    expect(standIn.received[0]?.headers['content-type']).toMatch(/^application\/json/);
  });

  it.each(Object.keys(PRODUCTS))('%s stays whole and harmless whatever names say', async (name) => {
    const standIn = await httpStandIn();
    open.push(standIn);
    const receiver = exampleOf(name, standIn);
    const hostile = Object.values(HOSTILE);
    for (const words of hostile)
      expect(await receiver.send(hostileAlert(words), CONTEXT)).toEqual({ ok: true });
    for (const { body } of standIn.received) {
      JSON.parse(body);
      if (/discord|mattermost|google/.test(name))
        expect(body).not.toMatch(/@(?:channel|everyone|here)|<!channel>|<at>/);
    }
    expect(standIn.received).toHaveLength(hostile.length);
  });
});
