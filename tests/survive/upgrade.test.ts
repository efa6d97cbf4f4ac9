import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { makeDirectory } from '../support/program.ts';
import { serving, survive } from './survive.ts';

/**
 * boshd is upgraded in place, and back, under sessions that chat. The other version is the first one that hands sessions over
 * (protocol 1 of the anchor): its commands and libraries are bundled into one file,
 * `esbuild packages/server/dist/main.js --bundle --minify --platform=node --format=esm`, npm's packages left outside, of 9e91e5c.
 */
const FIRST = fileURLToPath(new URL('first-records.js.gz', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SESSIONS = 8;
const RUNS = 'the first version runs';
/** Said by each process of it. */
const SAYS_SO = `console.log(JSON.stringify({ message: ${JSON.stringify(RUNS)} }));`;

const VERSIONS = ['first', 'this'] as const;
type Version = (typeof VERSIONS)[number];

let directory = '';
let demo: DemoServer;

beforeAll(async () => {
  directory = await makeDirectory('upgrade');
  demo = await startDemoServer();
  await mkdir(join(directory, 'first/dist'), { recursive: true });
  const manifest = { name: 'boshd', version: '0.1.0', type: 'module' };
  await writeFile(join(directory, 'first/package.json'), JSON.stringify(manifest));
  const [shebang = '', ...code] = gunzipSync(await readFile(FIRST))
    .toString()
    .split('\n');
  await writeFile(join(directory, 'first/dist/main.js'), [shebang, SAYS_SO, ...code].join('\n'));
  await symlink(join(ROOT, 'packages/server'), join(directory, 'this'));
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
});
afterAll(async () => {
  await demo.close();
  await rm(directory, { recursive: true });
});

/** What an upgrade does: the path that boshd was started by leads to other files from now on. */
async function install(version: Version): Promise<void> {
  await symlink(join(directory, version), join(directory, 'next'));
  await rename(join(directory, 'next'), join(directory, 'boshd'));
}

test.each([
  ['first', 'this'],
  ['this', 'first'],
] as const)('started as the %s version, replaced by the %s one, and back', async (before, after) => {
  await install(before);
  const config = { ...demoConfig(demo), survival: { anchor: 'parent' } };
  const boshd = await startBoshd(config, undefined, {}, join(directory, 'boshd/dist/main.js'));
  const runs = async () => (await boshd.lines()).filter(({ message }) => message === RUNS).length;
  const told: number[] = [];
  const note = async () => void told.push(await runs());
  const { said, tried, outagesMs, delaysMs, ...bad } = await survive({
    boshd,
    login: () => ({ url: boshd.url, domain: demo.domain, repeats: true }),
    sessions: SESSIONS,
    everyMs: 100,
    blows: [
      'kill',
      note,
      () => install(after),
      'restart',
      note,
      'kill',
      note,
      () => install(before),
      'restart',
      note,
      'kill',
      note,
    ],
  });
  expect(bad).toEqual({ lost: 0, doubled: 0, disordered: 0, ended: 0, refused: 0 });
  for (const some of [said, tried, delaysMs.length]) expect(some).toBeGreaterThan(0);
  expect([(await serving(boshd)).length, outagesMs.length]).toEqual([6, 5]);
  // The anchor is of the version that boshd was started as.
  expect(told).toEqual(before === 'first' ? [3, 3, 3, 4, 5] : [0, 1, 2, 2, 2]);
  await boshd.stop();
});
