/**
 * The closed list of receiver types: a new one is a file under `receivers/` and a line here. Its keys are checked by `config/`; a bench
 * and a row in the README are asked for by the compiler and the tests.
 */
import { Outside } from '../outside/outside.ts';
import type { Receiver, ReceiverConfig, ReceiverDeps } from './receiver.ts';
import type { ReceiverType } from './receiver-type.ts';
import { alertmanager } from './receivers/alertmanager.ts';
import { command } from './receivers/command.ts';
import { email } from './receivers/email.ts';
import { pagerduty } from './receivers/pagerduty.ts';
import { slack } from './receivers/slack/slack.ts';
import { syslog } from './receivers/syslog.ts';
import { teams } from './receivers/teams.ts';
import { telegram } from './receivers/telegram.ts';
import { template } from './receivers/template.ts';
import { webhook } from './receivers/webhook.ts';
import { optionalText } from './settings.ts';

const TYPES = {
  slack,
  webhook,
  alertmanager,
  pagerduty,
  email,
  syslog,
  teams,
  telegram,
  command,
  template,
} as const satisfies Readonly<Record<string, ReceiverType>>;

export type ReceiverTypeName = keyof typeof TYPES;

export const RECEIVERS: Readonly<Record<ReceiverTypeName, ReceiverType>> = TYPES;

export const RECEIVER_TYPES: readonly ReceiverTypeName[] = Object.keys(TYPES) as ReceiverTypeName[];

/** Undefined for anything that is no type. */
export function receiverType(name: unknown): ReceiverType | undefined {
  return typeof name === 'string' && Object.hasOwn(RECEIVERS, name)
    ? RECEIVERS[name as ReceiverTypeName]
    : undefined;
}

/** Opens nothing yet. Throws an Error that names the key, never the value, when the settings do not make sense. */
export function createReceiver(
  config: ReceiverConfig,
  deps: Omit<ReceiverDeps, 'outside'> & { readonly outside?: Outside },
): Receiver {
  const type = receiverType(config.type);
  if (type === undefined)
    throw new Error(`receiver ${config.name}: type must be one of ${RECEIVER_TYPES.join(', ')}`);
  const outside = (deps.outside ?? new Outside()).trusting(optionalText(config, 'ca'));
  return type.create(config, { ...deps, outside });
}
