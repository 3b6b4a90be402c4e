/** What became of telling one receiver of one alert, as the incident shows it. */
import type { Alert } from './alert.ts';

/** What became of one alert at one receiver. */
export interface Delivery {
  readonly receiver: string;
  /** Id of the alert. */
  readonly alert: string;
  readonly seq: number;
  readonly event: Alert['event'];
  /** Set when it is the alert told again because nobody acknowledged. */
  readonly reminder: string | null;
  readonly state: 'waiting' | 'delivered' | 'given-up';
  /** Tries so far. */
  readonly attempts: number;
  /** Why it waits or was given up. */
  readonly error: string | null;
  /** ISO: not tried before; null unless it waits. */
  readonly nextAt: string | null;
  /** ISO: when it was delivered or given up. */
  readonly at: string | null;
}
