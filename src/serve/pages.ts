/**
 * The dashboard's files and the log-in page. The files are read once at the start into a closed list: a request can
 * only name one of them, so there is no path to climb. Pages get a strict content security policy.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { extname, join } from 'node:path';
import { type Encoding, encodingFor, smallest } from './compress.ts';
import { Problem } from './problem.ts';
import type { Reply } from './route.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.txt': 'text/plain; charset=utf-8',
};

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "media-src 'self'; font-src 'self'; manifest-src 'self'; require-trusted-types-for 'script'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const PAGE_HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

export interface Pages {
  /** `index.html`. */
  index(): Reply;
  /** `path` below `assets/`, decoded. */
  asset(path: string, request: IncomingMessage): Promise<Reply>;
}

interface Page {
  readonly bytes: Buffer;
  readonly type: string;
  readonly tag: string;
  /** Made when somebody first asks for it so. */
  readonly encoded: Map<Encoding, Promise<Buffer>>;
}

/** Reads the directory (`index.html` and `assets/`); undefined or empty: every page is a 404. Throws what `fs` throws. */
export function loadPages(directory: string | undefined): Pages {
  const pages = directory === undefined ? new Map<string, Page>() : readPages(directory, '');
  return {
    index() {
      const page = pages.get('index.html');
      if (page === undefined) throw new Problem(404, 'No dashboard is installed.');
      return { status: 200, type: page.type, body: page.bytes, headers: PAGE_HEADERS };
    },
    async asset(path, request) {
      const page = pages.get(`assets/${path}`);
      if (page === undefined) throw new Problem(404, 'There is no such file.');
      const encoding = isText(page) ? encodingFor(request) : undefined;
      const tag = encoding === undefined ? page.tag : page.tag.replace(/"$/, `-${encoding}"`);
      const headers = {
        ...PAGE_HEADERS,
        etag: tag,
        'cache-control': 'no-cache',
        vary: 'Accept-Encoding',
        ...(encoding !== undefined && { 'content-encoding': encoding }),
      };
      if (request.headers['if-none-match'] === tag) return { status: 304, headers };
      const body = encoding === undefined ? page.bytes : await encodedAs(page, encoding);
      return { status: 200, type: page.type, body, headers };
    },
  };
}

function isText({ type, bytes }: Page): boolean {
  return bytes.length >= 1_024 && !/^(?:image\/(?!svg)|font|audio)/.test(type);
}

function encodedAs(page: Page, encoding: Encoding): Promise<Buffer> {
  const made = page.encoded.get(encoding) ?? smallest(page.bytes, encoding);
  page.encoded.set(encoding, made);
  return made;
}

function readPages(directory: string, below: string): Map<string, Page> {
  const pages = new Map<string, Page>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const name = `${below}${entry.name}`;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) for (const [key, page] of readPages(path, `${name}/`)) pages.set(key, page);
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const bytes = readFileSync(path);
    pages.set(name, {
      bytes,
      type,
      encoded: new Map(),
      tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    });
  }
  return pages;
}

const LOGIN_STYLE =
  ':root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:24rem;margin:20vh auto;padding:0 1rem}' +
  'input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.25rem 0}';

/** Behind the `#` stands the incident that a link led to: it goes along, and comes back with the redirection. */
const LOGIN_SCRIPT = "document.forms[0].action='/session'+location.hash";

/**
 * Asks for the token, for a person whose browser has no session: one form that works without its script, both
 * languages.
 * `isFromElsewhere`: by a link on another site, as in Slack. The browser then keeps a strict cookie back; the page
 * asks once again by itself, and then it comes along.
 */
export function logInPage(problem: Problem, isFromElsewhere: boolean): Reply {
  const again = isFromElsewhere ? '<meta http-equiv="refresh" content="0">' : '';
  const isFailure = problem.headers['www-authenticate']?.includes('invalid_token') || problem.status === 429;
  const trouble = isFailure ? `<p role="alert">${problem.message}</p>` : '';
  const [style, script] = [LOGIN_STYLE, LOGIN_SCRIPT].map(policySource);
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${again}
<title>Originwatch</title><style>${LOGIN_STYLE}</style></head>
<body><main><h1>Originwatch</h1>${trouble}
<form method="post" action="/session">
<label for="token">Token of this Originwatch <span lang="ko">· 접근 토큰</span></label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in <span lang="ko">· 로그인</span></button>
</form></main><script>${LOGIN_SCRIPT}</script></body></html>
`;
  const policy = `default-src 'none'; style-src ${style}; script-src ${script}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`;
  const headers = {
    ...PAGE_HEADERS,
    ...problem.headers,
    'content-security-policy': policy,
    // Without a referrer policy of its own the form would say `Origin: null`, as another site's could.
    'referrer-policy': 'same-origin',
  };
  return { status: problem.status, type: TYPES['.html'] ?? '', body, headers };
}

/** Names an inline text to the content security policy, so that this one runs and no other. */
function policySource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
