/**
 * Where RPKI data comes from: validators by RTR, an export, or both. What a validator says is newer and counts while it
 * holds; the export is the fallback. What is in force is one source's data, whole, never a mix. Composition for `daemon.ts`.
 */
import type { Settings } from '../config/settings.ts';
import { RtrClient } from '../feed/rpki/rtr-client.ts';
import { type LoadedExport, VrpExport, type VrpFreshness } from '../feed/rpki/vrp-export.ts';
import type { FeedClock, FeedLog } from '../feed/surroundings.ts';
import { type RpkiData, RpkiDataBuilder } from '../judge/rpki-data.ts';
import type { Outside } from '../outside/outside.ts';

export interface RpkiSourcesOptions<Data> {
  readonly makeRtr: ((on: SourceCalls<Data>) => RtrClient<Data>) | undefined;
  readonly makeExport: ((on: SourceCalls<Data>) => VrpExport<Data>) | undefined;
  /** What counts from now on; undefined: nothing, RPKI is unknown. */
  readonly onData: (data: Data | undefined) => void;
}

export interface SourceCalls<Data> {
  readonly onLoaded: (loaded: LoadedExport<Data>) => void;
  readonly onExpired: () => void;
}

export class RpkiSources<Data> {
  private readonly rtr: RtrClient<Data> | undefined;
  private readonly exported: VrpExport<Data> | undefined;

  constructor({ makeRtr, makeExport, onData }: RpkiSourcesOptions<Data>) {
    this.rtr = makeRtr?.({
      onLoaded: ({ data }) => onData(data),
      onExpired: () => onData(this.exported?.current?.data),
    });
    this.exported = makeExport?.({
      onLoaded: ({ data }) => {
        if (this.rtr?.current === undefined) onData(data);
      },
      onExpired: () => undefined,
    });
  }

  start(): void {
    this.rtr?.start();
    this.exported?.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.rtr?.stop(), this.exported?.stop()]);
  }

  /** Of the source that counts; undefined when none is configured. */
  freshness(): VrpFreshness | undefined {
    const byRtr = this.rtr?.freshness();
    const exported = this.exported?.freshness();
    if (byRtr === undefined || (byRtr.state === 'none' && exported !== undefined)) return exported;
    return byRtr;
  }
}

/** The sources that the section `rpki` names; nothing is begun yet. */
export function openRpkiSources(
  { url, file, refreshMinutes, rtr }: Settings['rpki'],
  ports: { readonly clock: FeedClock; readonly log: FeedLog; readonly outside: Outside },
  onData: (data: RpkiData | undefined) => void,
): RpkiSources<RpkiData> {
  const location = url !== undefined ? { url } : file !== undefined ? { file } : undefined;
  const around = { ...ports, newBuilder: (expected: number) => new RpkiDataBuilder(expected) };
  return new RpkiSources<RpkiData>({
    makeRtr: rtr.length === 0 ? undefined : (on) => new RtrClient({ ...around, ...on, caches: rtr }),
    makeExport: location && ((on) => new VrpExport({ ...around, ...on, location, refreshMinutes })),
    onData,
  });
}
