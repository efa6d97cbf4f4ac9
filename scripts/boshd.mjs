/**
 * `npm run boshd -- COMMAND`: the command from this source tree. What was never built is built first, which takes a while once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'packages/server/dist/main.js');
/** What the page of the demo loads. */
const CLIENT = join(ROOT, 'packages/client/dist', 'boshd-client.mjs');

if (!existsSync(MAIN) || !existsSync(CLIENT)) {
  process.stderr.write('boshd is not built yet; building it, once ("npm run build" does it again) ...\n');
  // The output of the command is not mixed with that of the compiler.
  const steps = [[compiler(), '-b', 'packages/server'], ['packages/client/bundle.mjs']];
  const isBuilt = steps.every(
    (step) => spawnSync(process.execPath, step, { cwd: ROOT, stdio: ['ignore', 2, 2] }).status === 0,
  );
  if (!isBuilt) {
    process.stderr.write('The build failed. Run "npm run build" to see it alone.\n');
    process.exit(1);
  }
}

await import(pathToFileURL(MAIN).href);

function compiler() {
  try {
    const facts = createRequire(import.meta.url).resolve('typescript/package.json');
    return join(dirname(facts), 'bin/tsc');
  } catch {
    process.stderr.write('The compiler is not installed. Run "npm install" first.\n');
    return process.exit(1);
  }
}
