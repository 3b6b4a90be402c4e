/** The whole id of an incident that somebody names by its beginning. */
import type { IncidentPage } from '../engine/ports.ts';
import { type ApiClient, wholeId } from './api-client.ts';

const PAGE_MAX = 1_000;

export function incidentId(client: ApiClient, given: string): Promise<string> {
  return wholeId(given, 'incident', async (cursor) => {
    const page = await client.get<IncidentPage>('/api/v1/incidents', { limit: PAGE_MAX, cursor });
    return { rows: page.incidents, next: page.next };
  });
}
