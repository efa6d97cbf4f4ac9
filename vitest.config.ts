import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

const clientSource = new URL('./packages/client/src', import.meta.url).pathname;
const engineSource = new URL('./packages/engine/src', import.meta.url).pathname;

/** What is about whole programs, and what explores for minutes. */
const WHOLE =
  /^tests\/(?:browser|cluster|conformance|deploy|exhaustive|failover|fuzz|hostile|interop|proxies|release|(?:cloud-)?simulation|survive)\//;
/** Files elsewhere that start a program, or boshd as a process: told by what they import, so that a new one needs no list. */
const STARTS =
  /from '(?:[./]+\/(?:support\/)?(?:boshd|program|prosody|ejabberd|nginx|nats|chromium|cluster|site|test-ca|proxies\/index)\.ts|node:child_process|playwright-core)'/;

const files = ['packages', 'tests', 'bench/src']
  .flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  )
  .filter((path) => path.endsWith('.test.ts') && !/\/(?:node_modules|dist)\//.test(path));

const isWhole = (path: string): boolean =>
  WHOLE.test(path) || STARTS.test(readFileSync(join(import.meta.dirname, path), 'utf8'));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@boshd\/engine\/(\w+)$/, replacement: `${engineSource}/$1/index.ts` },
      { find: /^@boshd\/client\/(login|prebind)$/, replacement: `${clientSource}/$1.ts` },
      { find: /^@boshd\/client$/, replacement: `${clientSource}/index.ts` },
    ],
  },
  test: {
    passWithNoTests: false,
    globalSetup: 'tests/support/client-file.ts',
    // Ten times what anything takes on a machine that does nothing else.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Two real servers or browsers at once use two cores well; the others fill the time in which those wait for a time limit.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // npm's scripts run with `production` where .npmrc leaves out what only tests need.
    env: { NODE_ENV: 'test' },
    projects: [
      // Of all CPU time of these, two thirds would go into loading the same modules for each file again.
      {
        extends: true,
        test: { name: 'fast', isolate: false, include: files.filter((path) => !isWhole(path)) },
      },
      { extends: true, test: { name: 'whole', include: files.filter(isWhole) } },
    ],
  },
});
