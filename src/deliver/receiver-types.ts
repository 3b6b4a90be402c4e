/**
 * The closed list of receiver types. A new one is a file and a line here.
 */
import { Outside } from '../outside/outside.ts';
import { createAlertmanager } from './alertmanager.ts';
import { createCommand } from './command.ts';
import { createEmail } from './email.ts';
import { createPagerduty } from './pagerduty.ts';
import type { Receiver, ReceiverConfig, ReceiverDeps } from './receiver.ts';
import { optionalText } from './settings.ts';
import { createSlack } from './slack/slack.ts';
import { createSyslog } from './syslog.ts';
import { createTeams } from './teams.ts';
import { createTelegram } from './telegram.ts';
import { createWebhook } from './webhook.ts';

const CREATE: Readonly<Record<string, (config: ReceiverConfig, deps: ReceiverDeps) => Receiver>> = {
  slack: createSlack,
  webhook: createWebhook,
  alertmanager: createAlertmanager,
  pagerduty: createPagerduty,
  email: createEmail,
  syslog: createSyslog,
  teams: createTeams,
  telegram: createTelegram,
  command: createCommand,
};

export const RECEIVER_TYPES: readonly string[] = Object.keys(CREATE);

/** Opens nothing yet. Throws an Error that names the key, never the value, when the settings do not make sense. */
export function createReceiver(
  config: ReceiverConfig,
  deps: Omit<ReceiverDeps, 'outside'> & { readonly outside?: Outside },
): Receiver {
  const create = Object.hasOwn(CREATE, config.type) ? CREATE[config.type] : undefined;
  if (create === undefined) {
    throw new Error(`receiver ${config.name}: type must be one of ${RECEIVER_TYPES.join(', ')}`);
  }
  const outside = (deps.outside ?? new Outside()).trusting(optionalText(config, 'ca'));
  return create(config, { ...deps, outside });
}
