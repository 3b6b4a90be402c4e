/**
 * Builds the dashboard: `app/` (browser code, and its worker) bundled by esbuild into `public/index.html` and `public/assets/`, which
 * `pages.ts` serves. A script of `npm run build`, run after tsc; tests call the function with a directory of their own.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** `appDirectory` holds `main.tsx`, `app.css`, `index.html`; `publicDirectory` is made anew. */
export async function buildDashboard(appDirectory: string, publicDirectory: string): Promise<void> {
  const assets = join(publicDirectory, 'assets');
  rmSync(publicDirectory, { recursive: true, force: true });
  mkdirSync(assets, { recursive: true });
  await build({
    entryPoints: {
      app: join(appDirectory, 'main.tsx'),
      style: join(appDirectory, 'app.css'),
      'stream-worker': join(appDirectory, 'stream', 'stream-worker.ts'),
    },
    outdir: assets,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    charset: 'utf8',
    logLevel: 'warning',
    tsconfigRaw: {},
  });
  copyFileSync(join(appDirectory, 'index.html'), join(publicDirectory, 'index.html'));
  for (const name of ['app.webmanifest', 'icon.svg'])
    copyFileSync(join(appDirectory, name), join(assets, name));
}

// Run as a script from `dist/`, the sources lie beside it in `src/`.
const self = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && resolve(process.argv[1]) === self) {
  const here = resolve(self, '..');
  const sources = resolve(here, '../../src/dashboard/app');
  await buildDashboard(sources, join(here, 'public'));
}
