/**
 * Which subscriptions the server has confirmed. A `ris_subscribe_ok` may repeat a whole prefix array or come once for
 * each prefix of it (the manual makes each a subscription of its own), so what is awaited is kept by single keys.
 */
import { parsePrefix } from '../../bgp/prefix.ts';
import { isSignOfLife, type RisSubscription } from './subscription.ts';

export class Acknowledgements {
  /** Key of what is awaited → the subscription it was sent with. */
  readonly #awaited = new Map<string, RisSubscription>();

  /** Prefixes, paths and types not yet confirmed. */
  get missing(): number {
    return this.#awaited.size;
  }

  clear(): void {
    this.#awaited.clear();
  }

  /** Signs of life are not awaited: a server that does not know them may stay silent. */
  sent(subscription: RisSubscription): void {
    if (isSignOfLife(subscription)) return;
    for (const key of keysOf(subscription)) this.#awaited.set(key, subscription);
  }

  /** What was unsubscribed needs no confirmation any more. */
  cancelled(subscription: RisSubscription): void {
    for (const key of keysOf(subscription)) this.#awaited.delete(key);
  }

  /**
   * Takes the `data` of `ris_subscribe_ok`. One that does not say what it confirms confirms the subscription that
   * waits longest: answers come in the order of the questions.
   */
  confirmed(data: unknown): void {
    const keys = keysOf(subscriptionIn(data));
    if (keys.some((key) => this.#awaited.has(key))) {
      for (const key of keys) this.#awaited.delete(key);
      return;
    }
    const [oldest] = this.#awaited.values();
    if (oldest !== undefined && keys.every((key) => key === 'type UPDATE')) this.cancelled(oldest);
  }

  /** The subscriptions to send again, prefix arrays cut down to what is missing. */
  unconfirmed(): readonly RisSubscription[] {
    const again = new Set(this.#awaited.values());
    return [...again].map((subscription) => {
      if (subscription.prefix === undefined) return subscription;
      return {
        ...subscription,
        prefix: subscription.prefix.filter((prefix) => this.#awaited.has(`prefix ${prefix}`)),
      };
    });
  }
}

function subscriptionIn(data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data !== 'object' || data === null) return {};
  const inner = 'subscription' in data ? data.subscription : data;
  return typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>) : {};
}

function keysOf(subscription: { readonly [key in keyof RisSubscription]?: unknown }): readonly string[] {
  const { prefix, path, type } = subscription;
  if (Array.isArray(prefix)) return prefix.map(prefixKey);
  if (typeof prefix === 'string') return [prefixKey(prefix)];
  if (typeof path === 'string' || typeof path === 'number') return [`path ${path}`];
  return typeof type === 'string' ? [`type ${type}`] : [];
}

function prefixKey(prefix: unknown): string {
  const parsed = typeof prefix === 'string' ? parsePrefix(prefix) : undefined;
  return `prefix ${parsed?.prefix.text ?? prefix}`;
}
