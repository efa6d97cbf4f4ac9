import type { Tree } from './oracle.ts';

/** The elements of a tree directly inside. */
export function childrenOf(tree: Tree): readonly Tree[] {
  return tree.content.filter((each) => typeof each !== 'string');
}

/** The character data directly inside. */
export function textOf(tree: Tree): string {
  return tree.content.filter((each) => typeof each === 'string').join('');
}

/** An attribute of no namespace. */
export function attributeOf(tree: Tree, name: string): string | undefined {
  const start = `{}${name}=`;
  return tree.attributes.find((each) => each.startsWith(start))?.slice(start.length);
}

/** The tree with other namespaces. */
export function renamed(tree: Tree, meaning: (namespace: string) => string): Tree {
  const attributes = tree.attributes.map((each) =>
    each.startsWith('{}') ? each : each.replace(/^\{([^}]*)\}/, (_, namespace) => `{${meaning(namespace)}}`),
  );
  return {
    namespace: meaning(tree.namespace),
    name: tree.name,
    attributes: attributes.sort(),
    content: tree.content.map((each) => (typeof each === 'string' ? each : renamed(each, meaning))),
  };
}

/** Whether an element inside has two attributes of one name. */
export function hasTwins(tree: Tree): boolean {
  const names = tree.attributes.map((each) => each.slice(0, each.indexOf('=', each.indexOf('}'))));
  if (new Set(names).size < names.length) return true;
  return childrenOf(tree).some(hasTwins);
}
