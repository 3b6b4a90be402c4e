/** Runs `decode` in this process and collects what it writes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type DecodeOptions, runDecode } from '../../src/cli/commands/decode.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function decoded(
  files: readonly string[],
  options: Partial<DecodeOptions> = {},
): Promise<Outcome> {
  const out = new Collected();
  const err = new Collected();
  const code = await runDecode(files, { json: false, ...options }, { stdout: out, stderr: err });
  return { code, stdout: out.text(), stderr: err.text() };
}

/** Writes the bytes into a file of their own, decodes it, and takes it away again. */
export async function decodedBytes(
  bytes: Uint8Array,
  options: Partial<DecodeOptions> & { readonly name?: string } = {},
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'decode-'));
  try {
    const file = join(folder, options.name ?? 'input');
    writeFileSync(file, bytes);
    const outcome = await decoded([file], options);
    return { ...outcome, stderr: outcome.stderr.replaceAll(`${folder}/`, '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
