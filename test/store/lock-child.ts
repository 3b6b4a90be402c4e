/** A daemon's hold on a state directory, in a process of its own that never lets go: it waits to be killed. */
import { openStore } from '../../src/store/store.ts';
import { incident, openingBatch } from './samples.ts';

const store = openStore(process.argv[2] ?? '', { lock: true });
store.commit(openingBatch(1, incident('a')));
process.stdout.write('held\n');
setInterval(() => store.archive.lastSeq(), 1_000);
