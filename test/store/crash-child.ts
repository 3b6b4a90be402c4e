/** Plays the story against a file and kills itself, as `kill -9` does, before a given statement. */
import { openStore } from '../../src/store/store.ts';
import { playStory } from './crash-story.ts';

const [, , path = '', statement = ''] = process.argv;
let count = -Infinity;
const store = openStore(path, {
  lock: true,
  trace: () => {
    count += 1;
    if (count === Number(statement)) process.kill(process.pid, 'SIGKILL');
  },
});
count = 0;
playStory(store, 0);
