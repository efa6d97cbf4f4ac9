import { readFile } from 'node:fs/promises';

/** A page of docs/, or another by its path from the top. */
export function pageText(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The blocks of one language in a page, in their order. */
export async function blocksOf(path: string, language: string): Promise<readonly string[]> {
  const text = await pageText(path);
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(pattern)].map(([, block]) => block ?? '');
}
