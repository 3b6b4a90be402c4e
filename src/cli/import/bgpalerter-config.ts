/**
 * BGPalerter's `config.yml`: connectors, monitors, reports → our feed, receivers and routes. Its groups of users and
 * channels of alerts become routes by group and kind. Documented in its `docs/configuration.md` and `docs/reports.md`.
 */
import { type Item, type MapItem, plain } from '../../config/item.ts';
import { show } from '../../config/words.ts';
import type { Kind } from '../../incident/alert.ts';
import { KINDS_OF_ALARM } from './bgpalerter-prefixes.ts';
import { type Imported, itemAt, itemsOf, label, pairOf, textIn } from './imported.ts';

export interface PeerConfiguration {
  /** Files of prefixes, and the file of groups, as written. */
  readonly prefixFiles: readonly { readonly name: string; readonly at: Item['at'] }[];
  /** Name → file of each monitor. */
  readonly alarms: ReadonlyMap<string, string>;
}

export function isConfiguration(root: Item): boolean {
  return ['connectors', 'monitors', 'reports', 'monitoredPrefixesFiles'].some(
    (key) => pairOf(root, key) !== undefined,
  );
}

const READ = ['connectors', 'monitors', 'reports', 'monitoredPrefixesFiles', 'rpki', 'groupsFile'];

/** What other keys there are, and what takes their place here. */
const INSTEAD: Readonly<Record<string, string>> = {
  notificationIntervalSeconds:
    'an alert is told once, and again as the incident grows; a route can remind with repeatMinutes',
  alertOnlyOnce: 'an alert is told once, and again as the incident grows',
  fadeOffSeconds: 'an incident ends resolveAfterSeconds after its last route went',
  checkFadeOffGroupsSeconds: 'nothing is checked by intervals',
  logging: 'logs are JSON lines on stderr, for the journal',
  environment: 'see log.level',
  checkForUpdatesAtBoot: 'nothing is asked at start',
  generatePrefixListEveryDays: 'run originwatch init again on the watchlist',
  persistStatus: 'the state is always kept',
  rest: 'see serve: the API is at serve.listen',
  httpProxy: 'see network.proxy',
  uptimeMonitors: 'see /healthz, /readyz and /metrics',
  processMonitors: 'see /healthz, /readyz, /metrics, and heartbeat',
  multiProcess: 'one process is enough',
  maxMessagesPerSecond: 'there is no limit',
  configVersion: '',
  volume: 'see stateDirectory',
  pidFile: 'see daemon.json in the state directory',
  remoteStatus: 'the API answers for it',
};

export function readConfiguration(root: MapItem, imported: Imported): PeerConfiguration {
  imported.hasConfiguration = true;
  for (const [key, { keyAt }] of root.pairs) {
    if (READ.includes(key)) continue;
    const instead = INSTEAD[key];
    if (instead !== '')
      imported.remark(keyAt, `${show(key)} has no equal here${instead === undefined ? '' : `: ${instead}`}`);
  }
  for (const connector of itemsOf(itemAt(root, 'connectors'))) readConnector(connector, imported);
  const alarms = readAlarms(itemAt(root, 'monitors'), imported);
  readRpki(itemAt(root, 'rpki'), imported);
  return {
    alarms,
    prefixFiles: itemsOf(itemAt(root, 'monitoredPrefixesFiles')).flatMap((item) => {
      const name = plain(item);
      return typeof name === 'string' ? [{ name, at: item.at }] : [];
    }),
  };
}

// ---------------------------------------------------------------- what comes in

function readConnector(item: Item, imported: Imported): void {
  const file = textIn(item, 'file');
  if (file !== 'connectorRIS') {
    const instead = /RISDump/.test(file) ? ': what stands at the start is asked of RIPEstat by itself' : '';
    if (file !== '') imported.remark(item.at, `${file} has no equal here${instead}`);
    return;
  }
  const params = itemAt(item, 'params');
  const url = pairOf(params, 'url');
  const address = textIn(params, 'url');
  if (url !== undefined && /^wss?:\/\//.test(address)) imported.feed.url = address.replace(/[?#].*$/, '');
  const careful = pairOf(params, 'carefulSubscription');
  if (careful !== undefined && plain(careful.value) === false) imported.feed.subscribe = 'firehose';
  const hosts = itemsOf(itemAt(itemAt(params, 'subscription'), 'host')).flatMap((host) =>
    `${plain(host)}`.split(',').map((name) => name.trim().replace(/\.ripe\.net$/, '')),
  );
  const collectors = hosts.filter((host) => /^[a-z0-9][a-z0-9._-]*$/i.test(host));
  if (collectors.length > 0) imported.feed.collectors = collectors;
  const token = pairOf(params, 'authorizationHeader');
  if (token !== undefined) imported.remark(token.keyAt, 'authorizationHeader has no equal here; left out');
}

function readAlarms(item: Item | undefined, imported: Imported): ReadonlyMap<string, string> {
  const alarms = new Map<string, string>();
  for (const alarm of itemsOf(item)) {
    const file = textIn(alarm, 'file');
    alarms.set(textIn(alarm, 'name') || file, file);
    const params = itemAt(alarm, 'params');
    if (KINDS_OF_ALARM[file] === undefined) {
      const instead = /ROAS/.test(file) ? ': see the kind roa-expiring' : '';
      if (file !== '') imported.remark(alarm.at, `${file} has no equal here${instead}`);
    }
    if (params?.kind !== 'map') continue;
    for (const [key, { keyAt, value }] of params.pairs) {
      const instead =
        key === 'thresholdMinPeers'
          ? `: an incident opens with the first peer AS, and its severity grows with its reach; defaults: { minPeers: ${plain(value)} } on the watchlist does as ${file} did`
          : '';
      imported.remark(keyAt, `${key} of ${file} has no equal here${instead}`);
    }
  }
  return alarms;
}

const VRP_EXPORTS: Readonly<Record<string, string>> = {
  rpkiclient: 'https://console.rpki-client.org/vrps.json',
  ntt: 'https://rpki.gin.ntt.net/api/export.json',
  cloudflare: 'https://rpki.cloudflare.com/rpki.json',
};

function readRpki(item: Item | undefined, imported: Imported): void {
  if (item === undefined || item.kind !== 'map') return;
  const provider = textIn(item, 'vrpProvider');
  const file = textIn(item, 'vrpFile');
  const minutes = Number(textIn(item, 'refreshVrpListMinutes') || Number.NaN);
  const url = VRP_EXPORTS[provider] ?? (provider === 'api' ? textIn(item, 'url') : undefined);
  if (provider === 'external' || file !== '')
    imported.remark(item.at, `the VRPs of ${show(file)}: write rpki: { vrps: { file: … } } with its path`);
  else if (url !== undefined && URL.canParse(url))
    imported.sections.rpki = { vrps: { url, ...(minutes > 0 && { refreshMinutes: minutes }) } };
  else imported.remark(item.at, `the VRPs of ${show(provider)} have no equal here; see rpki.vrps`);
  for (const [key, { keyAt }] of item.pairs)
    if (!['vrpProvider', 'vrpFile', 'url', 'refreshVrpListMinutes'].includes(key))
      imported.remark(keyAt, `rpki.${key} has no equal here; left out`);
}

// ---------------------------------------------------------------- who is told

/** Our kinds by its channels; what stands in no channel goes to everybody. */
const KINDS_OF_CHANNEL: Readonly<Record<string, readonly Kind[]>> = {
  hijack: ['origin-change', 'sub-prefix', 'squatting', 'forged-origin', 'covering-prefix'],
  newprefix: ['unexpected-more-specific'],
  visibility: ['visibility-loss'],
  path: ['path-policy'],
  pathneighbors: ['route-leak'],
  misconfiguration: ['unexpected-origination', 'misconfiguration'],
  rpki: ['rpki-invalid'],
};

/** A receiver, the group of users it belongs to, and the channels that reach it. */
interface Reached {
  readonly name: string;
  /** The number of the report. */
  readonly report: number;
  readonly group: string;
  readonly channels: readonly string[];
}

/** Receivers and routes of the reports. `groups`: the root of the file of groups. */
export function readReports(root: MapItem, groups: Item | undefined, imported: Imported): void {
  const reached: Reached[] = [];
  for (const [number, report] of itemsOf(itemAt(root, 'reports')).entries()) {
    const channels = itemsOf(itemAt(report, 'channels')).map((channel) => `${plain(channel)}`);
    for (const { group, receiver } of receiversOf(report, groups, imported)) {
      const name = uniqueName(`${receiver.type}-${group}`, imported);
      imported.receivers.push({ name, ...receiver });
      reached.push({ name, report: number, group, channels });
    }
  }
  imported.routes.push(...routesFor(reached));
}

function uniqueName(wanted: string, imported: Imported): string {
  const taken = new Set(imported.receivers.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
  return name;
}

/** None when everybody hears everything. A group's own receivers stand in for those of `default`. */
function routesFor(reached: readonly Reached[]): Record<string, unknown>[] {
  const channels = Object.keys(KINDS_OF_CHANNEL);
  const isPlain = reached.every(
    (one) =>
      one.group === 'default' && channels.slice(0, 4).every((channel) => one.channels.includes(channel)),
  );
  if (isPlain) return [];
  const groups = [...new Set(reached.map(({ group }) => group))].filter((group) => group !== 'default');
  const routes: Record<string, unknown>[] = [];
  for (const group of [...groups, undefined]) {
    const own = reached.filter((one) => one.group === groupServing(group, one.report, reached));
    const byReceivers = new Map<string, { readonly names: string[]; readonly kinds: Kind[] }>();
    for (const channel of channels) {
      const names = own.filter((one) => one.channels.includes(channel)).map(({ name }) => name);
      if (names.length === 0) continue;
      const row = byReceivers.get(names.join()) ?? { names, kinds: [] };
      row.kinds.push(...(KINDS_OF_CHANNEL[channel] ?? []));
      byReceivers.set(names.join(), row);
    }
    for (const { names, kinds } of byReceivers.values())
      routes.push({ match: { ...(group !== undefined && { group }), kind: kinds }, receivers: names });
  }
  const rest = reached.filter(({ group }) => group === 'default');
  return [...routes, { match: {}, receivers: (rest.length > 0 ? rest : reached).map(({ name }) => name) }];
}

/** A report without a receiver for the group tells its default ones. */
function groupServing(group: string | undefined, report: number, reached: readonly Reached[]): string {
  const isOwn = reached.some((one) => one.report === report && one.group === group);
  return isOwn && group !== undefined ? group : 'default';
}

interface Draft {
  readonly group: string;
  readonly receiver: Record<string, unknown> & { readonly type: string };
}

/** Reports without an equal, and where to look instead. */
const REPORTS_INSTEAD: Readonly<Record<string, string>> = {
  reportFile: 'incidents stand in the log, in the API and on the dashboard',
  reportPullAPI: 'see GET /api/v1/alerts',
  reportKafka: 'a webhook or command receiver can pass alerts on',
};

function receiversOf(report: Item, groups: Item | undefined, imported: Imported): readonly Draft[] {
  const file = textIn(report, 'file').replace(/^Report/, 'report');
  const params = itemAt(report, 'params');
  switch (file) {
    case 'reportSlack':
      return hooks(report, groups, imported).map(({ group, url }) => ({
        group,
        receiver: { type: 'slack', webhookUrl: imported.secret(`slack-${group}`, url) },
      }));
    case 'reportHTTP':
      noteLeftOut(params, ['hooks', 'showPaths'], file, imported);
      return hooks(report, groups, imported).map(({ group, url }) => ({
        group,
        receiver: { type: 'webhook', url: imported.secret(`webhook-${group}`, url) },
      }));
    case 'reportEmail':
      return emails(report, params, groups, imported);
    case 'reportTelegram':
      return telegrams(report, params, groups, imported);
    case 'reportSyslog':
      return syslog(report, params, imported);
    default: {
      const instead = REPORTS_INSTEAD[file] ?? 'a webhook or command receiver can take its place';
      imported.remark(report.at, `${file || 'a report'} has no equal here: ${instead}`);
      return [];
    }
  }
}

function noteLeftOut(
  params: Item | undefined,
  known: readonly string[],
  file: string,
  imported: Imported,
): void {
  if (params?.kind !== 'map') return;
  for (const [key, { keyAt }] of params.pairs)
    if (!known.includes(key)) imported.remark(keyAt, `${key} of ${file} has no equal here; left out`);
}

/** The value of each group of users: in the report, or in the file of groups under the name of the report. */
function ofGroups(
  params: Item | undefined,
  key: string,
  file: string,
  groups: Item | undefined,
): readonly (readonly [string, Item])[] {
  const own = itemAt(params, key);
  const shared = itemAt(groups, file);
  const pairs = [own, shared].flatMap((item) => (item?.kind === 'map' ? [...item.pairs] : []));
  return pairs.map(([group, { value }]) => [group, value] as const);
}

function hooks(
  report: Item,
  groups: Item | undefined,
  imported: Imported,
): readonly { group: string; url: string }[] {
  const file = textIn(report, 'file').replace(/^Report/, 'report');
  const found = ofGroups(itemAt(report, 'params'), 'hooks', file, groups).flatMap(([group, item]) => {
    const url = plain(item);
    if (typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url))
      return [{ group: label(group, item.at, imported), url }];
    imported.remark(item.at, `the hook of ${show(group)} is no URL yet; this receiver is left out`);
    return [];
  });
  if (found.length === 0) imported.remark(report.at, `${file} has no hooks that can be used; left out`);
  return found;
}

function emails(
  report: Item,
  params: Item | undefined,
  groups: Item | undefined,
  imported: Imported,
): readonly Draft[] {
  const smtp = itemAt(params, 'smtp');
  const auth = itemAt(smtp, 'auth');
  const from = textIn(params, 'senderEmail');
  const host = textIn(smtp, 'host');
  if (host === '' || from === '') {
    imported.remark(report.at, 'reportEmail without smtp.host or senderEmail; left out');
    return [];
  }
  noteLeftOut(smtp, ['host', 'port', 'secure', 'auth'], 'smtp', imported);
  const [user, password] = [textIn(auth, 'user'), textIn(auth, 'pass')];
  return ofGroups(params, 'notifiedEmails', 'reportEmail', groups).flatMap(([group, item]) => {
    const to = itemsOf(item).flatMap((address) =>
      typeof plain(address) === 'string' ? [`${plain(address)}`] : [],
    );
    if (to.length === 0) return [];
    const port = Number(textIn(smtp, 'port') || Number.NaN);
    const receiver = {
      type: 'email',
      host,
      ...(Number.isInteger(port) && { port }),
      ...(isTrue(itemAt(smtp, 'secure')) && { secure: true }),
      ...(user !== '' && password !== '' && { user, password: imported.secret('smtp-password', password) }),
      from,
      to,
    };
    return [{ group: label(group, item.at, imported), receiver }];
  });
}

function isTrue(item: Item | undefined): boolean {
  return item !== undefined && plain(item) === true;
}

function telegrams(
  report: Item,
  params: Item | undefined,
  groups: Item | undefined,
  imported: Imported,
): readonly Draft[] {
  const [, token] = /\/bot([^/]+)/.exec(textIn(params, 'botUrl')) ?? [];
  if (token === undefined || /^_.*_$/.test(token)) {
    imported.remark(report.at, 'reportTelegram without a botUrl that names a bot; left out');
    return [];
  }
  return ofGroups(params, 'chatIds', 'reportTelegram', groups).flatMap(([group, item]) => {
    const chatId = plain(item);
    if (typeof chatId !== 'string' && typeof chatId !== 'number') return [];
    const receiver = {
      type: 'telegram',
      botToken: imported.secret('telegram-bot', token),
      chatId: `${chatId}`,
    };
    return [{ group: label(group, item.at, imported), receiver }];
  });
}

function syslog(report: Item, params: Item | undefined, imported: Imported): readonly Draft[] {
  const host = textIn(params, 'host');
  const port = Number(textIn(params, 'port') || Number.NaN);
  const protocol = textIn(params, 'transport');
  if (host === '') {
    imported.remark(report.at, 'reportSyslog without host; left out');
    return [];
  }
  noteLeftOut(params, ['host', 'port', 'transport', 'showPaths'], 'reportSyslog', imported);
  const receiver = {
    type: 'syslog',
    host,
    ...(Number.isInteger(port) && { port }),
    ...(['udp', 'tcp', 'tls'].includes(protocol) && { protocol }),
  };
  return [{ group: 'default', receiver }];
}
