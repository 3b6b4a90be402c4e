/** The list of keys. */
import type { JSX } from 'preact';
import { useTools } from './context.ts';
import { Dialog } from './dialog.tsx';

export function HelpDialog(): JSX.Element {
  const { app, t } = useTools();
  const close = (): void => app.update({ isHelpOpen: false });
  const rows: readonly (readonly [string, string])[] = [
    ['j', t.keys.next],
    ['k', t.keys.previous],
    ['Enter', t.keys.open],
    ['Esc', t.keys.back],
    ['/', t.keys.filter],
    ['a', t.keys.acknowledge],
    ['n', t.keys.note],
    ['x', t.keys.select],
    ['w', t.keys.wall],
    ['1–6', t.keys.page],
    ['?', t.keys.help],
  ];
  return (
    <Dialog title={t.help} onClose={close}>
      <dl class="keys">
        {rows.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-foot">
        <button type="button" onClick={close}>
          {t.close}
        </button>
      </div>
    </Dialog>
  );
}
