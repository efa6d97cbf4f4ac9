import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../packages/client/bundle.mjs';

/** What a page loads, as a web server sends it. */
describe('bytes, compressed', () => {
  it.each([
    ['the BOSH transport', 'src/bosh/bosh.ts', 12 * 1024],
    ['all of it', 'src/index.ts', 24 * 1024],
  ])('of %s', async (_what, entry, bytesMax) => {
    const bytes = gzipSync(await bundle(entry, 'esm'), { level: 9 }).length;
    expect(bytes).toBeLessThan(bytesMax);
  });
});

it('the file for script tags has the global boshd', async () => {
  const text = new TextDecoder().decode(await bundle('src/script.ts', 'iife'));
  const scope = new Function(`${text}; return Object.keys(boshd);`);
  expect(scope()).toEqual(
    expect.arrayContaining(['connect', 'xml', 'BoshTransport', 'ClientError', 'addToStrophe']),
  );
});
