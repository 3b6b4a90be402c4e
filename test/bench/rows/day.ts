/**
 * A day's worth of messages replayed: resident memory at the end against that after the first hour's worth. A bounded
 * day: 24 times the same number of messages, their stamps spread over 24 hours, all about one stream of the bench.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { figuresOf } from '../children.ts';
import { MAIN } from '../daemon-process.ts';
import { median } from '../histogram.ts';
import { MB, type Plan, type Row } from '../row.ts';
import { streamOf } from '../stream.ts';
import { writeConfig } from '../watched.ts';
import type { Scale, World } from '../world.ts';

const HOURS = 24;
const FIRST_SECOND = 1_771_180_000;
const WITHIN_MS = 150_000;
const SAMPLE_EVERY_MS = 20;
/** The first and the last samples of this share of the day are told by their median. */
const EDGE = 0.04;

export async function dayRow(plan: Plan, world: World, scale: Scale): Promise<Row> {
  const perHour = plan.isQuick ? 10_000 : 40_000;
  const folder = mkdtempSync(join(tmpdir(), 'originwatch-day-'));
  try {
    const config = await writeConfig(folder, world, scale, { port: 1, subscribe: 'firehose' });
    const file = join(folder, 'day.ndjson');
    writeDay(file, world, scale, perHour, plan.seed);
    const samples = await replayed(config, file);
    const early = samples.filter(({ share }) => share >= 1 / HOURS && share < 1 / HOURS + EDGE);
    const late = samples.filter(({ share }) => share > 1 - EDGE);
    const [first, last] = [early, late].map((part) => median(part.map(({ rssBytes }) => rssBytes)) / MB);
    if (first === undefined || last === undefined || early.length === 0 || late.length === 0)
      throw new Error('the replay was too short to be looked at');
    return {
      id: 'day',
      what: "24 hours' worth replayed, resident at the end against the first hour's",
      sort: 'budget',
      unit: 'times',
      value: last / first,
      atMost: 1.2,
      beside: {
        'first hour MB': first,
        'end MB': last,
        'highest MB': Math.max(...samples.map(({ rssBytes }) => rssBytes)) / MB,
        messages: perHour * HOURS,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One hour's messages, 24 times, with the stamps of their hour. */
function writeDay(file: string, world: World, scale: Scale, perHour: number, seed: number): void {
  const hour = [...streamOf(world, scale, perHour, seed + 1)].map((text) => text.split(/"timestamp":[\d.]+/));
  const handle = openSync(file, 'w');
  let text = '';
  for (let position = 0; position < hour.length * HOURS; position += 1) {
    const [head, tail] = hour[position % hour.length]!;
    const stamp = FIRST_SECOND + (position * 3_600) / hour.length;
    text += `${head}"timestamp":${stamp.toFixed(2)}${tail}\n`;
    if (text.length < MB) continue;
    writeSync(handle, text);
    text = '';
  }
  writeSync(handle, text);
  closeSync(handle);
}

interface Sample {
  /** Of the file that was read by then. */
  readonly share: number;
  readonly rssBytes: number;
}

async function replayed(config: string, file: string): Promise<readonly Sample[]> {
  const { size } = statSync(file);
  const child = spawn(process.execPath, [MAIN, 'replay', '--config', config, '--json', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2_000);
  });
  const ended = once(child, 'close');
  const deadline = performance.now() + WITHIN_MS;
  const samples: Sample[] = [];
  try {
    while (child.exitCode === null && child.signalCode === null) {
      if (performance.now() > deadline) throw new Error(`not replayed within ${WITHIN_MS / 1_000} s`);
      const sample = sampleOf(child.pid ?? 0, size);
      if (sample !== undefined) samples.push(sample);
      await pause(SAMPLE_EVERY_MS);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  if (child.exitCode !== 0) throw new Error(`replay: ${said.trim().split('\n').at(-1)}`);
  return samples;
}

/** What the process has read of all that it reads; undefined when it has just ended. */
function sampleOf(pid: number, size: number): Sample | undefined {
  try {
    const read = Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0);
    const { rssBytes } = figuresOf(pid);
    return rssBytes === 0 ? undefined : { share: Math.min(1, read / size), rssBytes };
  } catch {
    return undefined;
  }
}
