import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkList } from './index.ts';

describe('WorkList', () => {
  it('gives what an array gives that is shifted', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (steps) => {
        const list = new WorkList<number>();
        const plain: number[] = [];
        for (const step of steps) {
          if (step === null) expect(list.take()).toBe(plain.shift());
          else {
            list.push(step);
            plain.push(step);
          }
        }
        while (plain.length > 0) expect(list.take()).toBe(plain.shift());
        expect(list.take()).toBeUndefined();
      }),
    );
  });
});
