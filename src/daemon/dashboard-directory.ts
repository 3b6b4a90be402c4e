/** Where the built dashboard is; nothing where it was not built (a checkout run by tsx). */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isLoopback } from '../config/section.ts';

export function dashboardDirectory(): { readonly dashboardDirectory?: string } {
  const directory = fileURLToPath(new URL('../dashboard/public', import.meta.url));
  return existsSync(`${directory}/index.html`) ? { dashboardDirectory: directory } : {};
}

/** What other machines can reach; a link to loopback would lead its reader to a machine of their own. `url` is empty before we listen. */
export function homeOf(publicUrl: string | undefined, url: string): string | undefined {
  if (publicUrl !== undefined || url === '') return publicUrl;
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')) ? undefined : `${url}/`;
}
