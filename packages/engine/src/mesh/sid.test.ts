import { expect, test } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii } from '../kit/index.ts';
import { Sids } from './sid.ts';

const OWN = 'a'.repeat(16);
const KEY = ascii('k'.repeat(32));
const OTHER_KEY = ascii('o'.repeat(32));

test('a sid names its owner, and no two are the same', () => {
  const sids = new Sids(OWN, [KEY], toolbox);
  const sid = sids.make();
  expect(sid).toMatch(/^a{16}[0-9a-f]{64}$/);
  expect(sids.ownerOf(sid)).toBe(OWN);
  expect(sids.make()).not.toBe(sid);
});

test.each<[string, (sid: string) => string]>([
  ['another owner', (sid) => `b${sid.slice(1)}`],
  ['other random bits', (sid) => sid.slice(0, 30) + (sid[30] === '0' ? '1' : '0') + sid.slice(31)],
  ['another code', (sid) => sid.slice(0, -1) + (sid.endsWith('0') ? '1' : '0')],
  ['a shorter code', (sid) => sid.slice(0, -1)],
  ['a longer one', (sid) => `${sid}0`],
  ['none at all', () => ''],
  ['one of a process that stands alone', () => 'c'.repeat(40)],
])('a forged sid has no owner: %s', (_what, forge) => {
  const sids = new Sids(OWN, [KEY], toolbox);
  expect(sids.ownerOf(forge(sids.make()))).toBeUndefined();
});

test('keys can be changed one member after the other', () => {
  const before = new Sids(OWN, [KEY], toolbox);
  const during = new Sids(OWN, [OTHER_KEY, KEY], toolbox);
  const afterwards = new Sids(OWN, [OTHER_KEY], toolbox);
  expect(during.ownerOf(before.make())).toBe(OWN);
  expect(afterwards.ownerOf(during.make())).toBe(OWN);
  expect(afterwards.ownerOf(before.make())).toBeUndefined();
});
