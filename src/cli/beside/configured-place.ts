/**
 * Where the daemon of a configuration is: its state directory and its address, and nothing else. For commands beside a
 * daemon, which have to work while the watchlist is broken or a secret is out of reach.
 */
import { readFileSync } from 'node:fs';
import { plain } from '../../config/item.ts';
import { ConfigError, Problems } from '../../config/problems.ts';
import * as rules from '../../config/rules.ts';
import { type ListenAddress, parseListen } from '../../config/section.ts';
import { DEFAULT_LISTEN } from '../../config/serve.ts';
import { readMap, shape } from '../../config/shape.ts';
import { type Environment, Sources } from '../../config/sources.ts';

export interface ConfiguredPlace {
  /** Absolute; undefined: not configured. */
  readonly stateDirectory: string | undefined;
  readonly listen: ListenAddress;
}

const placeShape = shape(() => ({ stateDirectory: rules.lineText(4_096) }));

/** Throws `ConfigError` when the file can't be read, is no YAML, or says nonsense of its state directory. */
export function configuredPlace(configPath: string, env: Environment): ConfiguredPlace {
  const problems = new Problems();
  const sources = new Sources(problems, env, readFileSync);
  const root = sources.yaml(sources.named(configPath), undefined);
  const values = root && readMap(root, placeShape(), problems, { what: 'the configuration', isOpen: true });
  const found = problems.sorted();
  if (found.length > 0) throw new ConfigError(found, sources.files);
  const serve = root?.kind === 'map' ? root.pairs.get('serve')?.value : undefined;
  const listen = serve?.kind === 'map' ? serve.pairs.get('listen')?.value : undefined;
  const written = listen === undefined ? undefined : plain(listen);
  const directory = values?.stateDirectory;
  return {
    stateDirectory:
      typeof directory === 'string' ? sources.beside(configPath, directory).absolute : undefined,
    listen: (typeof written === 'string' ? parseListen(written) : undefined) ?? DEFAULT_LISTEN,
  };
}
