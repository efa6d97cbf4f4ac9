import type { Graph } from './graph.ts';
import { typesOf } from './types.ts';

export interface Word {
  readonly word: string;
  readonly meaning: string;
  /** The type that stands for it. */
  readonly type: string | undefined;
}

/** The table of docs/glossary.md. */
export function wordsOf(page: string): readonly Word[] {
  return [...page.matchAll(/^\| \*\*([^*]+)\*\* \| (.+) \| (?:`(\w+)`|–) \|$/gm)].map(
    ([, word = '', meaning = '', type]) => ({ word, meaning, type }),
  );
}

const PACKAGES = ['engine', 'server', 'client'];

/** Types that are called by a word of the glossary and are not what the word stands for: all but the first of that name. */
export function secondMeanings(graph: Graph, words: readonly Word[]): readonly string[] {
  const all = PACKAGES.flatMap((name) => typesOf(graph, name));
  return words.flatMap(({ word, type }) => {
    const name = type ?? pascal(word);
    const declared = all.filter((each) => each.name === name).map(({ path }) => path);
    const [first, ...others] = new Set(declared);
    if (type !== undefined && first === undefined) return [`${word}: there is no type ${type}`];
    if (type === undefined && first !== undefined)
      return [`${word}: ${name} in ${declared.join(', ')} is not in the glossary`];
    return others.map((other) => `${word}: ${name} in ${other}, beside ${first}`);
  });
}

function pascal(word: string): string {
  return word.replace(/(?:^|[ -])(\w)/g, (_, first: string) => first.toUpperCase());
}
