/**
 * Keys for people who don't leave the keyboard. Rows and targets are marked in the page by `data-row`, `data-filter`
 * and `data-acknowledge`; where somebody types, no key is taken. Enter is the browser's own, on the focused link.
 */
import { PAGES, pageLink } from './location.ts';
import type { App } from './state.ts';

export function listenToKeys(app: App): void {
  addEventListener('keydown', (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey || press.defaultPrevented) return;
    if (isTyping(press.target)) {
      if (press.key === 'Escape' && press.target instanceof HTMLElement) press.target.blur();
      return;
    }
    if (document.querySelector('dialog[open]') !== null) return;
    if (act(app, press.key)) press.preventDefault();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function act(app: App, key: string): boolean {
  const page = PAGES[Number(key) - 1];
  if (page !== undefined) location.hash = pageLink(page);
  else if (key === 'j' || key === 'k') step(key === 'j' ? 1 : -1);
  else if (key === '?') app.update({ isHelpOpen: true });
  else if (key === '/') document.querySelector<HTMLElement>('[data-filter]')?.focus();
  else if (key === 'w') location.hash = '#/wall';
  else if (key === 'n') document.querySelector<HTMLElement>('[data-note]')?.click();
  else if (key === 'x') toggleRow();
  else if (key === 'a') document.querySelector<HTMLElement>('[data-acknowledge]')?.click();
  else if (key === 'Escape' && ['incident', 'wall'].includes(app.state.place.page))
    location.hash = pageLink('open');
  else return false;
  return true;
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row.matches(':focus'));
  const next = at < 0 ? rows[0] : rows[at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Selects the row in hand, for what is done to many. */
function toggleRow(): void {
  const row = document.activeElement?.closest('.row');
  row?.querySelector<HTMLInputElement>('.row-select input')?.click();
}
