import { describe, expect, test } from 'vitest';
import { allSources, at, isTest, type Node, parse, type Source, walk } from './source.ts';

/** What would make the same inputs give other outputs, or do something: the engine gets all that as arguments. */
const IMPURE = new Set([
  'Buffer',
  'Date',
  'Intl',
  'Promise',
  'TextDecoder',
  'TextEncoder',
  'WeakRef',
  'console',
  'crypto',
  'eval',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

const nameOf = (node: Node): unknown => Reflect.get(node, 'name');

function isNameOnly(parent: Node, as: string): boolean {
  if (as === 'property' && parent.type === 'MemberExpression')
    return Reflect.get(parent, 'computed') === false;
  return (
    as === 'key' && Reflect.get(parent, 'computed') === false && Reflect.get(parent, 'shorthand') !== true
  );
}

/** Names that the source gives to something of its own. */
function ownNames(source: Source): ReadonlySet<unknown> {
  const names = new Set<unknown>();
  walk(source.program, (node, _parent, as) => {
    if (node.type === 'Identifier' && ['id', 'local', 'params'].includes(as)) names.add(nameOf(node));
  });
  return names;
}

function impurities(source: Source): readonly string[] {
  const found: string[] = [];
  const own = ownNames(source);
  walk(source.program, (node, parent, as) => {
    const name = nameOf(node);
    if (node.type === 'AwaitExpression' || Reflect.get(node, 'async') === true) {
      found.push(at(source, node, 'the engine never waits'));
    }
    if (node.type !== 'Identifier' || typeof name !== 'string') return;
    if (IMPURE.has(name) && !own.has(name) && !isNameOnly(parent, as)) found.push(at(source, node, name));
    const isRandom = name === 'random' && parent.type === 'MemberExpression' && as === 'property';
    const holder: unknown = Reflect.get(parent, 'object');
    if (isRandom && nameOf(holder as Node) === 'Math') found.push(at(source, node, 'Math.random'));
  });
  return found;
}

test('the engine has no clock, randomness, timers or output of its own', () => {
  const engine = allSources().filter(
    (source) => source.path.startsWith('packages/engine/src/') && !isTest(source),
  );
  expect(engine.length).toBeGreaterThan(20);
  expect(engine.flatMap(impurities)).toEqual([]);
});

describe('the check itself', () => {
  const path = 'packages/engine/src/kit/a.ts';
  test.each([
    ['const a = Date.now();', 'Date'],
    ['const a = new Date();', 'Date'],
    ['const a = Math.random();', 'Math.random'],
    ['setTimeout(() => 1, 5);', 'setTimeout'],
    ['console.log(1);', 'console'],
    ['const a = { performance };', 'performance'],
    ['async function f() {}', 'never waits'],
    ['let a: Promise<void>;', 'Promise'],
  ])('%s', (text, expected) => {
    expect(impurities(parse({ path, text })).join()).toContain(`${path}:1: `);
    expect(impurities(parse({ path, text })).join()).toContain(expected);
  });

  test.each([
    'function process() {} process();',
    'toolbox.crypto.process()',
    'const a = { Date: 1 };',
    'interface A { performance: number }',
  ])('%s is allowed', (text) => {
    expect(impurities(parse({ path, text }))).toEqual([]);
  });
});
