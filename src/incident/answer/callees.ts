/**
 * Whom to call: the offender, then those that pass its routes on and can filter them, each with what is known of how to
 * reach them. Pure; part of the sheet.
 */
import type { Words } from '../../judge/vocabulary.ts';
import type { Incident, IncidentRoute } from '../alert.ts';
import type { Contact } from './contact.ts';

/** As many ASes as one person calls in the first hour. */
const CALLEES_MAX = 6;

export interface Callee {
  readonly asn: number;
  /** Empty: not known. */
  readonly name: string;
  readonly why: Words;
  /** The desks first that answer at night. */
  readonly contacts: readonly Contact[];
}

export interface AddressBook {
  name(asn: number): string | undefined;
  contacts(asn: number): readonly Contact[];
}

/** Nobody for the families that are our own affair. */
export function calleesOf(incident: Incident, book: AddressBook): readonly Callee[] {
  const { offender, family } = incident;
  if (offender === null || family === 'own' || family === 'feed') return [];
  const passers = passersOf(incident.routes, offender).filter((asn) => asn !== offender);
  return [callee(offender, OFFENDER, book), ...passers.map((asn) => callee(asn, PASSER, book))].slice(
    0,
    CALLEES_MAX,
  );
}

function callee(asn: number, why: Words, book: AddressBook): Callee {
  const contacts = [...book.contacts(asn)].sort((a, b) => rank(a) - rank(b));
  return { asn, name: book.name(asn) ?? '', why, contacts };
}

/** NOC, then whoever works on routing or security, then the rest. */
function rank({ role }: Contact): number {
  const found = [/noc/i, /technical|maintenance/i, /abuse|policy|security/i].findIndex((word) =>
    word.test(role),
  );
  return found < 0 ? 3 : found;
}

/** The ASes next to the offender on the paths, by how many vantage points they serve; its own repetitions don't count. */
function passersOf(routes: readonly IncidentRoute[], offender: number): readonly number[] {
  const weights = new Map<number, number>();
  for (const { path, vantagePoints } of routes.flatMap(({ paths }) => paths)) {
    const parts = path.split(' ');
    const at = parts.lastIndexOf(String(offender));
    const left = Number(parts.slice(0, Math.max(0, at)).findLast((part) => part !== String(offender)));
    if (Number.isInteger(left) && left > 0) weights.set(left, (weights.get(left) ?? 0) + vantagePoints);
  }
  return [...weights].sort(([a, x], [b, y]) => y - x || a - b).map(([asn]) => asn);
}

const OFFENDER: Words = {
  en: 'announces it; the number may be forged, so do not call them the attacker',
  ko: '광고한 것으로 보이는 AS. 번호가 위조되었을 수 있으니 공격자로 단정하지 마십시오.',
};
const PASSER: Words = {
  en: 'passes it on and can filter it',
  ko: '경로를 전달하므로 필터링할 수 있습니다.',
};
