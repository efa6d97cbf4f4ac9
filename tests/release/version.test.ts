import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspaces } from '../../scripts/release/tree.mjs';
import { closedChangelog, sectionOf, setVersion } from '../../scripts/release/version.mjs';
import { makeDirectory } from '../support/program.ts';
import { at, ROOT, readJson } from './tree.ts';

/** The files that know the version, in a directory of their own. */
async function copy(): Promise<string> {
  const directory = await makeDirectory('version');
  const folders = ['.', ...workspaces(ROOT).map((each) => each.directory)];
  for (const folder of folders) {
    await mkdir(join(directory, folder), { recursive: true });
    await cp(join(ROOT, folder, 'package.json'), join(directory, folder, 'package.json'));
  }
  for (const name of ['package-lock.json', 'CHANGELOG.md']) await cp(join(ROOT, name), join(directory, name));
  return directory;
}

test('a new version stands in every manifest, in what they ask of each other, in the lock and in the changes', async () => {
  const directory = await copy();
  setVersion(directory, '7.8.9', '2030-01-02');
  const all = workspaces(directory);
  expect(all.map(({ manifest }) => manifest.version)).toEqual(all.map(() => '7.8.9'));
  const server = readJson(join(directory, 'packages/server/package.json'));
  expect(at(server, 'dependencies', '@boshd/engine')).toBe('7.8.9');
  const lock = readJson(join(directory, 'package-lock.json'));
  expect(at(lock, 'version')).toBe('7.8.9');
  expect(at(lock, 'packages', 'packages/server', 'dependencies', '@boshd/engine')).toBe('7.8.9');
  expect(JSON.stringify(lock)).not.toContain('"@boshd/engine":"0.1.0"');
  const changes = await readFile(join(directory, 'CHANGELOG.md'), 'utf8');
  expect(changes).toContain('## Unreleased\n\n## 7.8.9 (2030-01-02)\n\n');
  // The whole of what was unreleased, with the headings in it.
  const before = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
  expect(before).toContain(`## Unreleased\n\n${sectionOf(changes, '7.8.9')}`);
});

test.each(['1.2', 'v1.2.3', '01.2.3', '1.2.3+4', ''])('%j is no version', async (version) => {
  const directory = await copy();
  expect(() => setVersion(directory, version, '2030-01-02')).toThrow('is not a version');
});

test.each([
  ['# Changes\n\n## Unreleased\n\n## 1.0.0 (2026-01-01)\n\n- a\n', '1.1.0', 'says nothing'],
  ['# Changes\n\n## 1.0.0 (2026-01-01)\n\n- a\n', '1.1.0', 'needs one section'],
  ['# Changes\n\n## Unreleased\n\n- b\n\n## 1.0.0 (2026-01-01)\n\n- a\n', '1.0.0', 'has a section'],
])('changes that can not be released: %#', (text, version, message) => {
  expect(() => closedChangelog(text, version, '2030-01-02')).toThrow(message);
});

test('the notes of a release are its section alone', () => {
  const text = '# Changes\n\n## Unreleased\n\n## 1.1.0 (2026-02-01)\n\n- b\n\n## 1.0.0 (2026-01-01)\n\n- a\n';
  expect(sectionOf(text, '1.1.0')).toBe('- b');
});
