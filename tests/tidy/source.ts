import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Comment, type EcmaScriptModule, type Program, parseSync } from 'oxc-parser';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What is made, fetched or measured is nobody's text. */
const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.work', 'coverage', 'golden']);
const FILES_MAX = 20_000;

/** A text file of the repository; the path is from its root, with slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** A script, parsed. */
export interface Source extends TextFile {
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** What it imports or re-exports, as written, dynamic imports of a literal included. */
  readonly imports: readonly string[];
  /** Its imports and exports with their names. */
  readonly module: EcmaScriptModule;
  /** What it imports while it runs, where that is a literal. */
  readonly dynamic: readonly string[];
}

/** Part of a script: anything in the tree that stands somewhere in the text. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export const isTest = ({ path }: { readonly path: string }): boolean => path.endsWith('.test.ts');

function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return pathsBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** All files of the repository with one of the endings. */
export function filesEnding(...endings: readonly string[]): readonly TextFile[] {
  const paths = pathsBelow(ROOT).filter((path) => endings.some((ending) => path.endsWith(ending)));
  if (paths.length > FILES_MAX) throw new Error(`${paths.length} files: something is not left out`);
  return paths.map((path) => ({
    path: relative(ROOT, path).replaceAll('\\', '/'),
    text: readFileSync(path, 'utf8'),
  }));
}

/** The tree of a script costs much more than its imports, and few rules look at all trees: each is made when it is asked for. */
export function parse({ path, text }: TextFile): Source {
  const result = parseSync(path, text);
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const { module } = result;
  const reExports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
  );
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const literal = /^(['"])(.*)\1$/.exec(text.slice(start, end));
    return literal?.[2] === undefined ? [] : [literal[2]];
  });
  const imports = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...reExports,
    ...dynamic,
  ];
  return {
    path,
    text,
    get program() {
      return result.program;
    },
    get comments() {
      return result.comments;
    },
    imports: [...new Set(imports)],
    module,
    dynamic,
  };
}

let parsed: readonly Source[] | undefined;

/** All scripts of the repository. */
export function allSources(): readonly Source[] {
  parsed ??= filesEnding('.ts', '.js', '.mjs').map(parse);
  return parsed;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';
}

/** Calls `visit` with each node below one, the one that it is in, and the name of the property that holds it. */
export function walk(node: Node, visit: (node: Node, parent: Node, as: string) => void): void {
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (!isNode(child)) continue;
      visit(child, node, name);
      walk(child, visit);
    }
  }
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** `path:line: what`, as editors jump to. */
export function at({ path, text }: TextFile, { start }: Pick<Node, 'start'>, what: string): string {
  return `${path}:${lineAt(text, start)}: ${what}`;
}
