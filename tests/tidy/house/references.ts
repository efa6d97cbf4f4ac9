import type { TextFile } from '../source.ts';
import { SECTIONS } from './sections.ts';

/** Papers of those who built this, which are not in the repository. */
const ELSEWHERE = /\b(?:DESIGN|HOUSE|PEERS|SURVIVE)\b/g;
/** A file of the repository, as comments and pages name it. */
const PATH =
  /(?<![\w./@:~-])(?:docs|tests|bench\/src|scripts|deploy|packages|engine\/src|server\/src|client\/src)\/[\w./-]*\.(?:md|ts|mjs|txt|sh|ya?ml|json)\b/g;
/** `XEP-0124 §14.3`, and more sections of the same after it. */
const CLAUSES = /XEP-(\d{4}),? (?:§|[Ss]ections? )\d+(?:\.\d+)*(?:(?:, §| and §| or §|–§?)\d+(?:\.\d+)*)*/g;

const line = (text: string, at: number): number => text.slice(0, at).split('\n').length;

/** References to documents and files that are not there. */
export function deadReferences(files: readonly TextFile[], there: ReadonlySet<string>): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const papers = [...text.matchAll(ELSEWHERE)].map(({ 0: found, index }) => ({ found, index }));
    const paths = [...text.matchAll(PATH)]
      .map(({ 0: found, index }) => ({ found, index }))
      .filter(({ found }) => !there.has(found) && !there.has(`packages/${found}`));
    return [...papers, ...paths].map(({ found, index }) => `${path}:${line(text, index)}: ${found}`);
  });
}

/** Sections of XEPs that these have not. */
export function deadClauses(files: readonly TextFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(CLAUSES)].flatMap(({ 0: found, 1: xep = '', index }) => {
      const sections = SECTIONS[xep]?.split(' ');
      const where = `${path}:${line(text, index)}`;
      if (sections === undefined)
        return [`${where}: ${found}: sections.ts does not say which sections it has`];
      const cited = found.slice(found.indexOf(xep) + xep.length).match(/\d+(?:\.\d+)*/g) ?? [];
      return cited.filter((each) => !sections.includes(each)).map((each) => `${where}: XEP-${xep} §${each}`);
    }),
  );
}
