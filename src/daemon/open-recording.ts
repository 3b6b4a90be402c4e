/** The recording of a live day (`run --record FILE`): a file that cannot be written ends the recording, not the watch. */
import type { Logger } from 'pino';
import { RecordingWriter } from '../feed/files/recording.ts';
import { Recorder } from './recorder.ts';

export function openRecording(file: string | undefined, nowMs: number, log: Logger): Recorder | undefined {
  if (file === undefined) return undefined;
  const onFailure = (error: Error): void =>
    log.error({ event: 'recording.failed', file, detail: error.message });
  return new Recorder(new RecordingWriter(file, { append: true, atMs: nowMs, onFailure }));
}
