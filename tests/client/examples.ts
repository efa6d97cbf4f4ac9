import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundle } from '../../packages/client/bundle.mjs';

const place = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The client as its users get it, from its sources. */
const CLIENT = {
  '@boshd/client/xmpp.js': place('packages/client/src/adapters/xmpp-js.ts'),
  '@boshd/client/stanza': place('packages/client/src/adapters/stanza.ts'),
  '@boshd/client': place('packages/client/src/index.ts'),
  '@boshd/engine/client': place('packages/engine/src/client/index.ts'),
  '@boshd/engine/kit': place('packages/engine/src/kit/index.ts'),
};

/** A file of an example. */
export const exampleFile = (folder: string, name: string): string => place(`examples/${folder}/${name}`);

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** The files of an example with plain script tags, and those of libraries that it says to copy. */
export async function plainExample(
  folder: string,
  libraries: Readonly<Record<string, string>> = {},
): Promise<Files> {
  const files: Record<string, string | Uint8Array> = {
    '/': await readFile(place(`examples/${folder}/index.html`)),
    '/main.js': await readFile(place(`examples/${folder}/main.js`)),
    '/boshd-client.js': await bundle('src/script.ts', 'iife'),
  };
  for (const [name, path] of Object.entries(libraries))
    files[`/${name}`] = await readFile(place(`node_modules/${path}`));
  return files;
}

/** The files of an example with a bundler, bundled as its package.json says. */
export async function bundledExample(
  folder: string,
  options: { readonly alias?: Readonly<Record<string, string>> } = {},
): Promise<Files> {
  const { outputFiles } = await build({
    entryPoints: [place(`examples/${folder}/main.js`)],
    bundle: true,
    format: 'iife',
    alias: { ...CLIENT, ...options.alias },
    nodePaths: [place('node_modules')],
    write: false,
    logLevel: 'error',
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('nothing was made');
  return { '/': await readFile(place(`examples/${folder}/index.html`)), '/bundle.js': script.contents };
}
