import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billOfMaterials, installed } from '../../scripts/release/sbom.mjs';
import { copyTree, published } from '../../scripts/release/tree.mjs';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, startProgram } from '../support/program.ts';
import { type LocalRegistry, startRegistry } from './local-registry.ts';
import { at, ROOT, readJson } from './tree.ts';

const run = promisify(execFile);
const REPOSITORY = 'https://git.example.org/team/boshd';
/** Building twice on a busy machine. */
const RELEASE_MAX_MS = 900_000;
/** docs/releasing.md has what they are; who makes one a quarter larger should know why. */
const TARBALL_KB_MAX: Readonly<Record<string, number>> = {
  boshd: 520,
  '@boshd/client': 90,
  '@boshd/engine': 330,
};

let out = '';
let directory = '';
let registry: LocalRegistry;
beforeAll(async () => {
  directory = await makeDirectory('release');
  out = join(directory, 'out');
  await run(process.execPath, ['scripts/release/main.mjs', '--repository', REPOSITORY, '--out', out], {
    cwd: ROOT,
  });
  const others = installed(ROOT).filter(({ path }) => path.startsWith('node_modules/'));
  registry = await startRegistry(ROOT, others, directory);
}, RELEASE_MAX_MS);
afterAll(() => registry.stop());

const packages = published(ROOT).map(({ manifest }) => [manifest.name, manifest.version] as const);
const tarballOf = (name: string, version: string): string =>
  join(out, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

async function contents(name: string, version: string): Promise<readonly string[]> {
  const { stdout } = await run('tar', ['--list', '--file', tarballOf(name, version)]);
  return stdout.trim().split('\n');
}

async function fileOf(name: string, version: string, path: string): Promise<string> {
  const args = ['--extract', '--to-stdout', '--file', tarballOf(name, version), path];
  const { stdout } = await run('tar', args, { maxBuffer: 1 << 26 });
  return stdout;
}

describe('a release', () => {
  test('is the tarballs of all packages that are published, a bill of materials, checksums and notes', async () => {
    const version = packages[0]?.[1] ?? '';
    const tarballs = packages.map(([name]) => tarballOf(name, version).slice(out.length + 1));
    const names = [...tarballs, `boshd-${version}.cdx.json`, 'NOTES.md', 'SHA256SUMS'];
    expect((await readdir(out)).sort()).toEqual(names.sort());
    const { stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out });
    expect(stdout.match(/: OK$/gm)).toHaveLength(tarballs.length + 1);
  });

  test.each(packages)('%s says what it is, and where it comes from', async (name, version) => {
    const manifest: unknown = JSON.parse(await fileOf(name, version, 'package/package.json'));
    expect(manifest).toMatchObject({
      name,
      license: 'MIT',
      description: expect.stringMatching(/\w+ \w+/),
      keywords: expect.arrayContaining(['xmpp', 'bosh']),
      homepage: `${REPOSITORY}#readme`,
      repository: { type: 'git', url: `git+${REPOSITORY}.git` },
      bugs: { url: `${REPOSITORY}/issues` },
      engines: { node: '>=20.19' },
    });
    const files = await contents(name, version);
    expect(files).toContain('package/README.md');
    const licence = await fileOf(name, version, 'package/LICENSE');
    expect(licence).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
    // What the manifest points at is there, types beside every script that may be imported.
    const targets = pathsIn([at(manifest, 'exports'), at(manifest, 'bin'), at(manifest, 'main')]);
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) expect(files).toContain(`package/${target.replace(/^\.\//, '')}`);
    for (const entry of Object.values(Object(at(manifest, 'exports')))) {
      expect(at(entry, 'types')).toMatch(/\.d\.ts$/);
    }
  });

  test.each(packages)(
    '%s holds neither tests nor maps of sources that are not in it',
    async (name, version) => {
      const files = await contents(name, version);
      expect(files.filter((file) => /\.test\.|\.map$|tsbuildinfo|tsconfig/.test(file))).toEqual([]);
      for (const file of files.filter((each) => /package\/dist\/\w+\.js$/.test(each))) {
        expect(await fileOf(name, version, file)).not.toContain('sourceMappingURL');
      }
    },
  );

  test.each(packages)('%s is no larger than it was', async (name, version) => {
    const { size } = await stat(tarballOf(name, version));
    expect(size / 1024).toBeLessThan(TARBALL_KB_MAX[name] ?? 0);
  });

  test('lists what is in an installed boshd, the files of others included', () => {
    const { components } = billOfMaterials(ROOT);
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['boshd', 'zod', 'ws', 'tweetnacl']));
    for (const absent of ['typescript', 'strophe.js', 'esbuild']) expect(names).not.toContain(absent);
    for (const { name, hashes, licenses } of components) {
      expect(licenses, name).toHaveLength(1);
      if (!packages.some(([own]) => own === name)) expect(hashes?.[0]?.content).toMatch(/^[\da-f]{128}$/);
    }
  });
});

/** All texts in a value, however deep. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return value === undefined ? [] : Object.values(Object(value)).flatMap(pathsIn);
}

describe('installed from its tarballs alone', () => {
  let prefix = '';
  let boshd = '';
  beforeAll(async () => {
    prefix = join(directory, 'prefix');
    boshd = join(prefix, 'bin/boshd');
    const tarballs = packages.map(([name, version]) => tarballOf(name, version));
    const cache = [
      '--cache',
      join(directory, 'cache'),
      '--registry',
      registry.url,
      '--userconfig',
      '/dev/null',
    ];
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
    const args = ['install', '--global', '--prefix', prefix, ...cache, ...quiet, ...tarballs];
    await run('npm', args, { cwd: directory, env: cleanEnvironment() });
  }, RELEASE_MAX_MS);

  const said = async (...args: readonly string[]) =>
    (await run(boshd, args, { cwd: directory, env: cleanEnvironment() })).stdout;

  test('it tells its version, and checks a configuration', async () => {
    expect(await said('--version')).toContain(packages[0]?.[1]);
    const file = join(directory, 'boshd.yaml');
    await writeFile(file, 'listen: ["127.0.0.1:5280"]\n');
    await expect(said('check-config', file)).resolves.toEqual(expect.any(String));
    await writeFile(file, 'listne: []\n');
    await expect(said('check-config', file)).rejects.toThrow('listne');
  });

  test.each([
    ['serve', ['/http-bind', '/readyz']],
    ['demo', ['/http-bind', '/', '/demo/main.js', '/demo/client.js']],
  ])('boshd %s', async (command, paths) => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const program = await startProgram({
      name: `installed boshd ${command}`,
      command: boshd,
      args: [command, '--listen', `127.0.0.1:${port}`],
      directory: await makeDirectory('installed'),
      isReady: async () => (await fetch(`${origin}/readyz`).catch(() => undefined))?.ok === true,
    });
    for (const path of paths) expect([path, (await fetch(origin + path)).status]).toEqual([path, 200]);
    await program.stop();
  });

  test('it brings nothing that only the page of the demo needs', async () => {
    expect(await readdir(join(prefix, 'lib/node_modules/boshd/node_modules')).catch(() => [])).not.toContain(
      'strophe.js',
    );
    const names = await readdir(join(prefix, 'lib/node_modules'));
    expect(names.sort()).toEqual(['@boshd', 'boshd']);
  });
});

/** Without what npm tells the scripts that it runs, such as the suite. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

describe('a first install', () => {
  const lock = readJson(join(ROOT, 'package-lock.json'));
  const entries = Object.entries(Object(at(lock, 'packages'))).filter(([path]) =>
    /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path),
  );
  const onlyForTests = entries.filter(([, each]) => at(each, 'dev') === true).map(([path]) => path);

  test('brings what runs boshd, and little else', () => {
    const first = entries.filter(
      ([path, each]) => !onlyForTests.includes(path) && at(each, 'optional') !== true,
    );
    expect(first.length).toBeLessThan(60);
  });

  test(
    'is enough to build and to start',
    async () => {
      const copy = await makeDirectory('first-install');
      copyTree(ROOT, copy);
      const modules = join(copy, 'node_modules');
      for (const path of onlyForTests.filter((each) => !each.includes('@')))
        await rm(join(copy, path), { force: true });
      // Folders of scopes are links as a whole: those of which a first install has nothing are away.
      for (const scope of (await readdir(modules)).filter((name) => name.startsWith('@'))) {
        const isNeeded = entries.some(
          ([path]) => path.startsWith(`node_modules/${scope}/`) && !onlyForTests.includes(path),
        );
        if (!isNeeded) await rm(join(modules, scope), { force: true });
      }
      await expect(readdir(join(modules, 'vitest'))).rejects.toThrow('ENOENT');
      const env = {
        ...cleanEnvironment(),
        PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
      };
      await run('npm', ['run', 'prestart'], { cwd: copy, env });
      await run('npm', ['run', 'build'], { cwd: copy, env });
      await expect(stat(join(copy, 'packages/server/dist/main.js'))).resolves.toBeDefined();
      await rm(copy, { recursive: true });
    },
    RELEASE_MAX_MS,
  );
});
