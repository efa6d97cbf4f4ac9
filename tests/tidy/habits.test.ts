import { describe, expect, test } from 'vitest';
import {
  allSources,
  at,
  filesEnding,
  isTest,
  type Node,
  parse,
  type Source,
  type TextFile,
  walk,
} from './source.ts';

/** In comments: checks switched off, and work left undone. */
const SUPPRESSION =
  /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable|v8 ignore|istanbul ignore/;
const UNDONE = /\b(?:TODO|FIXME|XXX|HACK)\b/;
const TEST_NAMES = new Set(['test', 'it', 'describe', 'suite', 'bench']);
const NOT_RUN = new Set(['only', 'skip', 'skipIf', 'runIf', 'todo', 'fails']);
/** Homes and work places: what only one machine has. */
const MACHINE_PATH = /(?<![\w.$}~-])\/(?:work|home|root|Users)\/[\w.-]+/;

function rootName(node: Node | undefined): unknown {
  let inner: unknown = node;
  while (typeof inner === 'object' && inner !== null) {
    if (Reflect.get(inner, 'type') === 'Identifier') return Reflect.get(inner, 'name');
    inner = Reflect.get(inner, 'object') ?? Reflect.get(inner, 'callee') ?? Reflect.get(inner, 'tag');
  }
  return undefined;
}

function habitFaults(source: Source): readonly string[] {
  const found: string[] = [];
  for (const comment of source.comments) {
    const word = SUPPRESSION.exec(comment.value)?.[0] ?? UNDONE.exec(comment.value)?.[0];
    if (word !== undefined) found.push(at(source, comment, word));
  }
  walk(source.program, (node) => {
    if (node.type === 'TSAnyKeyword') found.push(at(source, node, 'any'));
    if (node.type === 'TSNonNullExpression') found.push(at(source, node, 'a non-null assertion'));
    if (node.type !== 'MemberExpression') return;
    const property: unknown = Reflect.get(node, 'property');
    const name: unknown = Reflect.get(Object(property), 'name');
    if (typeof name !== 'string' || !NOT_RUN.has(name)) return;
    const root = rootName(node);
    if (typeof root === 'string' && TEST_NAMES.has(root)) found.push(at(source, node, `${root}.${name}`));
  });
  return found;
}

function machinePaths(file: TextFile): readonly string[] {
  return file.text.split('\n').flatMap((line, index) => {
    const path = MACHINE_PATH.exec(line)?.[0];
    return path === undefined ? [] : [`${file.path}:${index + 1}: ${path}`];
  });
}

test('nothing is suppressed, undone, untyped or left out of a run', () => {
  expect(allSources().flatMap(habitFaults)).toEqual([]);
});

test('no file names a place of one machine', () => {
  const files = filesEnding(
    '.ts',
    '.js',
    '.mjs',
    '.json',
    '.md',
    '.sh',
    '.yaml',
    '.yml',
    '.html',
    '.css',
    '.txt',
    'run',
  );
  const ours = files.filter(
    ({ path }) => path !== 'package-lock.json' && path !== 'tests/tidy/habits.test.ts',
  );
  expect(ours.flatMap(machinePaths)).toEqual([]);
});

test('every test file has a test', () => {
  const empty = allSources().filter(
    (source) => isTest(source) && !/\b(?:test|it)(?:\.\w+)*\s*[(`<]/.test(source.text),
  );
  expect(empty.map(({ path }) => path)).toEqual([]);
});

describe('the check itself', () => {
  test.each([
    ['// @ts-ignore: because', '@ts-ignore'],
    ['/* biome-ignore lint: because */', 'biome-ignore'],
    ['// TODO: later', 'TODO'],
    ['let a: any;', 'any'],
    ['const a = b!;', 'non-null'],
    ["test.skip('a', () => {});", 'test.skip'],
    ["describe.only('a', () => {});", 'describe.only'],
    ["it.skipIf(true)('a', () => {});", 'it.skipIf'],
    ["test.each([1]).skip('a', () => {});", 'test.skip'],
  ])('%s', (text, expected) => {
    expect(habitFaults(parse({ path: 'a.ts', text }))).toEqual([expect.stringContaining(`a.ts:1: `)]);
    expect(habitFaults(parse({ path: 'a.ts', text })).join()).toContain(expected);
  });

  test.each(["const a = 'TODO any';", 'stream.skip(5);', 'bytes.only();', 'const anything = 1;'])(
    '%s is allowed',
    (text) => {
      expect(habitFaults(parse({ path: 'a.ts', text }))).toEqual([]);
    },
  );

  test.each([
    ['see /home/ada/boshd', ['a.md:1: /home/ada']],
    ['/Users/ada', ['a.md:1: /Users/ada']],
    ['https://example.org/home/page and ./work/x and ~/home/x', []],
    ['/var/lib/boshd and /etc/boshd.yaml', []],
  ])('%s', (text, expected) => {
    expect(machinePaths({ path: 'a.md', text })).toEqual(expected);
  });
});
