/**
 * bzip2, as RouteViews compresses its archives: by the system's `lbzip2` or `bzip2` when there is one (10 to 15 MB/s
 * and beyond), else in JavaScript, slower and giving the same bytes. Streaming, several streams in a row included.
 */
import unbzip2Stream from 'unbzip2-stream';
import { type Bytes, type Compression, DamagedInput } from './compression.ts';
import { findProgram, throughProgram } from './decompress-tool.ts';

export const BZIP2: Compression = { name: 'bzip2', magic: [0x42, 0x5a, 0x68], decompress: bunzip2 };

function bunzip2(compressed: Bytes): Bytes {
  const program = findProgram(['lbzip2', 'bzip2']);
  return program === undefined ? bunzip2InJavaScript(compressed) : throughProgram(program, compressed);
}

const NO_STREAM = 'No magic number found';

/** Without any program of the system. Yields all whole blocks, then throws `DamagedInput`. */
export async function* bunzip2InJavaScript(compressed: Bytes): Bytes {
  const decoder = unbzip2Stream();
  let whole: Buffer[] = [];
  let damage: Error | undefined;
  decoder.on('data', (chunk) => whole.push(chunk));
  decoder.on('error', (error) => {
    damage ??= error;
  });
  let hasGiven = false;
  const take = (): Buffer[] => {
    const taken = whole;
    hasGiven ||= taken.length > 0;
    whole = [];
    return taken;
  };
  for await (const chunk of compressed) {
    decoder.write(chunk);
    yield* take();
    if (damage !== undefined) break;
  }
  if (damage === undefined) decoder.end();
  yield* take();
  if (damage === undefined) return;
  const { message } = damage as Error;
  // The decoder looks for the next stream behind the last one, and for nothing else by this word.
  if (hasGiven && message === NO_STREAM)
    throw new DamagedInput('bzip2: octets behind the end of the compressed stream are not read', true);
  throw new DamagedInput(`bzip2: ${message}`);
}
