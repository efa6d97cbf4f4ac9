import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, until } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

let boshd: Boshd;
let file = '';
let socket = '';

beforeAll(async () => {
  const directory = await makeDirectory('operator');
  socket = join(directory, 'admin.sock');
  file = join(directory, 'boshd.json');
  const refused = { host: '127.0.0.1', port: await freePort() };
  const config = {
    admin: { listen: [`unix:${socket}`] },
    sites: { second: { hosts: ['second.example'] } },
    upstream: { dial: '2s', overrides: { 'refused.example': refused } },
  };
  await writeFile(file, JSON.stringify(config));
  boshd = await startBoshd(config);
});
afterAll(() => boshd.stop());

/** What the command prints; a code other than 0 rejects. */
function command(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args, '--config', file], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

test('an operator sees sites, and learns why a session could not be had', async () => {
  const client = new BoshClient(boshd.url);
  await client.create('refused.example');
  const ended = await boshd.line({ event: 'session-ended', reason: 'connect-refused' });

  const status = await until('the end in the status', async () => {
    const text = await command('status');
    return text.includes('connect-refused') ? text : undefined;
  });
  expect(status).toMatch(/^\S+ +ready +0 +0 /m);
  expect(status).toMatch(/ second +0 +0 +0 +0 +0$/m);
  expect(status).toContain('is it running, is the port right?');
  expect(status).toMatch(/^1 {2}connect-refused {2}default$/m);

  expect(await command('status', String(ended['session']))).toContain('connect-refused: ');
  await expect(command('status', 'nobody')).rejects.toThrow('nothing is known of a session nobody');
});
