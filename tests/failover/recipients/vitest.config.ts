import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ENGINE = fileURLToPath(new URL('../../../packages/engine/src', import.meta.url));

/** For `npm run failover`: no test of the suite, since it waits for the time limits of real servers. */
export default defineConfig({
  root: ROOT,
  resolve: { alias: [{ find: /^@boshd\/engine\/(\w+)$/, replacement: `${ENGINE}/$1/index.ts` }] },
  test: {
    include: ['tests/failover/recipients/recipients.ts'],
    testTimeout: 600_000,
    hookTimeout: 180_000,
  },
});
