import { posix } from 'node:path';
import { type Graph, type Module, productOf } from './graph.ts';

/** Pairs of folders of a package that import each other. */
export function mutualFolders(graph: Graph, name: string): readonly string[] {
  const arrows = new Map<string, string>();
  for (const { path, imports } of productOf(graph, name)) {
    for (const { path: target } of imports) {
      const [from, to] = [posix.dirname(path), posix.dirname(target)];
      if (from !== to && to.startsWith(`packages/${name}/`))
        arrows.set(`${from} ${to}`, `${path} -> ${target}`);
    }
  }
  return [...arrows].flatMap(([key, example]) => {
    const [from = '', to = ''] = key.split(' ');
    const back = arrows.get(`${to} ${from}`);
    return back !== undefined && from < to ? [`${from} and ${to}: ${example}, ${back}`] : [];
  });
}

/** Files of a package that, by imports of values, come back to themselves, with the circle that each is in. */
export function filesInCircles(graph: Graph, name: string): readonly string[] {
  const modules = productOf(graph, name);
  const reached = new Map(modules.map((module) => [module.path, reachableFrom(module, graph)]));
  return modules.flatMap(({ path }) => {
    const circle = [...(reached.get(path) ?? [])].filter((other) => reached.get(other)?.has(path) === true);
    return circle.length === 0 ? [] : [`${path}, with ${circle.filter((each) => each !== path).join(', ')}`];
  });
}

function reachableFrom(start: Module, graph: Graph): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let module = open.pop(); module !== undefined; module = open.pop()) {
    for (const { path, isType } of module.imports) {
      if (isType || reached.has(path)) continue;
      reached.add(path);
      const next = graph.get(path);
      if (next !== undefined) open.push(next);
    }
  }
  return reached;
}
