import { createHash, randomBytes } from 'node:crypto';
import type { Attributes } from './session.ts';

/** A sequence of keys (XEP-0124 §15.3), used from its end. */
export class KeySequence {
  readonly #keys: string[];

  constructor(length: number, letters: 'abcdef' | 'ABCDEF' = 'abcdef') {
    const write = (hex: string) => (letters === 'ABCDEF' ? hex.toUpperCase() : hex);
    let key = write(sha1(randomBytes(20).toString('hex')));
    this.#keys = [key];
    for (let count = 1; count < length; count += 1) {
      key = write(sha1(key));
      this.#keys.push(key);
    }
  }

  /** K(n), then K(n-1) ... K(1). */
  take(): string {
    const key = this.#keys.pop();
    if (key === undefined) throw new Error('the sequence of keys is used up');
    return key;
  }
}

/** For `Session.decorate`: newkey on the creation request, then the next key on every new one. */
export function withKeys(keys: KeySequence): () => Attributes {
  let isFirst = true;
  return () => {
    const key = keys.take();
    if (!isFirst) return { key };
    isFirst = false;
    return { newkey: key };
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
