/** The section `heartbeat`: an address that is called while all is well, so that somebody else notices when that ends. */
import { type Item, plain } from './item.ts';
import * as rules from './rules.ts';
import { HiddenValue, readSecret } from './secret.ts';
import type { HeartbeatSettings, Secret } from './settings.ts';
import { readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';

const EVERY_SECONDS = 60;
const SCHEMES = ['http:', 'https:'];

const heartbeatShape = shape(() => ({
  url: rules.anything(),
  everySeconds: rules.wholeNumber(1, 86_400),
}));

/** Undefined where there is none, or after a problem was noted. */
export function readHeartbeat(item: Item | undefined, sources: Sources): HeartbeatSettings | undefined {
  if (item === undefined) return undefined;
  const values = readMap(item, heartbeatShape(), sources.problems, { what: 'the section heartbeat' });
  const given = item.kind === 'map' ? item.pairs.get('url')?.value : undefined;
  if (values === undefined) return undefined;
  if (given === undefined) {
    sources.problems.add(
      item.at,
      'heartbeat has no url',
      'name the address that is called while all is well',
    );
    return undefined;
  }
  const url = readAddress(given, sources);
  return url && { url, everySeconds: Number(values.everySeconds ?? EVERY_SECONDS) };
}

/** Written out, or behind a reference: such an address is often its own password. */
function readAddress(item: Item, sources: Sources): Secret | undefined {
  if (item.kind === 'map') {
    const secret = readSecret(item, 'url', sources);
    if (secret === undefined || typeof rules.readUrl(secret.reveal(), SCHEMES) === 'string') return secret;
    sources.problems.add(
      item.at,
      'url: what is behind it is not an http(s) URL',
      'put the whole address there',
    );
    return undefined;
  }
  const read = rules.readUrl(plain(item), SCHEMES);
  if (typeof read === 'string') return new HiddenValue(read);
  sources.problems.add(item.at, `url ${read.found}`, read.remedy);
  return undefined;
}
