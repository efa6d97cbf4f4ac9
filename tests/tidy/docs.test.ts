import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatProblem, loadConfig, SETTABLE_KEYS } from '../../packages/server/src/config/index.ts';
import { filesEnding } from './source.ts';

const pages = filesEnding('.md');
const existing = new Set(filesEnding('').map(({ path }) => path));

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-docs-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The blocks of one language in a page of docs/, each with its place. */
function blocks(language: string): readonly (readonly [place: string, text: string])[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((match, index) => [`${path} ${index + 1}`, match[1] ?? ''] as const),
  );
}

describe('what the pages show', () => {
  test.each(blocks('yaml'))('is a right configuration: %s', (_place, text) => {
    const file = join(directory, 'boshd.yaml');
    // Files that a configuration names must be there: an empty one stands for each.
    const named = join(directory, 'named');
    writeFileSync(named, '');
    writeFileSync(file, text.replace(/(\w+File): [^\s}]+/g, `$1: ${named}`));
    const config = loadConfig({ file });
    expect(config.ok ? [] : config.fault.map(formatProblem)).toEqual([]);
  });

  test('names only flags and variables that there are', () => {
    const flags = new Set([
      ...SETTABLE_KEYS.map(({ flag }) => flag),
      'config',
      'json-schema',
      'help',
      'version',
    ]);
    const variables = new Set([...SETTABLE_KEYS.map(({ env }) => env), 'BOSHD_CONFIG']);
    const operators = pages.filter(({ path }) => /^docs\/(?:getting-started|configuration)\.md$/.test(path));
    expect(operators).toHaveLength(2);
    for (const { path, text } of operators) {
      for (const [, flag = ''] of text.matchAll(/(?:boshd \w+|npm start --) [^\n`]*?--([a-z][a-z-]+)/g)) {
        expect([path, flag, flags.has(flag)]).toEqual([path, flag, true]);
      }
      for (const [variable] of text.matchAll(/\bBOSHD_[A-Z_]*[A-Z]\b/g)) {
        expect([path, variable, variables.has(variable)]).toEqual([path, variable, true]);
      }
    }
  });
});

/** Before a block of commands: the test that runs it, or why none does. The pages do not show it. */
const OWNER = /^<!-- (?:run by (?<test>\S+)|not run(?: as printed)?: (?<why>.+)) -->$/;

test('of each command that is printed it is known whether a test runs it', () => {
  const unowned = pages.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      if (line !== '```sh') return [];
      const owner = OWNER.exec(lines[index - 1] ?? '')?.groups;
      const isOwned = owner?.['why'] !== undefined || existing.has(owner?.['test'] ?? '');
      return isOwned ? [] : [`${path}:${index + 1}: ${lines[index + 1]}`];
    });
  });
  expect(unowned).toEqual([]);
});

test('links between pages lead somewhere', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].flatMap(([, target = '']) => {
      const file = posix.normalize(posix.join(posix.dirname(path), target));
      const isThere =
        existing.has(file) || [...existing].some((each) => each.startsWith(`${file.replace(/\/$/, '')}/`));
      return isThere ? [] : [`${path}: ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});
