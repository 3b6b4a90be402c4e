/** `originwatch countermeasures INCIDENT`: what to do against it, asked of the running daemon, who knows the ROAs. */
import type { CountermeasureSheet } from '../../incident/answer/sheet.ts';
import { apiClientOf } from '../api-client.ts';
import type { CommonOptions } from '../arguments.ts';
import { sheetLines } from '../countermeasure-text.ts';
import { incidentId } from '../incident-id.ts';
import { Output } from '../output.ts';
import type { Streams } from '../usage.ts';

export async function runCountermeasures(id: string, options: CommonOptions, io: Streams): Promise<number> {
  const client = await apiClientOf(options);
  const whole = await incidentId(client, id);
  const sheet = await client.get<CountermeasureSheet>(`/api/v1/incidents/${whole}/countermeasures`);
  const output = new Output(io.stdout);
  if (options.json === true) output.line(JSON.stringify(sheet));
  else for (const line of sheetLines(sheet)) output.line(line);
  await output.flush();
  return 0;
}
