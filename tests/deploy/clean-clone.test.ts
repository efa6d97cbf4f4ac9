import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeDirectory } from '../support/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The files that git knows, and what `npm install` makes of them: nothing that was built. */
async function cloneTo(directory: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  const files = stdout.split('\0').filter((file) => /^(?:packages|scripts)\/|^[^/]+$/.test(file));
  for (const file of files) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await cp(join(ROOT, file), join(directory, file)).catch(ignoreMissing);
  }
  const modules = join(directory, 'node_modules');
  await mkdir(join(modules, '@boshd'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '@boshd' && name !== 'boshd')
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const name of await readdir(join(ROOT, 'node_modules/@boshd'))) {
    await symlink(join(directory, 'packages', name), join(modules, '@boshd', name));
  }
  await symlink(join(directory, 'packages/server'), join(modules, 'boshd'));
}

/** A file that git knows may have been removed a moment ago. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

test('npm run boshd works straight after npm install', { timeout: 300_000 }, async () => {
  const directory = await makeDirectory('clone');
  try {
    await cloneTo(directory);
    const boshd = () => run('npm', ['run', '--silent', 'boshd', '--', 'help'], { cwd: directory });
    const first = await boshd();
    expect(first.stderr).toMatch(/building it, once/);
    const second = await boshd();
    expect(second).toEqual({ stdout: first.stdout, stderr: '' });
    expect(first.stdout).toContain('serve');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
