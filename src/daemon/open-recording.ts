/** The recording of a live day (`run --record FILE`): a file that cannot be written ends the recording, not the watch. */
import type { Logger } from 'pino';
import { RecordingWriter } from '../feed/files/recording.ts';

export function openRecording(
  file: string | undefined,
  nowMs: number,
  log: Logger,
): RecordingWriter | undefined {
  if (file === undefined) return undefined;
  return new RecordingWriter(file, {
    append: true,
    atMs: nowMs,
    onFailure: (error) => log.error({ event: 'recording.failed', file, detail: error.message }),
  });
}
