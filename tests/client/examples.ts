import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundle } from '../../packages/client/bundle.mjs';
import { broughtBy } from '../../scripts/release/sbom.mjs';
import { makeDirectory } from '../support/program.ts';

const run = promisify(execFile);

const place = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

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

/**
 * The files of an example with a bundler, built by its own script with nothing but what its package.json asks for: what else lies
 * in the node_modules of the tests would hide that something is missing there.
 */
export async function bundledExample(folder: string): Promise<Files> {
  const directory = await makeDirectory(folder);
  try {
    await cp(place(`examples/${folder}`), directory, { recursive: true });
    for (const { path, name } of broughtBy(place('.'), await namesIn(join(directory, 'package.json')))) {
      const to = path.startsWith('node_modules/') ? path : `node_modules/${name}`;
      // For another kind of machine.
      if (existsSync(place(path))) await cp(place(path), join(directory, to), COPIED);
    }
    const env = { ...process.env, PATH: `${place('node_modules/.bin')}:${process.env['PATH']}` };
    await run('npm', ['run', 'build'], { cwd: directory, env });
    const [page, script] = await Promise.all(
      ['index.html', 'bundle.js'].map((name) => readFile(join(directory, name))),
    );
    return { '/': page ?? '', '/bundle.js': script ?? '' };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const COPIED = {
  recursive: true,
  filter: (path: string) => !/\/node_modules$/.test(path),
} as const;

async function namesIn(manifestFile: string): Promise<readonly string[]> {
  const manifest: unknown = JSON.parse(await readFile(manifestFile, 'utf8'));
  const { dependencies = {}, devDependencies = {} }: Record<string, object> = Object(manifest);
  return Object.keys({ ...dependencies, ...devDependencies });
}
