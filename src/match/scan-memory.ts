/**
 * Where things lie in the scanner's memory: shared by `scan/`, which is compiled to WebAssembly, and by `scanner.ts`, which
 * runs it. Bytes from the start of the memory. The area begins at 0, so an offset in it is an address.
 */

/** Longest frame that is scanned when it comes as a buffer of its own; an UPDATE of RFC 4271 becomes 20,000 bytes at most. */
export const FRAME_BYTES_MAX = 65_536;
/** Room for a piece of a stream, whose frames are scanned where they lie. */
export const STREAM_BYTES_MAX = 196_608;
/** Where a frame that comes as a buffer of its own is copied to. */
export const FRAME_AT = STREAM_BYTES_MAX + 64;
/** End of the area; behind it stand zeros that nobody overwrites, so every step that runs on stops there. */
export const AREA_BYTES = FRAME_AT + FRAME_BYTES_MAX;
export const ZEROS_BYTES = 256;
/** Texts that the scanner compares with. */
export const LITERALS_AT = AREA_BYTES + ZEROS_BYTES;
export const LITERALS_BYTES = 4_096;
/** Two-byte groups of the IPv6 address being read. */
export const GROUPS_AT = LITERALS_AT + LITERALS_BYTES;
/** Constants of the compiler. */
export const STATICS_AT = GROUPS_AT + 256;
export const STATICS_BYTES = 16_384;
export const TAPE_AT = STATICS_AT + STATICS_BYTES;
/** More than the longest frame can fill: a list takes less than a cell for each of its bytes. */
export const TAPE_CELLS = 98_304;
/** Written behind the end of the tape when what stands in a frame turns out too long. */
export const TAPE_MARGIN_CELLS = 64;
export const MEMORY_BYTES = TAPE_AT + 4 * (TAPE_CELLS + TAPE_MARGIN_CELLS);
