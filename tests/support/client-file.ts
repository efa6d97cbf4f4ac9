import { bundle } from '../../packages/client/bundle.mjs';

/** Before all tests: the file of the client that the page of `boshd demo` loads, from its sources as they are now. */
export default async function setup(): Promise<void> {
  await bundle('src/script.ts', 'esm', 'dist/boshd-client.mjs');
}
