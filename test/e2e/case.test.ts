/** An incident as a case, with a real daemon: what to do against it, its evidence, and whether that is whole. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import type { CountermeasureSheet } from '../../src/incident/answer/sheet.ts';
import { buildProgram, type Program, runProgram } from './program.ts';
import { Stage } from './stage.ts';

let program: Program;
let stage: Stage;
const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };

beforeAll(async () => {
  program = await buildProgram();
  stage = await Stage.set(program, {
    watch: [{ prefix: '10.1.0.0/16', origins: [64501], group: 'first' }],
  });
  await stage.start();
  await stage.play(frameOf({ from: FROM, prefix: '10.1.0.0/16', path: [3356, 6939, 210099] }, Date.now()));
});
afterAll(async () => {
  await stage?.close();
  program?.remove();
});

test('countermeasures say the same by command and by API', async () => {
  const { incident } = await stage.alert('opened', 'first');
  const ran = await runProgram(program, [
    'countermeasures',
    incident.id.slice(0, 8),
    '--json',
    '--config',
    stage.configPath,
  ]);
  const sheet = JSON.parse(ran.stdout) as CountermeasureSheet;
  expect(sheet.announce.map(({ prefix, origin }) => [prefix, origin])).toEqual([
    ['10.1.0.0/17', 64501],
    ['10.1.128.0/17', 64501],
  ]);
  expect(sheet.routers.frr.announce).toContain('network 10.1.128.0/17');
  expect(sheet.contacts.map(({ asn }) => asn)).toEqual([210099, 6939]);
  expect(await stage.get(`/api/v1/incidents/${incident.id}/countermeasures`)).toEqual(sheet);
  const words = await runProgram(program, ['countermeasures', incident.id, '--config', stage.configPath]);
  for (const part of [
    'To announce',
    'FRR: announce',
    'Junos: withdraw again',
    'Whom to call',
    'Mail, Korean',
  ])
    expect(words.stdout).toContain(part);
  expect(
    (await fetch(`${stage.url}/api/v1/incidents/00000000-0000-8000-8000-000000000000/countermeasures`))
      .status,
  ).toBe(404);
});

test('what was exported beside the daemon verifies, and what an operator did is in it', async () => {
  const { incident } = await stage.alert('opened', 'first');
  await runProgram(program, [
    'incidents',
    'ack',
    incident.id,
    '--by',
    'duty',
    '--note',
    'calling',
    '--config',
    stage.configPath,
  ]);
  const out = stage.file('evidence.tar');
  const exported = await runProgram(program, [
    'export',
    incident.id,
    '--out',
    out,
    '--config',
    stage.configPath,
  ]);
  expect(exported).toMatchObject({ code: 0, stderr: '' });
  const text = readFileSync(out, 'latin1');
  expect(text).toContain('"action":"incident.acknowledge"');
  expect((await runProgram(program, ['verify', out])).code).toBe(0);
  writeFileSync(out, text.replace('calling', 'callinG'), 'latin1');
  expect((await runProgram(program, ['verify', out])).code).toBe(1);
});
