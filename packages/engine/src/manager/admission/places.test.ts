import { describe, expect, it } from 'vitest';
import { Places } from './places.ts';

describe('who has to go for a newcomer', () => {
  it.each<[title: string, held: readonly string[], newcomer: string, displaced: string | undefined]>([
    ['nobody, where all hold the same', ['a', 'b', 'c'], 'd', undefined],
    ['nobody, where his own network would hold as much', ['a', 'a', 'b'], 'b', undefined],
    ['nobody, where his own holds most', ['a', 'a', 'a', 'b'], 'a', undefined],
    ['the oldest of the largest', ['b', 'a', 'a', 'a'], 'c', 'a 1'],
    ['of two that are as large, one', ['a', 'a', 'b', 'b'], 'c', 'a 0'],
    ['by many parts of one network', ['x/1', 'x/2', 'x/3', 'b', 'b'], 'c', 'x/1 0'],
    ['in it, the oldest of its largest part', ['x/1', 'x/2', 'x/2', 'b'], 'c', 'x/2 1'],
    ['in it, for one of its own people, the same', ['x/1', 'x/2', 'x/2', 'x/2', 'b'], 'x/3', 'x/2 1'],
    ['in it, nobody where its parts hold the same', ['x/1', 'x/2', 'x/3', 'b'], 'x/4', undefined],
    ['three levels', ['x/1/1', 'x/1/2', 'x/2/1', 'b'], 'x/2/2', undefined],
    ['three levels, all of them', ['x/1/1', 'x/1/2', 'x/1/2', 'x/1/2', 'x/2/1'], 'x/2/2', 'x/1/2 1'],
  ])('%s', (_title, held, newcomer, displaced) => {
    const places = new Places<string>();
    for (const [index, path] of held.entries()) places.take(`${path} ${index}`, path.split('/'));
    expect(places.held).toBe(held.length);
    expect(places.displacedBy(newcomer.split('/'))).toBe(displaced);
  });
});

it('agrees with counting everything anew, whatever comes and goes', () => {
  const places = new Places<number>();
  const held = new Map<number, readonly string[]>();
  const under = (prefix: readonly string[]): number =>
    [...held.values()].filter((path) => prefix.every((name, level) => path[level] === name)).length;
  const largestBelow = (prefix: readonly string[]): number => {
    const names = new Set(
      [...held.values()].flatMap((path) => (under(prefix) > 0 ? (path[prefix.length] ?? []) : [])),
    );
    return Math.max(0, ...[...names].map((name) => under([...prefix, name])));
  };
  const isToGo = (path: readonly string[]): boolean =>
    path.some((_, level) => {
      const above = path.slice(0, level);
      return largestBelow(above) > under(path.slice(0, level + 1)) + 1;
    });
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let turn = 0; turn < 3000; turn += 1) {
    const path = [`${random(3)}`, `${random(3)}`, `${random(3)}`];
    const displaced = places.displacedBy(path);
    expect(displaced !== undefined).toBe(isToGo(path));
    if (displaced !== undefined) {
      places.leave(displaced);
      held.delete(displaced);
    }
    places.take(turn, path);
    held.set(turn, path);
    const [first] = held.keys();
    if (held.size > 20 && first !== undefined) {
      places.leave(first);
      places.leave(first);
      held.delete(first);
    }
    expect(places.held).toBe(held.size);
  }
  for (const holder of held.keys()) places.leave(holder);
  expect(places.held).toBe(0);
  expect(places.displacedBy(['0', '0', '0'])).toBeUndefined();
});
