/**
 * What routers of our own originate, by router, session and view, as BMP shows it (RFC 8671, RFC 9069): evidence both ways
 * (detection.md §3, `announced-by-us`, `unannounced-by-us`). Only of watched space and what covers it. Pure.
 */
import { type Prefix, truncate } from '../../bgp/prefix.ts';
import type { OwnOriginations } from '../../judge/world.ts';
import type { FeedInput } from '../ports.ts';

export type OwnRoutesInput = Extract<FeedInput, { readonly type: 'own-routes' }>;

/** Prefixes that are kept of one session; further ones are left out, so that only `announced-by-us` is missed. */
const PREFIXES_MAX = 1_000_000;

export class OwnRoutes implements OwnOriginations {
  /** By feed and session: prefix → origin. Who went down has no entry. */
  private readonly sessions = new Map<string, Map<string, number>>();

  /** What some router of ours uses or sends is seen. */
  get isUp(): boolean {
    return this.sessions.size > 0;
  }

  /** True when it changed what is known. */
  take({ feed, from, isUp, announced, withdrawn }: OwnRoutesInput): boolean {
    const name = `${feed}\0${from}`;
    if (!isUp) return this.sessions.delete(name);
    const known = this.sessions.get(name);
    const routes = known ?? new Map<string, number>();
    this.sessions.set(name, routes);
    let hasChanged = known === undefined;
    for (const { text } of withdrawn) hasChanged = routes.delete(text) || hasChanged;
    for (const { prefix, origin } of announced) {
      if (routes.get(prefix.text) === origin || routes.size >= PREFIXES_MAX) continue;
      routes.set(prefix.text, origin);
      hasChanged = true;
    }
    return hasChanged;
  }

  originates(prefix: Prefix, origin: number): boolean {
    for (const routes of this.sessions.values()) if (routes.get(prefix.text) === origin) return true;
    return false;
  }

  coversAny(prefix: Prefix): boolean {
    for (let length = prefix.length; length >= 0; length -= 1) {
      const { text } = truncate(prefix, length);
      for (const routes of this.sessions.values()) if (routes.has(text)) return true;
    }
    return false;
  }
}
