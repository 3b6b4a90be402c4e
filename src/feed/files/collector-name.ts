/**
 * Which collector an archive file is from, told by its path: RIS and RouteViews lay out their archives and name their
 * files in a few known ways, and so do the tools that fetch them.
 */
import { basename } from 'node:path';

/**
 * `rrc06/2022.02/updates.20220203.0100.gz` → `rrc06`; `route-views.jinx/bgpdata/…/updates.….bz2` → `route-views.jinx`;
 * `bgpdata/2022.02/RIBS/rib.….bz2` → `route-views2`, whose archive has no folder of its own. The last name in the path
 * counts. Else the file's own name, without what tells its form and compression.
 */
export function collectorOfPath(path: string): string {
  const names = [
    ...path
      .toLowerCase()
      .matchAll(/(?<![a-z0-9])(?:rrc\d{2}|route-views(?:\d+|\.[a-z][a-z0-9-]*|))(?![a-z0-9-])/g),
  ];
  const name = names.at(-1)?.[0].replace(/\.(?:updates|ribs?|bview|mrt|gz|bz2)$/, '');
  if (name !== undefined) return name === 'route-views' ? 'route-views2' : name;
  if (/(?:^|\/)bgpdata\//.test(path.toLowerCase())) return 'route-views2';
  const bare = basename(path)
    .replace(/\.(?:gz|bz2|xz|zst|mrt|dump)(?=\.|$)/gi, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 100);
  return bare === '' ? 'mrt' : bare;
}
