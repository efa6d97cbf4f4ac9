// Run by npm before and after it packs the server (prepack, postpack): the demo's page brings the build of Strophe.js for
// browsers with its licence, so that nobody who installs boshd for its server gets a client with it as a dependency.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const folder = join(process.cwd(), 'vendor');
rmSync(folder, { recursive: true, force: true });
if (process.argv[2] === 'add') {
  const build = dirname(createRequire(import.meta.url).resolve('strophe.js'));
  mkdirSync(folder);
  cpSync(join(build, 'strophe.esm.js'), join(folder, 'strophe.esm.js'));
  cpSync(join(build, '../LICENSE.txt'), join(folder, 'strophe.LICENSE.txt'));
}
