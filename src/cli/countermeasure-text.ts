/** The sheet of countermeasures for people on a terminal: what to do first stands first, lines to paste stand alone. */
import { formatAsn } from '../bgp/asn.ts';
import type { Callee } from '../incident/answer/callees.ts';
import { ROUTERS } from '../incident/answer/router-lines.ts';
import type { CountermeasureSheet } from '../incident/answer/sheet.ts';
import type { Words } from '../judge/vocabulary.ts';
import { printable } from '../words/printable.ts';
import { languageOf, tableLines } from './table.ts';

const ROUTER_NAMES = { frr: 'FRR', bird: 'BIRD 2', junos: 'Junos', ios: 'IOS' } as const;

export function sheetLines(sheet: CountermeasureSheet): string[] {
  const said = (words: Words): string => printable(words[languageOf(process.env)]);
  return [
    said(sheet.incident.summary),
    ...part('ROAs to change', roaTable(sheet, said)),
    ...part('To announce', announceTable(sheet)),
    ...sheet.limits.map((words) => `! ${said(words)}`),
    ...routerParts(sheet),
    ...part(
      'Whom to call',
      sheet.contacts.flatMap((callee) => calleeLines(callee, said)),
    ),
    ...mailParts(sheet),
    ...part('Until it is over', sheet.watch.map(said)),
  ];
}

function part(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `== ${title}`, ...lines];
}

function announceTable({ announce, announceTotal }: CountermeasureSheet): string[] {
  if (announce.length === 0) return [];
  const table = tableLines(
    ['PREFIX', 'ORIGIN', 'AGAINST', 'ROA', ''],
    announce.map(({ prefix, origin, against, rpki, competes }) => [
      prefix,
      formatAsn(origin),
      against,
      rpki,
      competes ? 'same length: takes back a part' : '',
    ]),
  );
  return announceTotal > announce.length ? [...table, `and ${announceTotal - announce.length} more`] : table;
}

function roaTable({ roaChanges }: CountermeasureSheet, said: (words: Words) => string): string[] {
  if (roaChanges.length === 0) return [];
  return tableLines(
    ['ROA', 'ORIGIN', 'WHEN', 'WHY'],
    roaChanges.map(({ prefix, origin, maxLength, first, why }) => [
      `${prefix}-${maxLength}`,
      formatAsn(origin),
      first ? 'first' : 'any time',
      said(why),
    ]),
  );
}

function routerParts({ routers }: CountermeasureSheet): string[] {
  return ROUTERS.flatMap((router) => {
    const { announce, withdraw } = routers[router];
    if (announce === '') return [];
    return [
      ...part(`${ROUTER_NAMES[router]}: announce`, announce.split('\n')),
      ...part(`${ROUTER_NAMES[router]}: withdraw again`, withdraw.split('\n')),
    ];
  });
}

function calleeLines({ asn, name, why, contacts }: Callee, said: (words: Words) => string): string[] {
  const who = name === '' ? formatAsn(asn) : `${formatAsn(asn)} (${printable(name)})`;
  if (contacts.length === 0)
    return [`${who}: ${said(why)}`, '  no contact is known here; see knowledge.contacts'];
  return [
    `${who}: ${said(why)}`,
    ...tableLines(
      ['  NAME', 'ROLE', 'MAIL', 'PHONE', 'FROM'],
      contacts.map((one) => [
        `  ${one.name}`,
        one.role,
        one.mail,
        one.phone,
        [one.source, one.date].filter((word) => word !== '').join(', '),
      ]),
    ),
  ];
}

function mailParts({ mail }: CountermeasureSheet): string[] {
  if (mail === null) return [];
  const head = (key: 'en' | 'ko'): string[] => [
    `To: ${mail.to.join(', ')}`,
    ...(mail.cc.length === 0 ? [] : [`Cc: ${mail.cc.join(', ')}`]),
    `Subject: ${mail.subject[key]}`,
    '',
    ...mail.body[key].split('\n'),
  ];
  return [
    ...part('Mail, English', head('en').map(printable)),
    ...part('Mail, Korean', head('ko').map(printable)),
  ];
}
