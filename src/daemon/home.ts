/** Where people find the dashboard: what messages link to. */
import { isLoopback } from '../config/section.ts';

/** What other machines can reach; a link to loopback would lead its reader to a machine of their own. `url` is empty before we listen. */
export function homeOf(publicUrl: string | undefined, url: string): string | undefined {
  if (publicUrl !== undefined || url === '') return publicUrl;
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')) ? undefined : `${url}/`;
}
