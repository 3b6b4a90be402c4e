/**
 * Keeps V8 from growing its young generation while code is loaded: what is allocated then is needed once, and a young
 * generation does not shrink again at rest. That is a tenth of the resident memory of a daemon with little to do. Once its
 * code is there V8 is as it is by default, and takes what the feed needs.
 */
import { setFlagsFromString } from 'node:v8';

/** From here on memory goes before speed. */
export function startSmall(): void {
  setFlagsFromString('--optimize-for-size');
}

/** From here on speed goes before memory. */
export function growFreely(): void {
  setFlagsFromString('--no-optimize-for-size');
}
