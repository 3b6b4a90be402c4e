/** Whom to reach at an AS, as `knowledge.contacts` says; made by `config/`, read by the sheet. Plain data. */
export interface Contact {
  readonly asn: number;
  /** Of the person, the desk or the network. */
  readonly name: string;
  /** `NOC`, `Abuse`, `Policy` …; empty: not said. */
  readonly role: string;
  readonly mail: string;
  readonly phone: string;
  /** Where it is from: `PeeringDB`, `RDAP`, `own`. */
  readonly source: string;
  /** ISO date of the source's last change; empty: not said. */
  readonly date: string;
}
