import { defineConfig } from 'vitest/config';

const clientSource = new URL('./packages/client/src', import.meta.url).pathname;
const engineSource = new URL('./packages/engine/src', import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@boshd\/engine\/(\w+)$/, replacement: `${engineSource}/$1/index.ts` },
      { find: /^@boshd\/client$/, replacement: `${clientSource}/index.ts` },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'bench/src/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Real servers and a browser are started by several files: two at once use two cores well, more only get in each
    // other's way. (Vitest's own choice is one less than there are cores.)
    maxWorkers: 2,
    // npm's scripts run with `production` where .npmrc leaves out what only tests need.
    env: { NODE_ENV: 'test' },
  },
});
