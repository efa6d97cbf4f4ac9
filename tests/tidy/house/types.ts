import type { Node } from '../source.ts';
import { type Graph, type Module, productOf } from './graph.ts';

const TYPES = new Set([
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'ClassDeclaration',
  'TSEnumDeclaration',
]);

export interface DeclaredType {
  readonly name: string;
  readonly path: string;
  readonly node: Node;
}

/** What a file declares at its top level, exported or not. */
export function declarationsOf({ source }: Module): readonly Node[] {
  return (source.program.body as readonly Node[]).map((statement) => {
    const inner: unknown = Reflect.get(statement, 'declaration');
    return isNode(inner) ? inner : statement;
  });
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';
}

/** The name of a declaration, key or reference. */
export function nameOf(node: unknown): string {
  return String(Reflect.get(Object(node), 'name') ?? '');
}

/** The types that a package declares; of its own code, not of its tests. */
export function typesOf(graph: Graph, name: string): readonly DeclaredType[] {
  return productOf(graph, name).flatMap((module) =>
    declarationsOf(module)
      .filter(({ type }) => TYPES.has(type))
      .map((node) => ({ name: nameOf(Reflect.get(node, 'id')), path: module.path, node })),
  );
}

/** Names that more than one file of a package gives to a type. */
export function doubleTypes(graph: Graph, name: string): readonly string[] {
  const places = new Map<string, string[]>();
  for (const each of typesOf(graph, name)) {
    const paths = places.get(each.name) ?? [];
    if (!paths.includes(each.path)) places.set(each.name, [...paths, each.path]);
  }
  return [...places].flatMap(([type, paths]) => (paths.length > 1 ? [`${type}: ${paths.join(', ')}`] : []));
}
