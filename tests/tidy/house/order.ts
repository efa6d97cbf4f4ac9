import type { Node } from '../source.ts';
import { type Graph, productOf } from './graph.ts';
import { isNode, nameOf } from './types.ts';

/** Files in which a function that is not exported stands before one that is, or before an exported class. */
export function helpersFirst(graph: Graph): readonly string[] {
  return productOf(graph).flatMap(({ path, source }) => {
    let helper: string | undefined;
    for (const statement of source.program.body as readonly Node[]) {
      const inner: unknown = Reflect.get(statement, 'declaration');
      const isExported = isNode(inner);
      const { type } = isExported ? inner : statement;
      if (!isExported && type === 'FunctionDeclaration') helper ??= nameOf(Reflect.get(statement, 'id'));
      const isPublic = isExported && (type === 'FunctionDeclaration' || type === 'ClassDeclaration');
      if (isPublic && helper !== undefined) {
        return [`${path}: ${helper} stands before ${nameOf(Reflect.get(inner, 'id'))}`];
      }
    }
    return [];
  });
}
