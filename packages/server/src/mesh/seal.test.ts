import { ascii } from '@boshd/engine/kit';
import { describe, expect, test } from 'vitest';
import { type Destination, SEAL_BYTES, Seal } from './seal.ts';

const ALICE = 'a'.repeat(16);
const BOB = 'b'.repeat(16);
const KEY = ascii('k'.repeat(32));
const OTHER_KEY = ascii('o'.repeat(32));
const FRAMES = '\0\0\0\x02\xff!';

function opened(seal: Seal, to: Destination, parcel: Buffer) {
  const { from, frames } = seal.open(to, parcel) ?? {};
  return from === undefined ? undefined : [from, frames?.toString('latin1')];
}

describe('a sealed parcel', () => {
  test.each<[string, Destination]>([
    ['one member', BOB],
    ['all members', 'all'],
  ])('is opened by %s', (_who, to) => {
    const parcel = new Seal(ALICE, [KEY]).close(to, FRAMES);
    expect(opened(new Seal(BOB, [KEY]), to, parcel)).toEqual([ALICE, FRAMES]);
  });

  test('is opened by who has its key among others: keys change one member after the other', () => {
    const parcel = new Seal(ALICE, [OTHER_KEY, KEY]).close(BOB, FRAMES);
    expect(opened(new Seal(BOB, [KEY, OTHER_KEY]), BOB, parcel)).toEqual([ALICE, FRAMES]);
  });

  test('is refused without the key', () => {
    const parcel = new Seal(ALICE, [OTHER_KEY]).close(BOB, FRAMES);
    expect(opened(new Seal(BOB, [KEY]), BOB, parcel)).toBeUndefined();
  });

  test('is refused at another destination', () => {
    const parcel = new Seal(ALICE, [KEY]).close('all', FRAMES);
    expect(opened(new Seal(BOB, [KEY]), BOB, parcel)).toBeUndefined();
  });

  test('is refused when any byte of it was changed, or when it is cut', () => {
    const parcel = new Seal(ALICE, [KEY]).close(BOB, FRAMES);
    for (let at = 0; at < parcel.length; at += 1) {
      const changed = Buffer.from(parcel);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(opened(new Seal(BOB, [KEY]), BOB, changed)).toBeUndefined();
      expect(opened(new Seal(BOB, [KEY]), BOB, parcel.subarray(0, at))).toBeUndefined();
    }
  });

  test('is refused the second time, and when a later one was there before', () => {
    const [alice, bob] = [new Seal(ALICE, [KEY]), new Seal(BOB, [KEY])];
    const parcels = [alice.close(BOB, FRAMES), alice.close(BOB, FRAMES), alice.close('all', FRAMES)] as const;
    expect(opened(bob, BOB, parcels[1])).toBeDefined();
    expect(opened(bob, BOB, parcels[1])).toBeUndefined();
    expect(opened(bob, BOB, parcels[0])).toBeUndefined();
    expect(opened(bob, 'all', parcels[2])).toBeDefined();
  });

  test('costs so many bytes', () => {
    expect(new Seal(ALICE, [KEY]).close(BOB, FRAMES).length).toBe(FRAMES.length + SEAL_BYTES);
  });
});
