/**
 * Where the built dashboard lies: `public/` beside this file in `dist/`. For the composition root, which hands it to
 * `createServer` as `dashboardDirectory`.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The directory with `index.html` and `assets/`; undefined where nothing was built, as when run from the sources. */
export function builtDashboard(): string | undefined {
  const directory = fileURLToPath(new URL('./public', import.meta.url));
  return existsSync(`${directory}/index.html`) ? directory : undefined;
}
