import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { at, ROOT, readJson } from './tree.ts';

const FILE = join(ROOT, '.github/workflows/release.yml');

test('the workflow says that nobody has run it, and gives rights only where they are needed', async () => {
  const text = await readFile(FILE, 'utf8');
  expect(text).toMatch(/^# NOT RUN/);
  const workflow: unknown = parse(text);
  expect(at(workflow, 'permissions')).toEqual({ contents: 'read' });
  expect(at(workflow, 'jobs', 'test', 'permissions')).toBeUndefined();
  expect(at(workflow, 'jobs', 'publish', 'permissions')).toEqual({ contents: 'write', 'id-token': 'write' });
  expect(at(workflow, 'jobs', 'publish', 'needs')).toBe('test');
});

test('what it runs of the repository is there', async () => {
  const text = await readFile(FILE, 'utf8');
  const scripts = Object.keys(Object(at(readJson(join(ROOT, 'package.json')), 'scripts')));
  const named = [...text.matchAll(/npm run (\S+)/g)].map(([, name]) => name);
  expect(named).toEqual(['release']);
  expect(scripts).toEqual(expect.arrayContaining(named));
  expect(text).toContain('.ci/run');
  await expect(readFile(join(ROOT, '.ci/run'), 'utf8')).resolves.toContain('npm test');
});
