import { ascii, assert } from '../kit/index.ts';
import type { ClientToolbox } from './work.ts';

const SEED_BYTES = 20;

/** K(1) to K(n) of a new sequence: each is the SHA-1 of the one before, the first of a random seed (XEP-0124 §15.3). */
function makeKeys(count: number, toolbox: ClientToolbox): string[] {
  assert(count >= 2, 'a key sequence has a first key to tell and one to use');
  let seed = '';
  for (const byte of toolbox.randomBytes(SEED_BYTES)) seed += byte.toString(16).padStart(2, '0');
  const { sha1Hex } = toolbox;
  assert(sha1Hex !== undefined, 'keys are used only with the tool for them');
  const keys: string[] = [];
  for (let key = seed; keys.length < count; ) {
    key = sha1Hex(ascii(key));
    keys.push(key);
  }
  return keys;
}

/** What a request says of keys. */
interface KeyAttributes {
  readonly key: string | undefined;
  readonly newkey: string | undefined;
}

/** The key of the next request; with the last one of a sequence the first of a new one (XEP-0124 §15.4, §15.5). */
export function nextKey(keys: string[], sequenceLength: number, toolbox: ClientToolbox): KeyAttributes {
  const key = keys.pop();
  if (keys.length > 0 || sequenceLength === 0) return { key, newkey: undefined };
  keys.push(...makeKeys(sequenceLength, toolbox));
  return { key, newkey: keys.pop() };
}
