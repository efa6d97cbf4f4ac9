import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENGINE = fileURLToPath(new URL('../../packages/engine/src', import.meta.url));

/** For `npm run burst`: no test of the suite, since a pause lasts five minutes. */
export default defineConfig({
  root: ROOT,
  resolve: { alias: [{ find: /^@boshd\/engine\/(\w+)$/, replacement: `${ENGINE}/$1/index.ts` }] },
  test: { include: ['tests/burst/burst.ts'], testTimeout: 900_000, hookTimeout: 180_000 },
});
