/**
 * Fills the times that a feed did not see: asks RIPEstat for what happened to each watched prefix, or reads update files of the
 * archive, and applies it as what came late. The live feed is subscribed before and judged meanwhile; nothing here holds it up.
 * What is not answered is asked again, with growing delays, until it lies too far back.
 */
import type { Logger } from 'pino';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Update } from '../../bgp/update.ts';
import type { BackfillSettings } from '../../config/settings.ts';
import type { GapState } from '../../engine/feeds/gap.ts';
import type { CoverageWriter, FeedInput } from '../../engine/ports.ts';
import type { EngineView } from '../../engine/view.ts';
import type { ArchiveReader } from '../../feed/archive/reader.ts';
import { Ripestat } from '../../feed/ripestat/client.ts';
import { writtenFrame } from '../../feed/ris-live/written-frame.ts';
import type { WatchedSpace } from '../../feed/source.ts';
import { isoTime } from '../../incident/alert.ts';
import type { Outside } from '../../outside/outside.ts';
import { resourcesOf } from './backfill-resources.ts';

export interface BackfillPorts {
  readonly settings: BackfillSettings;
  readonly blindAfterMs: number;
  readonly outside: Outside;
  readonly archive: (url: string) => ArchiveReader;
  readonly view: EngineView;
  readonly space: () => WatchedSpace;
  readonly nowMs: () => number;
  readonly apply: (input: FeedInput, arrivedMs: number) => void;
  readonly afterInput: () => void;
  readonly coverage: CoverageWriter;
  /** Commits what was judged; false where that has to wait. */
  readonly commit: () => boolean;
  readonly log: Logger;
}

interface Gap {
  readonly kind: 'gap' | 'look-again' | 'snapshot';
  readonly feed: string;
  readonly collectors: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** It is an incident that it is not filled. */
  readonly isHeld: boolean;
  tries: number;
  /** Where it is asked for. */
  source: string;
  total: number;
  /** Resources or files that were not read yet. */
  left: Set<string> | undefined;
  timer: NodeJS.Timeout | undefined;
}

type Via = 'backfill' | 'snapshot';

/** Collectors hand on late what they heard: so much before a gap is asked for too, and comes in twice. */
const BEFORE_MS = 180_000;
const AFTER_MS = 60_000;
/** Beyond so many watched prefixes and ASes files are less work than questions. */
const RESOURCES_MAX = 1_000;
const AT_ONCE = 8;
const RETRY_FIRST_MS = 5_000;
const RETRY_MAX_MS = 600_000;
/** RIPEstat may lag behind: what was filled at once is asked for once more. */
const LOOK_AGAIN_MS = 600_000;
/** Failures in a row that end a round. */
const FAILURES_MAX = 3;
/** Updates applied before the event loop has its turn. */
const SLICE = 40;
const PROGRESS_EVERY_MS = 10_000;
const GAPS_MAX = 1_000;

export class Backfill {
  private readonly ports: BackfillPorts;
  private readonly ripestat: Ripestat | undefined;
  private readonly archive: ArchiveReader | undefined;
  private readonly over = new AbortController();
  private readonly gaps = new Set<Gap>();
  /** One gap after the other. */
  private working: Promise<void> = Promise.resolve();
  private saidMs = 0;

  constructor(ports: BackfillPorts) {
    this.ports = ports;
    const { settings, outside } = ports;
    const { signal } = this.over;
    if (settings.ripestat !== undefined)
      this.ripestat = new Ripestat({ dataUrl: settings.ripestat, outside, signal, attemptsMax: 3 });
    if (settings.archive !== undefined) this.archive = ports.archive(settings.archive);
  }

  /** A feed sees again since `toMs` and did not since `fromMs`. */
  missed(feed: string, collectors: readonly string[], fromMs: number, toMs: number): void {
    if (this.ripestat === undefined && this.archive === undefined) return;
    const { settings, blindAfterMs } = this.ports;
    const oldestMs = toMs - settings.hoursMax * 3_600_000;
    if (fromMs < oldestMs) this.began(feed, collectors);
    const isHeld = settings.isConfigured && toMs - fromMs >= blindAfterMs;
    this.add({ kind: 'gap', feed, collectors, fromMs: Math.max(fromMs, oldestMs), toMs, isHeld });
  }

  /** A feed begins, and nothing is known of what is going on: a snapshot says. */
  began(feed: string, collectors: readonly string[]): void {
    if (this.ripestat === undefined) return;
    const nowMs = this.ports.nowMs();
    this.add({ kind: 'snapshot', feed, collectors, fromMs: nowMs, toMs: nowMs, isHeld: false });
  }

  private add(
    about: Pick<Gap, 'kind' | 'feed' | 'collectors' | 'fromMs' | 'toMs' | 'isHeld'>,
    delayMs = 0,
  ): void {
    if (this.gaps.size >= GAPS_MAX || this.over.signal.aborted) return;
    const gap: Gap = { ...about, tries: 0, source: '', total: 0, left: undefined, timer: undefined };
    this.gaps.add(gap);
    if (gap.isHeld) this.tell(gap, 'unfilled', 'what the feed did not see is being fetched');
    this.schedule(gap, delayMs);
  }

  private schedule(gap: Gap, delayMs: number): void {
    gap.timer = setTimeout(() => {
      this.working = this.working.then(() => this.work(gap));
    }, delayMs);
    gap.timer.unref();
  }

  async stop(): Promise<void> {
    this.over.abort();
    for (const { timer } of this.gaps) clearTimeout(timer);
    await this.working;
  }

  /** Questions and files of this feed that are still open. */
  left(feed: string): number {
    let count = 0;
    for (const gap of this.gaps)
      if (gap.feed === feed && gap.kind !== 'look-again') count += gap.left?.size ?? 1;
    return count;
  }

  // ------------------------------------------------------------ one gap

  private async work(gap: Gap): Promise<void> {
    if (this.over.signal.aborted) return;
    const { log } = this.ports;
    gap.tries += 1;
    try {
      await this.fill(gap);
      if (this.over.signal.aborted) return;
      this.filled(gap);
    } catch (error) {
      if (!this.over.signal.aborted) this.failed(gap, error instanceof Error ? error.message : String(error));
    }
    if (this.gaps.size === 0) log.debug({ event: 'backfill.idle' });
  }

  private async fill(gap: Gap): Promise<void> {
    const resources = resourcesOf(this.ports.space());
    const isLong = resources.length > RESOURCES_MAX;
    gap.total = resources.length;
    if (this.ripestat !== undefined && (gap.kind === 'snapshot' || !isLong || this.archive === undefined)) {
      gap.source = 'RIPEstat';
      gap.left ??= new Set(resources);
      if (gap.kind === 'snapshot') await this.each(gap, (resource) => this.takeState(gap, resource));
      else {
        await this.each(gap, (resource) => this.takeUpdates(gap, resource));
        if (gap.kind === 'gap') await this.mend(gap);
      }
    } else if (this.archive !== undefined && gap.kind === 'gap') await this.readFiles(gap, this.archive);
  }

  /** Asks for what is left, several at once; rejects with the last failure when something stays unanswered. */
  private async each(gap: Gap, ask: (resource: string) => Promise<void>): Promise<void> {
    const waiting = [...(gap.left ?? [])];
    let failures = 0;
    let last: unknown;
    const worker = async (): Promise<void> => {
      for (let resource = waiting.shift(); resource !== undefined; resource = waiting.shift()) {
        if (this.over.signal.aborted || failures >= FAILURES_MAX) return;
        try {
          await ask(resource);
          gap.left?.delete(resource);
          failures = 0;
          this.sayProgress(gap);
        } catch (error) {
          failures += 1;
          last = error;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if ((gap.left?.size ?? 0) > 0 && !this.over.signal.aborted)
      throw last ?? new Error('something was not answered');
  }

  private async takeUpdates(gap: Gap, resource: string): Promise<void> {
    const span = { fromMs: gap.fromMs - BEFORE_MS, toMs: gap.toMs + AFTER_MS, collectors: gap.collectors };
    const answer = await this.ripestat?.bgpUpdates(resource, span);
    this.sayProblems(answer?.problems.length ?? 0, resource);
    const within = (answer?.value ?? []).filter(
      ({ observedMs = 0 }) => observedMs >= span.fromMs && observedMs <= span.toMs + 1_000,
    );
    await this.take(gap.feed, 'backfill', within);
  }

  /** What is carried now was so when the daemon began, as far as anybody knows. */
  private async takeState(gap: Gap, resource: string): Promise<void> {
    const { collectors, toMs } = gap;
    const answer = await this.ripestat?.bgpState(resource, { collectors });
    this.sayProblems(answer?.problems.length ?? 0, resource);
    const stamped = (answer?.value ?? []).map((update) => ({ ...update, observedMs: toMs }));
    await this.take(gap.feed, 'snapshot', stamped);
  }

  /**
   * What the watched RIB has and the state of RIPEstat has not: withdrawn in the gap without a word of it, where the vantage point
   * is among those that the state knows at all. What it has and we have not came late, too. A failure leaves things as they are.
   */
  private async mend(gap: Gap): Promise<void> {
    const { space, view } = this.ports;
    const prefixes = [...view.offending(), ...watchedPrefixes(space())].slice(0, RESOURCES_MAX);
    const states = new Map<string, { readonly prefix: Prefix; readonly updates: readonly Update[] }>();
    const left = new Set(prefixes.map(({ text }) => text));
    const byText = new Map(prefixes.map((prefix) => [prefix.text, prefix]));
    const state: Gap = { ...gap, left };
    await this.each(state, async (text) => {
      const answer = await this.ripestat?.bgpState(text, { collectors: gap.collectors });
      const prefix = byText.get(text);
      if (prefix !== undefined && answer !== undefined) states.set(text, { prefix, updates: answer.value });
    }).catch((error: unknown) => {
      this.ports.log.warn({ event: 'backfill.not-compared', feed: gap.feed, detail: String(error) });
    });
    const alive = new Set([...states.values()].flatMap(({ updates }) => updates.map(pointOf)));
    for (const { prefix, updates } of states.values()) {
      const missed = updates.map((update) => ({ ...update, observedMs: gap.toMs }));
      await this.take(gap.feed, 'backfill', missed);
      const carrying = new Set(
        updates.filter(({ announced }) => announced[0]?.text === prefix.text).map(pointOf),
      );
      const gone = view
        .carriers(prefix)
        .filter(({ vantagePoint, observedMs }) => {
          const name = `${vantagePoint.collector} ${vantagePoint.peerAddress}`;
          return observedMs < gap.fromMs && alive.has(name) && !carrying.has(name);
        })
        .map(({ vantagePoint }): Update => {
          const nothing = { path: [], communities: [], announced: [] };
          return { vantagePoint, observedMs: gap.toMs, ...nothing, withdrawn: [prefix] };
        });
      await this.take(gap.feed, 'backfill', gone);
    }
  }

  private async readFiles(gap: Gap, archive: ArchiveReader): Promise<void> {
    const span = { fromMs: gap.fromMs - BEFORE_MS, toMs: gap.toMs, collectors: gap.collectors };
    const files = archive.filesOf(span);
    gap.source = 'the archive';
    gap.total = files.length;
    gap.left ??= new Set(files);
    for (const file of files) {
      if (!gap.left.has(file) || this.over.signal.aborted) continue;
      for await (const updates of archive.read(file, this.ports.view.interest(), this.over.signal)) {
        const within = updates.filter(
          ({ observedMs = 0 }) => observedMs >= span.fromMs && observedMs <= span.toMs,
        );
        await this.take(gap.feed, 'backfill', within);
      }
      gap.left.delete(file);
      this.sayProgress(gap);
    }
  }

  /** Applies them in slices: whatever comes live goes first. */
  private async take(feed: string, via: Via, updates: readonly Update[]): Promise<void> {
    for (let start = 0; start < updates.length; start += SLICE) {
      if (this.over.signal.aborted) return;
      if (start > 0) await new Promise((resolve) => setImmediate(resolve));
      const { nowMs, apply, afterInput } = this.ports;
      const atMs = nowMs();
      for (const update of updates.slice(start, start + SLICE)) {
        const raw = writtenFrame(update);
        apply({ type: 'update', feed, via, update, raw, isLate: true }, atMs);
      }
      afterInput();
    }
  }

  // ------------------------------------------------------------ how it ended

  private filled(gap: Gap): void {
    if (!this.ports.commit()) throw new Error('what was fetched cannot be written down now');
    this.gaps.delete(gap);
    const { kind, feed, collectors, fromMs, toMs, source, total, tries } = gap;
    if (kind === 'look-again') return;
    this.ports.log.info({
      event: `backfill.${kind === 'gap' ? 'filled' : 'snapshot'}`,
      feed,
      source,
      resources: total,
      tries,
    });
    if (kind !== 'gap') return;
    const interval = { feed, from: isoTime(fromMs), to: isoTime(toMs) };
    this.ports.coverage.coverage({ ...interval, state: 'backfilled', reason: `filled from ${source}` });
    this.tell(gap, 'filled', `filled from ${source}`);
    if (source === 'RIPEstat')
      this.add({ kind: 'look-again', feed, collectors, fromMs, toMs, isHeld: false }, LOOK_AGAIN_MS);
  }

  private failed(gap: Gap, detail: string): void {
    const { settings, log, nowMs } = this.ports;
    const { kind, feed, tries } = gap;
    if (kind === 'look-again') {
      this.gaps.delete(gap);
      return;
    }
    if (nowMs() - gap.toMs > settings.hoursMax * 3_600_000) {
      this.gaps.delete(gap);
      log.warn({ event: 'backfill.given-up', feed, detail });
      if (gap.isHeld) this.tell(gap, 'lost', `it could not be fetched within ${settings.hoursMax} h`);
      return;
    }
    const retryInMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(10, tries - 1));
    log.warn({ event: 'backfill.failed', feed, detail, tries, left: gap.left?.size ?? 0, retryInMs });
    if (gap.isHeld) this.tell(gap, 'unfilled', `what the feed did not see could not be fetched: ${detail}`);
    this.schedule(gap, retryInMs);
  }

  private tell({ feed, fromMs }: Gap, state: GapState, reason: string): void {
    // Of several, the last one that is filled ends it.
    if (state !== 'unfilled' && [...this.gaps].some((other) => other.feed === feed && other.isHeld)) return;
    const { nowMs, apply, afterInput } = this.ports;
    const atMs = nowMs();
    const input = { type: 'gap', feed, state, reason, sinceMs: fromMs } as const;
    apply(input, atMs);
    afterInput();
  }

  private sayProgress({ feed, total, left, tries }: Gap): void {
    const nowMs = this.ports.nowMs();
    if (nowMs - this.saidMs < PROGRESS_EVERY_MS) return;
    this.saidMs = nowMs;
    this.ports.log.info({ event: 'backfill.progress', feed, done: total - (left?.size ?? 0), total, tries });
  }

  private sayProblems(problems: number, resource: string): void {
    if (problems > 0) this.ports.log.warn({ event: 'backfill.odd-answer', resource, problems });
  }
}

function pointOf({ vantagePoint }: Update): string {
  return `${vantagePoint.collector} ${vantagePoint.peerAddress}`;
}

function* watchedPrefixes({ watchlist, learned }: WatchedSpace): Generator<Prefix> {
  for (const entry of watchlist.entries) if (entry.type === 'prefix' && !entry.ignore) yield entry.prefix;
  yield* learned;
}
