import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { pageText } from './pages.ts';

/** Keys of the configuration in a piece of code: `a.b`, `a: {b: 1, c: 2}`, or `a: 1`; and flags. */
function namesIn(code: string): readonly string[] {
  const flag = /^--[a-z-]+/.exec(code)?.[0];
  if (flag !== undefined) return [flag];
  const [, group = '', inside] = /^(\w+): \{ ?(.*?) ?\}$/.exec(code) ?? [];
  if (inside !== undefined)
    return inside.split(/, (?=\w+:)|, (?=\w+$)/).map((each) => `${group}.${/^\w+/.exec(each)?.[0] ?? ''}`);
  const key = /^([a-z]\w*(?:\.[a-z]\w*)*)(?:: .*)?$/.exec(code)?.[1];
  return key === undefined ? [] : [key];
}

/** Known to the reference: its headings are keys, and what a key may be in has headings of its own. */
function isKnown(name: string, reference: string): boolean {
  if (name.startsWith('--')) return reference.includes(`\`${name}\``);
  return new RegExp(`^### ${name.replaceAll('.', '\\.')}(?:$|[.[])`, 'm').test(reference);
}

test('docs/coming-from.md names keys and flags that there are', async () => {
  const reference = await pageText('docs/config-reference.md');
  const rows = (await pageText('docs/coming-from.md')).split('\n').filter((line) => line.startsWith('| '));
  const codes = rows.flatMap((row) =>
    [...(row.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
  );
  const names = codes
    .filter((code) => !/^(?:boshd|tls: insecure|host$|port$|\/|\*)/.test(code))
    .flatMap(namesIn);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !isKnown(name, reference))).toEqual([]);
});

test('each page of a client says first whether it was tried', async () => {
  const pages = await readdir(new URL('../../docs/clients', import.meta.url));
  expect(pages.length).toBeGreaterThan(5);
  for (const page of pages) {
    const [, , first] = (await pageText(`docs/clients/${page}`)).split('\n');
    expect([page, first]).toEqual([page, expect.stringMatching(/^(?:Tried|Not tried): /)]);
  }
});
