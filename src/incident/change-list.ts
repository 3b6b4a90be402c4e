/** Incidents that changed since their records were last asked for, in the order of their first change, and those that left. */
import type { IncidentState } from './incident-state.ts';

export interface Changes {
  readonly changed: readonly IncidentState[];
  readonly forgotten: readonly string[];
}

const NOTHING: Changes = { changed: [], forgotten: [] };

export class ChangeList {
  private incidents: IncidentState[] = [];
  private forgotten: string[] = [];

  add(incident: IncidentState): void {
    if (incident.isChanged) return;
    incident.isChanged = true;
    this.incidents.push(incident);
  }

  /** Its record was made as it is now, or there is to be none. */
  remove(incident: IncidentState): void {
    if (!incident.isChanged) return;
    incident.isChanged = false;
    this.incidents = this.incidents.filter((other) => other !== incident);
  }

  forget(id: string): void {
    this.forgotten.push(id);
  }

  /** Everything since the last call, and begins anew. Of what is only pending nobody is told. */
  take(): Changes {
    if (this.incidents.length === 0 && this.forgotten.length === 0) return NOTHING;
    const { incidents, forgotten } = this;
    this.incidents = [];
    this.forgotten = [];
    for (const incident of incidents) incident.isChanged = false;
    return { changed: incidents.filter(({ state }) => state !== 'pending'), forgotten };
  }
}
