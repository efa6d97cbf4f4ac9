import { type Key, TOP_KEYS } from './keys.ts';
import { isTree, type Tree } from './merge.ts';

/** The keys of a site. */
export const SITE_KEYS: readonly Key[] = TOP_KEYS.find(({ path }) => path[0] === 'sites')?.children ?? [];

/** What a site says, and where it says nothing, what stands at the top of the file; groups key by key. */
function inherited(top: Tree, own: Tree, keys: readonly Key[]): Tree {
  const entries = keys.flatMap(({ path, facts, children }) => {
    const name = path.at(-1) ?? '';
    const [above, here] = [top[name], own[name]];
    if (facts.kind !== 'group') {
      const value = here ?? above;
      return value === undefined ? [] : [[name, value] as const];
    }
    return [[name, inherited(isTree(above) ? above : {}, isTree(here) ? here : {}, children)] as const];
  });
  return Object.fromEntries(entries);
}

/** The tree of a checked configuration, in which each site has what it takes over. */
export function withInherited(tree: unknown): unknown {
  if (!isTree(tree)) return tree;
  const { sites: written } = tree;
  if (!isTree(written)) return tree;
  const sites = Object.entries(written).map(([name, own]) => [
    name,
    inherited(tree, isTree(own) ? own : {}, SITE_KEYS),
  ]);
  return { ...tree, sites: Object.fromEntries(sites) };
}
