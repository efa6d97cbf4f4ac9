import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, until } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

let boshd: Boshd;
let demo: DemoServer;
let file = '';
let socket = '';

beforeAll(async () => {
  const directory = await makeDirectory('operator');
  socket = join(directory, 'admin.sock');
  file = join(directory, 'boshd.json');
  demo = await startDemoServer();
  const refused = { host: '127.0.0.1', port: await freePort() };
  const config = {
    admin: { listen: [`unix:${socket}`] },
    sites: { second: { hosts: ['second.example'] } },
    upstream: {
      dial: '2s',
      overrides: {
        'refused.example': refused,
        [demo.domain]: { host: '127.0.0.1', port: demo.port, tls: 'insecure-none' },
      },
    },
  };
  await writeFile(file, JSON.stringify(config));
  boshd = await startBoshd(config);
});
afterAll(async () => {
  await boshd.stop();
  await demo.close();
});

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
  expect(status).toMatch(/ second +0 +0 +0 +0 +0 +0 +0$/m);
  expect(status).toContain('is it running, is the port right?');
  expect(status).toMatch(/^1 {2}connect-refused {2}default$/m);

  expect(await command('status', String(ended['session']))).toContain('connect-refused: ');
  await expect(command('status', 'nobody')).rejects.toThrow('nothing is known of a session nobody');
});

test('WebSockets are counted beside the sessions, with their links', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${boshd.port}/xmpp-websocket`, 'xmpp', {
    headers: { Host: 'second.example' },
  });
  const said: string[] = [];
  socket.on('message', (message) => said.push(String(message)));
  await until('the WebSocket is open', () => socket.readyState === WebSocket.OPEN);
  const ask = async (message: string, answer: string) => {
    socket.send(message);
    await until(answer, () => said.some((each) => each.includes(answer)));
    said.length = 0;
  };
  const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${demo.domain}' version='1.0'/>`;
  await ask(open, 'ANONYMOUS');
  expect(await sitesShown()).toMatch(/ second +0 +0 +0 +1 +0 +0 +0$/m);
  await ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", '<success');
  await ask(open, 'xmpp-bind');
  await ask(
    "<iq xmlns='jabber:client' id='b' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    '<jid>',
  );
  expect(await sitesShown()).toMatch(/ second +0 +0 +0 +1 +1 +0 +0$/m);
  expect(await command('status')).toMatch(/^\S+ +ready +0 +1 /m);
  socket.close();
  await until('it is gone', async () => / second +0 +0 +0 +0 +0 +0 +0$/m.test(await sitesShown()));
});

/** The table of sites that `boshd status` prints. */
async function sitesShown(): Promise<string> {
  return (await command('status')).split('\n\n')[1] ?? '';
}
