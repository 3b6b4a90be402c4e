/** Routes of open incidents, for `init`: what an incident names is not adopted by running a command again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parsePrefix } from '../../bgp/prefix.ts';
import type { IncidentPage } from '../../engine/ports.ts';
import type { Accused } from '../../learn/watch-proposal.ts';
import { DATABASE_FILE, openStore, type SqliteStore } from '../../store/store.ts';
import { runningClient } from '../api-client.ts';
import { type PlaceOptions, placeOf } from '../place.ts';
import { counted } from '../table.ts';
import type { Streams } from '../usage.ts';

/** What open incidents of the daemon, or of its database, speak of. Where there is neither, there is nothing. */
export async function accusedBeside(options: PlaceOptions, io: Streams): Promise<readonly Accused[]> {
  const place = await placeOf(options, process.env);
  const client = await runningClient(place);
  const database = join(place.directory, DATABASE_FILE);
  const accused: Accused[] = [];
  if (client === undefined && !existsSync(database)) return accused;
  const store = client === undefined ? openStore(database, { lock: false, readOnly: true }) : undefined;
  try {
    let cursor: string | null = null;
    do {
      const page: IncidentPage =
        client !== undefined
          ? await client.get('/api/v1/incidents', {
              state: 'open',
              limit: 1_000,
              cursor: cursor ?? undefined,
            })
          : (store as SqliteStore).archive.incidents({
              state: ['open'],
              limit: 1_000,
              ...(cursor !== null && { cursor }),
            });
      for (const { routes, offender } of page.incidents)
        for (const { prefix: text, originAs } of routes) {
          const prefix = parsePrefix(text)?.prefix;
          if (prefix !== undefined) accused.push({ prefix, origins: originAs, offender });
        }
      cursor = page.next;
    } while (cursor !== null);
  } finally {
    store?.close();
  }
  if (accused.length > 0)
    io.stderr.write(
      `open incidents name ${counted(accused.length, 'route')}: their origins are not adopted\n`,
    );
  return accused;
}
