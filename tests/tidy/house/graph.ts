import { posix } from 'node:path';
import { isTest, lineAt, parse, type Source, type TextFile } from '../source.ts';

/** What one file takes from another. */
export interface Import {
  /** The other file. */
  readonly path: string;
  /** Names of its exports; `*` for all of them. */
  readonly names: readonly string[];
  /** Nothing but types: gone when the program runs. */
  readonly isType: boolean;
  /** It is handed on, as an index does. */
  readonly isReExport: boolean;
}

export interface Module {
  readonly source: Source;
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Names that it declares and exports itself. */
  readonly exports: readonly string[];
}

/** The scripts of the repository and what they import from each other. */
export type Graph = ReadonlyMap<string, Module>;

export function graphOf(sources: readonly Source[]): Graph {
  const paths = new Set(sources.map(({ path }) => path));
  return new Map(sources.map((source) => [source.path, moduleOf(source, paths)]));
}

/** A graph of a few made-up files, to try a rule on. */
export function graphOfTexts(texts: Readonly<Record<string, string>>): Graph {
  return graphOf(
    Object.entries(texts).map(([path, text]): Source => parse({ path, text } satisfies TextFile)),
  );
}

/** What runs in the product: no tests, nothing beside the packages. */
export function productOf(graph: Graph, name = ''): readonly Module[] {
  return [...graph.values()].filter(
    (module) =>
      module.path.startsWith(`packages/${name}`) && module.path.includes('/src/') && !isTest(module),
  );
}

function moduleOf(source: Source, paths: ReadonlySet<string>): Module {
  const { path, text, module } = source;
  const resolve = (specifier: string) => resolved(path, specifier, paths);
  const imports = module.staticImports.flatMap(({ moduleRequest, entries }): readonly Import[] => {
    const target = resolve(moduleRequest.value);
    if (target === undefined) return [];
    return [
      {
        path: target,
        names: entries.map(({ importName }) => nameOf(importName)),
        isType: entries.length > 0 && entries.every(({ isType }) => isType),
        isReExport: false,
      },
    ];
  });
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const handedOn = exported.flatMap(({ moduleRequest, importName, isType }): readonly Import[] => {
    const target = moduleRequest === null ? undefined : resolve(moduleRequest.value);
    return target === undefined
      ? []
      : [{ path: target, names: [nameOf(importName)], isType, isReExport: true }];
  });
  const dynamic = source.dynamic.flatMap((specifier): readonly Import[] => {
    const target = resolve(specifier);
    return target === undefined ? [] : [{ path: target, names: ['*'], isType: false, isReExport: false }];
  });
  return {
    source,
    path,
    lines: lineAt(text.trimEnd(), Number.POSITIVE_INFINITY),
    imports: [...imports, ...handedOn, ...dynamic],
    exports: exported
      .filter(({ moduleRequest }) => moduleRequest === null)
      .map(({ exportName }) => exportName.name ?? 'default'),
  };
}

function nameOf({ kind, name }: { readonly kind: string; readonly name: string | null }): string {
  if (kind === 'Default') return 'default';
  return kind === 'Name' && name !== null ? name : '*';
}

function resolved(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  const ofEngine = /^@boshd\/engine\/(\w+)$/.exec(specifier)?.[1];
  const target =
    ofEngine === undefined
      ? posix.join(posix.dirname(from), specifier)
      : `packages/engine/src/${ofEngine}/index.ts`;
  const isOurs = ofEngine !== undefined || specifier.startsWith('.');
  return isOurs && paths.has(target) ? target : undefined;
}
