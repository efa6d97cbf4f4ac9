/**
 * Makes the files for pages without a bundler: `dist/boshd-client.js` for a plain script tag (the global `boshd`) and
 * `dist/boshd-client.mjs` for a module, which the page of `boshd demo` loads. Run by each build and before the package is packed.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Of the engine's sources, so that a build of them is not needed first. */
const alias = Object.fromEntries(
  ['kit', 'wire', 'client'].map((part) => [`@boshd/engine/${part}`, place(`../engine/src/${part}/index.ts`)]),
);

/** Bundles one source of the package; gives its bytes where no file is named. */
export async function bundle(entry, format, outfile) {
  const { outputFiles } = await build({
    entryPoints: [place(entry)],
    bundle: true,
    minify: true,
    target: 'es2022',
    format,
    alias,
    legalComments: 'none',
    ...(format === 'iife' ? { globalName: 'boshd' } : {}),
    ...(outfile === undefined ? { write: false } : { outfile: place(outfile) }),
  });
  return outputFiles?.[0]?.contents;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle('src/script.ts', 'iife', 'dist/boshd-client.js');
  await bundle('src/script.ts', 'esm', 'dist/boshd-client.mjs');
}
