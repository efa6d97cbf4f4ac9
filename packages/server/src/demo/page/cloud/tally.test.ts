import { expect, test } from 'vitest';
import { Tally } from './tally.js';

test('what is heard once is neither lost nor doubled', () => {
  const tally = new Tally();
  tally.say('1', 0);
  expect(tally.counts(10)).toEqual({ said: 1, heard: 0, underWay: 1, returned: 0, lost: 0, doubled: 0 });
  tally.hear('1');
  expect(tally.counts(60_000)).toEqual({ said: 1, heard: 1, underWay: 0, returned: 0, lost: 0, doubled: 0 });
});

test('what is heard again is doubled', () => {
  const tally = new Tally();
  tally.say('1', 0);
  tally.hear('1');
  tally.hear('1');
  expect(tally.counts(0)).toMatchObject({ heard: 1, doubled: 1 });
});

test('what is neither heard nor given back is lost after a while, and found when it comes after all', () => {
  const tally = new Tally();
  tally.say('1', 0);
  tally.say('2', 0);
  tally.giveBack('2');
  expect(tally.counts(15_001)).toMatchObject({ underWay: 0, returned: 1, lost: 1 });
  tally.hear('1');
  expect(tally.counts(15_001)).toMatchObject({ heard: 1, lost: 0 });
});
