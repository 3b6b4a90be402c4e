/**
 * Takes a compression off with a program of the system, bytes in by its stdin and out by its stdout, in bounded memory.
 * Used where Node has no decoder (xz, zstd) or none as fast (bzip2).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Bytes, type Compression, DamagedInput } from './compression.ts';

/** The first of the programs that the PATH has; undefined when it has none. */
export function findProgram(
  names: readonly string[],
  path: string = process.env.PATH ?? '',
): string | undefined {
  for (const name of names)
    for (const folder of path.split(delimiter)) {
      const file = join(folder === '' ? '.' : folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here.
      }
    }
  return undefined;
}

/** `program -dc`: yields what it gives, then throws `DamagedInput` with its own word when it failed, or passed octets over. */
export async function* throughProgram(program: string, compressed: Bytes): Bytes {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close').catch((error: Error) => error);
  let word = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (word.length < 500) word += chunk.toString();
  });
  const fed = feed(child.stdin, compressed);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const outcome = await ended;
    const damage = await fed;
    if (outcome instanceof Error) throw new DamagedInput(`${program}: ${outcome.message}`);
    if (damage !== undefined) throw damage;
    if (outcome[0] !== 0) throw new DamagedInput(saidBy(program, word));
    // bzip2 does its work and warns of what stands behind the stream.
    if (word.trim() !== '') throw new DamagedInput(saidBy(program, word), true);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Pumps the source into the program as fast as it takes it; a program that ends early is no mistake of ours. */
async function feed(stdin: NodeJS.WritableStream, compressed: Bytes): Promise<DamagedInput | undefined> {
  let isClosed = false;
  stdin.on('error', () => {
    isClosed = true;
  });
  const closed = once(stdin, 'close').catch(() => undefined);
  try {
    for await (const chunk of compressed) {
      if (isClosed) break;
      if (!stdin.write(chunk)) await Promise.race([once(stdin, 'drain').catch(() => undefined), closed]);
    }
  } catch (error) {
    if (!(error instanceof DamagedInput)) throw error;
    stdin.end();
    return error;
  }
  stdin.end();
  return undefined;
}

/** The first line that the program wrote, short. */
function saidBy(program: string, word: string): string {
  const line = word
    .split('\n')
    .map((text) => text.trim())
    .find((text) => text !== '');
  return `${program}: ${(line ?? 'failed').slice(0, 160)}`;
}

/** Read through the program when it is there; else recognised, with a clear word. */
function byProgram(name: string, magic: readonly number[]): Compression {
  return {
    name,
    magic,
    decompress: (compressed) => {
      const program = findProgram([name]);
      if (program === undefined)
        throw new DamagedInput(`compressed with ${name}, and no program ${name} is installed`);
      return throughProgram(program, compressed);
    },
  };
}

export const XZ: Compression = byProgram('xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]);
export const ZSTD: Compression = byProgram('zstd', [0x28, 0xb5, 0x2f, 0xfd]);
