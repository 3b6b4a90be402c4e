/** The receivers as the daemon tells of them. Pure. */
import type { DaemonView, ReceiverView } from './api.ts';

export interface NamedReceiver extends ReceiverView {
  readonly name: string;
  readonly isFailing: boolean;
}

export function namedReceivers(daemon: DaemonView | undefined): readonly NamedReceiver[] | undefined {
  return daemon?.receivers?.map((receiver) => ({
    ...receiver,
    name: receiver.name ?? receiver.receiver ?? '?',
    isFailing: isFailing(receiver),
  }));
}

export function failingReceivers(daemon: DaemonView | undefined): readonly NamedReceiver[] {
  return (namedReceivers(daemon) ?? []).filter((receiver) => receiver.isFailing);
}

/** The daemon's own word where it has one, else an error that stands. */
function isFailing({ failingSince, lastError }: ReceiverView): boolean {
  if (failingSince !== undefined) return failingSince !== null;
  return lastError !== undefined && lastError !== null && lastError !== '';
}
