/** What a watch reaches for: feeds, VRPs, receivers. A connection is opened, with TLS where there is any, and closed. */
import { existsSync } from 'node:fs';
import type { ReceiverSettings, Secret, Settings } from '../../config/settings.ts';
import type { Outside } from '../../outside/outside.ts';
import type { Look } from './doctor.ts';

const TIMEOUT_MS = 5_000;
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };
const TLS = ['https:', 'wss:'];
const SLACK = 'https://slack.com/';

interface Goal {
  readonly what: string;
  readonly url: string;
  /** Without it nothing is seen; else a warning. */
  readonly isVital: boolean;
}

export async function lookAround(settings: Settings, outside: Outside): Promise<readonly Look[]> {
  const reached = goalsOf(settings).map((goal) => reach(goal, outside));
  return [...(await Promise.all(reached)), ...lookAtVrpFile(settings)];
}

function goalsOf({ feeds, rpki, receivers }: Settings): readonly Goal[] {
  const goals: Goal[] = [];
  for (const feed of feeds) {
    const url: unknown = 'url' in feed ? feed.url : undefined;
    if (typeof url === 'string') goals.push({ what: `feed ${feed.name}`, url, isVital: true });
  }
  if (rpki.url !== undefined) goals.push({ what: 'VRP export', url: rpki.url, isVital: false });
  for (const receiver of receivers) {
    const url = addressOf(receiver);
    if (url !== undefined) goals.push({ what: `receiver ${receiver.name}`, url, isVital: true });
  }
  return goals;
}

/** Where a receiver is, as far as its keys say it; undefined where it is no address of this form. */
function addressOf(receiver: ReceiverSettings): string | undefined {
  for (const key of ['url', 'webhookUrl']) {
    const value = receiver[key];
    if (typeof value === 'string') return value;
    if (isSecret(value)) return value.reveal();
  }
  return receiver.type === 'slack' ? SLACK : undefined;
}

function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && 'reveal' in value;
}

async function reach({ what, url, isVital }: Goal, outside: Outside): Promise<Look> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: Number(port) || (PORTS[protocol] ?? 443), isTls: TLS.includes(protocol) };
  try {
    const socket = await outside.connect(to, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    socket.destroy();
    return { state: 'ok', what, found: `${host} answers on port ${to.port}` };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const remedy = 'look at the name, the firewall and network.proxy';
    return { state: isVital ? 'failed' : 'warning', what, found: `${host} port ${to.port}: ${said}`, remedy };
  }
}

function lookAtVrpFile({ rpki: { file } }: Settings): readonly Look[] {
  if (file === undefined) return [];
  const what = 'VRP export';
  return existsSync(file)
    ? [{ state: 'ok', what, found: file }]
    : [{ state: 'warning', what, found: `${file} is not there`, remedy: 'RPKI stays unknown until it is' }];
}
