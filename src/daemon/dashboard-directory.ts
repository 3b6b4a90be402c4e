/** Where the built dashboard is; nothing where it was not built (a checkout run by tsx). */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function dashboardDirectory(): { readonly dashboardDirectory?: string } {
  const directory = fileURLToPath(new URL('../dashboard/public', import.meta.url));
  return existsSync(`${directory}/index.html`) ? { dashboardDirectory: directory } : {};
}
