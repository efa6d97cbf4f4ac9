import { describe, expect, test } from 'vitest';
import { crumbs, deadExports } from './house/exports.ts';
import { filesInCircles, mutualFolders } from './house/folders.ts';
import { secondMeanings, wordsOf } from './house/glossary.ts';
import { graphOf, graphOfTexts } from './house/graph.ts';
import { helpersFirst } from './house/order.ts';
import { deadClauses, deadReferences } from './house/references.ts';
import { assignedFields, foreignWriters } from './house/state.ts';
import { doubleTypes } from './house/types.ts';
import { AT_MOST, MUST_BE_WRITTEN_DOWN, type Ratchet } from './ratchets.ts';
import { allSources, filesEnding } from './source.ts';

interface Rule {
  readonly says: string;
  /** Why it exists. */
  readonly why: string;
  /** What to do instead of what it finds. */
  readonly instead: string;
  readonly find: () => readonly string[];
}

const graph = graphOf(allSources());
const files = filesEnding('');
const there = new Set(files.map(({ path }) => path));
/** History may name what is gone, and these tests name what never was. */
const ofToday = filesEnding('.ts', '.js', '.mjs', '.md', '.sh').filter(
  ({ path }) => path !== 'CHANGELOG.md' && !path.startsWith('tests/tidy/'),
);
const glossary = wordsOf(files.find(({ path }) => path === 'docs/glossary.md')?.text ?? '');
const fieldNames = (type: string) => assignedFields(graph, type).map(({ name }) => name);

const FOLDERS = {
  says: 'two folders do not import each other',
  why: 'One of the two can then be read, tested and changed without the other.',
  instead:
    'Move what both need into a folder below, or the file that looks up into the folder it looks at; an index does not help.',
};
const CIRCLES = {
  says: 'files form no circle, but for types',
  why: 'In a circle nothing can be understood first, and the order in which modules are loaded begins to matter.',
  instead:
    'Give the lower file what it needs as an argument, or move the shared part into a file of its own.',
};
const DOUBLES = {
  says: 'a type name stands once in a package',
  why: 'A reader who knows the word would take one thing for the other, and editors offer the wrong import.',
  instead: 'Name each after what it is in its place (docs/glossary.md), or make one type of them.',
};
const FIELDS = {
  says: 'a central value has few fields that are assigned, counted through nesting',
  why: 'Each field that can change at any time doubles the states to think of; 8 a part are the aim.',
  instead:
    'Make it readonly, derive it, or put it into the member of a union that exists only while it means something.',
};
const WRITERS = {
  says: 'fields are assigned in the file that declares them',
  why: 'Who looks for how a field came to its value has one file to read.',
  instead: 'Write a function beside the type that says what happened, and call it.',
};

const RULES: Readonly<Record<Ratchet, Rule>> = {
  mutualFoldersEngine: { ...FOLDERS, find: () => mutualFolders(graph, 'engine') },
  mutualFoldersServer: { ...FOLDERS, find: () => mutualFolders(graph, 'server') },
  circlesEngine: { ...CIRCLES, find: () => filesInCircles(graph, 'engine') },
  circlesServer: { ...CIRCLES, find: () => filesInCircles(graph, 'server') },
  crumbs: {
    says: 'a file of at most 40 lines has two importers, or is an index or a table',
    why: 'A short file with one reader makes that reader jump, and hides nothing.',
    instead: 'Put it into the file that imports it, below what is public there.',
    find: () => crumbs(graph),
  },
  deadExports: {
    says: 'what is exported is imported somewhere',
    why: 'An export says that others depend on it, so nobody dares to change it.',
    instead:
      'Take the word `export` away, or the whole declaration. Entry points are listed in house/exports.ts.',
    find: () => deadExports(graph),
  },
  doubleTypesEngine: { ...DOUBLES, find: () => doubleTypes(graph, 'engine') },
  doubleTypesServer: { ...DOUBLES, find: () => doubleTypes(graph, 'server') },
  fieldsOfSession: { ...FIELDS, find: () => fieldNames('Session') },
  fieldsOfStream: { ...FIELDS, find: () => fieldNames('Stream') },
  writersOfSession: { ...WRITERS, find: () => foreignWriters(graph, 'Session') },
  writersOfStream: { ...WRITERS, find: () => foreignWriters(graph, 'Stream') },
  helpersFirst: {
    says: 'in a file the public functions come first, helpers below',
    why: 'A file is read from its top: what it is for stands there, and how it is done where the reader wants to know it.',
    instead: 'Move the helper below the functions that use it. Constants may stay on top.',
    find: () => helpersFirst(graph),
  },
  secondMeanings: {
    says: 'a word of docs/glossary.md is the name of one type, and of the one that the glossary names',
    why: 'One meaning a word: a reader who learned it once reads it right everywhere.',
    instead:
      'Give the other type a name of its own, or write down in the glossary which type stands for the word.',
    find: () => secondMeanings(graph, glossary),
  },
  deadReferences: {
    says: 'documents and files that are named exist',
    why: 'A reader who looks for the reason finds nothing.',
    instead: 'Name the file as it is called now, or say the reason in docs/decisions and name that page.',
    find: () => deadReferences(ofToday, there),
  },
  deadClauses: {
    says: 'a cited section of a XEP exists',
    why: 'A citation is how a rule is checked; one that leads nowhere checks nothing.',
    instead:
      'Look the section up in the XEP. A XEP that was not cited before gets its sections in house/sections.ts.',
    find: () => deadClauses(ofToday),
  },
};

/** What is wrong with a count, in words; undefined: nothing. */
function verdict(
  name: string,
  found: readonly string[],
  most: number,
  rule: Omit<Rule, 'find'>,
): string | undefined {
  if (found.length > most) {
    return `${name}: ${found.length}, at most ${most} (tests/tidy/ratchets.ts): ${rule.says}.\nWhy: ${rule.why}\nInstead: ${rule.instead}\n${found.join('\n')}`;
  }
  return found.length < most && MUST_BE_WRITTEN_DOWN ? hint(name, found.length, most) : undefined;
}

function hint(name: string, count: number, most: number): string {
  return `${name} has fallen to ${count} from ${most}: write that down in tests/tidy/ratchets.ts`;
}

const names = Object.keys(AT_MOST) as readonly Ratchet[];

test.each(names)('%s', (name) => {
  const rule = RULES[name];
  const found = rule.find();
  const most = AT_MOST[name];
  if (found.length < most) console.info(hint(name, found.length, most));
  const fault = verdict(name, found, most, rule);
  if (fault !== undefined) expect.fail(fault);
});

test('the glossary has its words, each once', () => {
  const words = glossary.map(({ word }) => word);
  expect(words.length).toBeGreaterThan(50);
  expect(words).toEqual([...new Set(words)]);
});

describe('the rules themselves', () => {
  const engine = (texts: Readonly<Record<string, string>>) =>
    graphOfTexts(
      Object.fromEntries(Object.entries(texts).map(([path, text]) => [`packages/engine/src/${path}`, text])),
    );

  test('a count above its ratchet fails with why and what instead', () => {
    const rule = { says: 'no x', why: 'x hurts.', instead: 'Use y.' };
    expect(verdict('x', ['a', 'b'], 2, rule)).toBeUndefined();
    expect(verdict('x', ['a', 'b'], 1, rule)).toMatch(
      /^x: 2, at most 1 .*no x\.\nWhy: x hurts\.\nInstead: Use y\.\na\nb$/,
    );
  });

  test('folders', () => {
    const both = engine({
      'a/x.ts': "import '../b/y.ts';",
      'a/z.ts': '',
      'b/y.ts': "import type { Z } from '../a/z.ts';",
    });
    expect(mutualFolders(both, 'engine')).toHaveLength(1);
    const one = engine({
      'a/x.ts': "import '../b/y.ts';",
      'b/y.ts': '',
      'b/y.test.ts': "import '../a/x.ts';",
    });
    expect(mutualFolders(one, 'engine')).toEqual([]);
  });

  test('circles', () => {
    const values = engine({
      'a.ts': "import { b } from './b.ts';",
      'b.ts': "export * from './c.ts';",
      'c.ts': "import './a.ts';",
    });
    expect(filesInCircles(values, 'engine')).toHaveLength(3);
    const types = engine({
      'a.ts': "import { b } from './b.ts';",
      'b.ts': "import type { A } from './a.ts';",
    });
    expect(filesInCircles(types, 'engine')).toEqual([]);
  });

  test('crumbs and dead exports, through an index', () => {
    const graph = engine({
      'a/index.ts': "export { one, two } from './one.ts'; export type { Three } from './three.ts';",
      'a/one.ts': 'export function one() {} export function two() {}',
      'a/three.ts': 'export interface Three { readonly x: 1 } export const TABLE = [3];',
      'b.ts': "import { one, type Three } from './a/index.ts';",
      'c.ts': "import { one } from './a/index.ts';",
      'd.ts': "import type { Three } from './a/index.ts'; import { f } from './e.ts';",
      'e.ts': 'export function e() {} export function f() {}',
    });
    expect(crumbs(graph)).toEqual([
      'packages/engine/src/e.ts (1 lines): only packages/engine/src/d.ts imports it',
    ]);
    expect(deadExports(graph)).toEqual([
      'packages/engine/src/a/one.ts: two',
      'packages/engine/src/a/three.ts: TABLE',
      'packages/engine/src/e.ts: e',
    ]);
  });

  test('types', () => {
    const graph = engine({
      'a.ts': 'interface Reply {}',
      'b.ts': 'export type Reply = string; class Site {}',
    });
    expect(doubleTypes(graph, 'engine')).toHaveLength(1);
    const words = wordsOf(
      '| **reply** | An answer. | `Reply` |\n| **site** | A place. | – |\n| **rid** | A number. | – |\n',
    );
    expect(secondMeanings(graph, words)).toEqual([
      'reply: Reply in packages/engine/src/b.ts, beside packages/engine/src/a.ts',
      'site: Site in packages/engine/src/b.ts is not in the glossary',
    ]);
  });

  test('fields, counted through nesting, and who writes them', () => {
    const graph = engine({
      'session/session.ts':
        "import type { Keys } from './keys.ts'; export interface Session { readonly sid: string; life: Open | Over; held: Held[]; readonly keys: Keys | undefined } interface Open { rid: number } interface Over { readonly why: string } interface Held { copies: number }",
      'session/keys.ts':
        'export interface Keys { next: string } export function use(keys: Keys) { keys.next = ""; }',
      'session/end.ts':
        'export function end(session: Session) { session.life = over; session.held.copies += 1; }',
      'stream/end.ts': 'export function end(stream: Stream) { stream.life = over; }',
    });
    expect(assignedFields(graph, 'Session').map(({ name }) => name)).toEqual([
      'life',
      'life.rid',
      'held',
      'keys.next',
    ]);
    expect(foreignWriters(graph, 'Session')).toEqual(['life in end.ts']);
  });

  test.each([
    ['function a() {} export function b() {}', 1],
    ['const A = 1; export function b() {} function c() {}', 0],
    ['function a() {} export const B = 1;', 0],
    ['function a() {} export class B {}', 1],
  ])('order: %s', (text, count) => {
    expect(helpersFirst(engine({ 'a.ts': text }))).toHaveLength(count);
  });

  test.each([
    ['See docs/there.md and engine/src/a.ts.', []],
    ['See docs/gone.md.', ['x.md:1: docs/gone.md']],
    ['\nas DESIGN section 3 says', ['x.md:2: DESIGN']],
    ['https://example.org/docs/gone.md, ../docs/gone.md', []],
  ])('references: %s', (text, expected) => {
    const known = new Set(['docs/there.md', 'packages/engine/src/a.ts']);
    expect(deadReferences([{ path: 'x.md', text }], known)).toEqual(expected);
  });

  test.each([
    ['XEP-0124 §14.3', []],
    ['XEP-0124 §14.4', ['x.md:1: XEP-0124 §14.4']],
    ['XEP-0198 §5, §6.2', ['x.md:1: XEP-0198 §6.2']],
    ['XEP-0124 §7.1, XEP-0206 §5', []],
    ['XEP-0001 §1', [expect.stringContaining('sections.ts')]],
  ])('clauses: %s', (text, expected) => {
    expect(deadClauses([{ path: 'x.md', text }])).toEqual(expected);
  });
});
