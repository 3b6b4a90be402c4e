/** What we call ourselves to RIS Live: the program, its version and this host, so that the operators of the feed can reach us. */
import { hostname } from 'node:os';
import { VERSION } from './version.ts';

export function clientId(): string {
  return `originwatch-${VERSION}-${hostname().replace(/[^A-Za-z0-9.-]/g, '-')}`;
}
