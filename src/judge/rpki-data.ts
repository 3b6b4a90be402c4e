/**
 * What one RPKI export says, whole and immutable: VRPs and ASPAs, ready to be asked. `feed/` reads an export into an
 * `RpkiDataBuilder`, the driver swaps the finished data in, and judging sees it as its view of the RPKI.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Aspa, RpkiRows, VrpRow } from '../bgp/vrp.ts';
import { AspaTable } from './aspa.ts';
import { type Validation, type VrpTable, VrpTableBuilder } from './origin-validation.ts';

export class RpkiData {
  readonly vrps: VrpTable;
  readonly aspaTable: AspaTable;

  constructor(vrps: VrpTable, aspaTable: AspaTable) {
    this.vrps = vrps;
    this.aspaTable = aspaTable;
  }

  validate(prefix: Prefix, origin: number | undefined, nowMs?: number): Validation {
    return this.vrps.validate(prefix, origin, nowMs);
  }

  providersOf(customer: number, nowMs?: number): ReadonlySet<number> | undefined {
    return this.aspaTable.providersOf(customer, nowMs);
  }

  holds(nowMs: number): boolean {
    return this.vrps.holds(nowMs);
  }

  nextEndMs(about: Prefix | number, nowMs: number): number {
    return typeof about === 'number'
      ? this.aspaTable.nextEndMs(about, nowMs)
      : this.vrps.nextEndMs(about, nowMs);
  }

  roaEndsMs(prefix: Prefix, origin: number, nowMs: number): readonly number[] {
    return this.vrps.roaEndsMs(prefix, origin, nowMs);
  }

  /** All that a builder was given, to make the same of it. */
  *rows(): Generator<VrpRow | Aspa> {
    yield* this.vrps.rows();
    yield* this.aspaTable.rows();
  }

  /** Made anew at each call. */
  get aspas(): readonly Aspa[] {
    return this.aspaTable.all();
  }
}

/** Takes the rows of an export; `build` ends it. */
export class RpkiDataBuilder implements RpkiRows {
  private readonly vrps: VrpTableBuilder;
  private readonly aspas = new AspaTable();

  /** `expected`: as many VRPs as the export before had, so that the tables need not grow. */
  constructor(expected = 0) {
    this.vrps = new VrpTableBuilder(expected);
  }

  vrp(row: VrpRow): void {
    this.vrps.add(row);
  }

  aspa(aspa: Aspa): void {
    this.aspas.add(aspa);
  }

  build(): RpkiData {
    return new RpkiData(this.vrps.build(), this.aspas);
  }
}
