/** The closed list of live sources, by the `type` of their settings. */
import { bmp } from './bmp/source.ts';
import { risLive } from './ris-live/source.ts';

export const SOURCE_TYPES = { 'ris-live': risLive, bmp } as const;
