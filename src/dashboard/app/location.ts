/** Pages and their addresses behind the `#`, so that a link in an alert leads right to the incident. Pure. */
export const PAGES = ['open', 'resolved', 'watchlist', 'bgp', 'feeds', 'silences'] as const;
export type PageName = (typeof PAGES)[number];

export type Place =
  | { readonly page: PageName; readonly query: URLSearchParams }
  | { readonly page: 'incident'; readonly id: string }
  | { readonly page: 'wall' };

const PATHS: Readonly<Record<PageName, string>> = {
  open: '#/',
  resolved: '#/resolved',
  watchlist: '#/watchlist',
  bgp: '#/bgp',
  feeds: '#/feeds',
  silences: '#/silences',
};

/** Anything unknown is the first page. */
export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.split('?', 2);
  const incident = /^#\/incidents\/([^/]+)$/.exec(path);
  if (incident !== null) return { page: 'incident', id: decoded(incident[1] ?? '') };
  if (path === '#/wall') return { page: 'wall' };
  const page = PAGES.find((name) => PATHS[name] === path) ?? 'open';
  return { page, query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function pageLink(page: PageName, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? PATHS[page] : `${PATHS[page]}?${text}`;
}

export function incidentLink(id: string): string {
  return `#/incidents/${encodeURIComponent(id)}`;
}
