import { posix } from 'node:path';
import { isTest, type Node } from '../source.ts';
import { type Graph, type Module, productOf } from './graph.ts';

/** A file so short must have two importers, or be an index or a table. */
const CRUMB_LINES = 40;

/** Started or imported from outside of this repository: the command, what package.json exports, pages that a browser loads. */
const ENTRIES = [
  /^packages\/server\/src\/(?:main|toolbox)\.ts$/,
  /^packages\/server\/src\/demo\/page\/(?:main|index)\.ts$/,
  /^packages\/client\/src\/(?:index|script|login|prebind|adapters\/[a-z-]+)\.ts$/,
  /\.(?:m?js|d\.ts)$/,
  /(?:^|\/)vitest\.config\.ts$/,
  /^(?:tests\/conformance|bench\/src)\/main\.ts$/,
];

const isEntry = (path: string): boolean => ENTRIES.some((entry) => entry.test(path));

/** Short files with one importer; who gets something through an index counts, the index does not. */
export function crumbs(graph: Graph): readonly string[] {
  const users = usersOf(graph);
  return productOf(graph).flatMap((module) => {
    const { path, lines } = module;
    const importers = new Set([...(users.get(path)?.values() ?? [])].flatMap((each) => [...each]));
    const [only, ...others] = [...importers].filter((each) => !isTest({ path: each }));
    if (lines > CRUMB_LINES || only === undefined || others.length > 0 || isEntry(path)) return [];
    return isIndex(module) || isTable(module) ? [] : [`${path} (${lines} lines): only ${only} imports it`];
  });
}

const isIndex = ({ path }: Module): boolean => posix.basename(path) === 'index.ts';

/** Constants and types, no code. */
function isTable({ source }: Module): boolean {
  let hasConstant = false;
  for (const statement of source.program.body as readonly Node[]) {
    const declared: unknown = Reflect.get(statement, 'declaration') ?? statement;
    const type: unknown = Reflect.get(Object(declared), 'type');
    if (type === 'FunctionDeclaration' || type === 'ClassDeclaration') return false;
    if (type === 'VariableDeclaration') hasConstant = true;
  }
  return hasConstant;
}

/** Exports that no other file imports. Tests count as importers: a function may be exported for its table. */
export function deadExports(graph: Graph): readonly string[] {
  const users = usersOf(graph);
  return [...graph.values()].flatMap(({ path, exports }) => {
    if (isEntry(path) || isTest({ path })) return [];
    const names = users.get(path);
    if (names?.has('*') === true) return [];
    return exports.filter((name) => names?.has(name) !== true).map((name) => `${path}: ${name}`);
  });
}

/** For each file: the names that are imported from it, also through an index, and by which files. */
function usersOf(graph: Graph): ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>> {
  const users = new Map<string, Map<string, Set<string>>>();
  const use = (path: string, name: string, importer: string): void => {
    const names = users.get(path) ?? new Map<string, Set<string>>();
    const importers = names.get(name) ?? new Set();
    if (importers.has(importer)) return;
    users.set(path, names.set(name, importers.add(importer)));
    for (const { path: origin, names: handed, isReExport } of graph.get(path)?.imports ?? []) {
      if (!isReExport) continue;
      // An index hands on to where the name is from.
      if (handed.includes('*')) use(origin, name, importer);
      else if (name === '*') for (const each of handed) use(origin, each, importer);
      else if (handed.includes(name)) use(origin, name, importer);
    }
  };
  for (const { path: importer, imports } of graph.values()) {
    for (const { path, names, isReExport } of imports) {
      // What an entry hands on is for those outside.
      if (!isReExport || isEntry(importer)) for (const name of names) use(path, name, importer);
    }
  }
  return users;
}
