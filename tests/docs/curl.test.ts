import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, startProgram } from '../support/program.ts';
import { blocksOf } from './pages.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

test('the six requests of docs/curl.md are a session', async () => {
  const port = await freePort();
  const demo = await startProgram({
    name: 'demo',
    command: process.execPath,
    args: [MAIN, 'demo', '--listen', `127.0.0.1:${port}`],
    directory: await makeDirectory('curl'),
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
  });
  const [script = ''] = await blocksOf('docs/curl.md', 'sh');
  const { stdout } = await run('sh', ['-ec', script.replace('localhost:5280', `127.0.0.1:${port}`)]);
  const replies = stdout.trim().split('\n');
  expect(replies).toHaveLength(6);
  const [created = '', loggedIn = '', restarted = '', bound = '', answered = '', ended = ''] = replies;
  expect(created).toMatch(/sid=.*<mechanism>ANONYMOUS<\/mechanism>/);
  expect(loggedIn).toContain('<success ');
  expect(restarted).toContain('<bind ');
  expect(bound).toMatch(/<jid>[^<]+@demo\.localhost\/curl<\/jid>/);
  expect(answered).toMatch(/<iq [^>]*type=['"]result/);
  expect(ended).toContain("type='terminate'");
  for (const reply of replies) expect(reply).not.toContain('condition=');
  await demo.stop();
});
