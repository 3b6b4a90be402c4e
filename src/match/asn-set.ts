/** A set of AS numbers in a typed array: asked for the origin of every message, without boxing or hashing objects. Pure, hot. */

/** Immutable. Numbers may be given as unsigned or as signed 32-bit integers; the signed ones stay unboxed in hot code. */
export class AsnSet {
  private readonly cells: Int32Array;
  private readonly used: Uint8Array;
  private readonly mask: number;

  constructor(asns: Iterable<number>) {
    const distinct = [...new Set(asns)];
    let size = 8;
    while (size < distinct.length * 2) size *= 2;
    this.cells = new Int32Array(size);
    this.used = new Uint8Array(size);
    this.mask = size - 1;
    for (const asn of distinct) {
      let cell = spread(asn) & this.mask;
      while (this.used[cell] === 1) cell = (cell + 1) & this.mask;
      this.cells[cell] = asn;
      this.used[cell] = 1;
    }
  }

  has(asn: number): boolean {
    const wanted = asn | 0;
    let cell = spread(wanted) & this.mask;
    while (this.used[cell] === 1) {
      if (this.cells[cell] === wanted) return true;
      cell = (cell + 1) & this.mask;
    }
    return false;
  }
}

function spread(asn: number): number {
  const mixed = Math.imul(asn | 0, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
