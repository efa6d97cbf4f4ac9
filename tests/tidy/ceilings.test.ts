import { describe, expect, test } from 'vitest';
import { allSources, isTest, lineAt, type Node, parse, type Source, walk } from './source.ts';

const FILE_LINES = 400;
const TEST_FILE_LINES = 500;
const FUNCTION_LINES = 50;

/**
 * What is above a ceiling, with its size and reason. Sizes may only fall: a smaller one must be written down here, and
 * one that fits must be struck out.
 */
const ABOVE: Readonly<Record<string, { readonly size: number; readonly reason: string }>> = {};

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

interface Measured {
  /** How `ABOVE` calls it: a path, for a function with its name after it. */
  readonly name: string;
  /** Where it begins, for who has to look. */
  readonly line?: number;
  readonly size: number;
  readonly ceiling: number;
}

/** Lines of a text; the end of the last one starts no new one. */
const linesOf = (text: string): number => lineAt(text.trimEnd(), Number.POSITIVE_INFINITY);

function measureFile(source: Source): Measured {
  return {
    name: source.path,
    size: linesOf(source.text),
    ceiling: isTest(source) ? TEST_FILE_LINES : FILE_LINES,
  };
}

/** What a function is called: by itself, or by the constant, method or property that it is. */
function functionName(node: Node, parent: Node): string {
  const holder: unknown = Reflect.get(node, 'id') ?? Reflect.get(parent, 'id') ?? Reflect.get(parent, 'key');
  return String(Reflect.get(Object(holder), 'name') ?? 'without a name');
}

/** Functions. Those of tests are blocks of tests, so their files have a ceiling only. */
function measureFunctions(source: Source): readonly Measured[] {
  if (isTest(source)) return [];
  const found: Measured[] = [];
  walk(source.program, (node, parent) => {
    if (!FUNCTIONS.has(node.type)) return;
    const line = lineAt(source.text, node.start);
    const size = lineAt(source.text, node.end) - line + 1;
    found.push({ name: `${source.path} ${functionName(node, parent)}`, line, size, ceiling: FUNCTION_LINES });
  });
  return found;
}

function faults(measured: readonly Measured[], above: typeof ABOVE): readonly string[] {
  return measured.flatMap(({ name, line, size, ceiling }) => {
    const known = above[name];
    const where = line === undefined ? '' : ` (line ${line})`;
    if (known === undefined)
      return size > ceiling ? [`${name}${where} has ${size}, more than ${ceiling}`] : [];
    if (size > known.size) return [`${name} has grown to ${size} from ${known.size}`];
    if (size <= ceiling) return [`${name} fits now: strike it from the list`];
    return size < known.size ? [`${name} has fallen to ${size}: write that down`] : [];
  });
}

describe('ceilings', () => {
  test('of lines a file', () => {
    expect(faults(allSources().map(measureFile), ABOVE)).toEqual([]);
  });

  test('of lines a function', () => {
    expect(faults(allSources().flatMap(measureFunctions), ABOVE)).toEqual([]);
  });
});

describe('the check itself', () => {
  const long = `function f() {\n${'  g();\n'.repeat(49)}}\n`;

  test('measures files and functions', () => {
    const source = parse({ path: 'packages/a/src/b.ts', text: long });
    expect(measureFile(source)).toMatchObject({ size: 51, ceiling: FILE_LINES });
    expect(measureFunctions(source)).toEqual([
      { name: 'packages/a/src/b.ts f', line: 1, size: 51, ceiling: FUNCTION_LINES },
    ]);
  });

  test.each<[number, number | undefined, string[]]>([
    [10, undefined, []],
    [11, undefined, ['x has 11, more than 10']],
    [15, 15, []],
    [16, 15, ['x has grown to 16 from 15']],
    [14, 15, ['x has fallen to 14: write that down']],
    [10, 15, ['x fits now: strike it from the list']],
  ])('%i where %s is known', (size, known, expected) => {
    const above = known === undefined ? {} : { x: { size: known, reason: 'a sample' } };
    expect(faults([{ name: 'x', size, ceiling: 10 }], above)).toEqual(expected);
  });
});
