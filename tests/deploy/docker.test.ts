import { readFile, stat } from 'node:fs/promises';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';

const DOCKERFILE = new URL('../../deploy/docker/Dockerfile', import.meta.url);

test('the linter finds nothing in the Dockerfile', async () => {
  const text = await readFile(DOCKERFILE, 'utf8');
  expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
});

test('the linter would find something', () => {
  expect(validate('FROM node\nCOPPY a b\n')).toHaveLength(1);
});

test('what it copies from the build is in the tree, or made by it', async () => {
  const text = await readFile(DOCKERFILE, 'utf8');
  const copied = [...text.matchAll(/^COPY --from=build (.*) \S+$/gm)].flatMap(([, paths]) =>
    (paths ?? '').split(' '),
  );
  expect(copied.length).toBeGreaterThan(5);
  for (const path of copied) {
    const inTree = new URL(path.replace('/build/', '../../'), import.meta.url);
    await expect(stat(inTree), path).resolves.toBeDefined();
  }
});
