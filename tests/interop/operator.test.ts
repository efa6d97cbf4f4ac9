import { execFile, spawn } from 'node:child_process';
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
import { ChatSession } from '../support/xmpp/chat-session.ts';

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

  const listed = await command('sessions', 'websocket');
  expect(listed).toMatch(
    new RegExp(
      `^\\S+ +\\S+ +second +${demo.domain} +127\\.0\\.0\\.1 +websocket +logged in .* - +0 +- +0$`,
      'm',
    ),
  );
  const name = nameIn(listed);
  expect(await command('status', name)).toMatch(
    new RegExp(
      `: WebSocket, open for .*\\n +log-in: by ANONYMOUS, [\\s\\S]* XMPP server: 127\\.0\\.0\\.1:${demo.port}, `,
    ),
  );
  expect(await command('kick', name)).toBe(`boshd: session ${name} is ended\n`);
  await until('the client knows why', () => said.some((each) => each.includes('policy-violation')));
  socket.close();
  await until('it is gone', async () => / second +0 +0 +0 +0 +0 +0 +0$/m.test(await sitesShown()));
});

test('a session that lives, is refused its log-in, and is ended by the operator', async () => {
  const session = await ChatSession.login({ url: boshd.url, domain: demo.domain });
  const name = nameIn(await command('sessions', 'bosh'));
  const told = await command('status', name);
  expect(told).toMatch(/ lives: session over BOSH, open for .*, site default, member /);
  expect(told).toMatch(/\n {4}log-in: by ANONYMOUS, \d+ m?s after the creation\n {4}last event: logged-in, /);
  expect(told).toMatch(
    new RegExp(
      `\\n +XMPP server: 127\\.0\\.0\\.1:${demo.port}, not encrypted; its last answer took .*, the slowest `,
    ),
  );
  expect(told).toMatch(
    /\n +client: 127\.0\.0\.1, last heard of .* ago; \d+ requests, 1 held; 0 stanzas \(0 bytes\) /,
  );
  expect(await command('kick', name)).toBe(`boshd: session ${name} is ended\n`);
  expect((await session.ended).condition).toBe('policy-violation');
  await boshd.line({ event: 'session-ended', session: name, reason: 'ended-by-operator' });
  expect(await command('status', name)).toMatch(
    new RegExp(
      `ended-by-operator\\n {4}it lived .*; XMPP server 127\\.0\\.0\\.1:${demo.port}; logged in by ANONYMOUS; slowest`,
    ),
  );

  const refused = ChatSession.login({ url: boshd.url, domain: demo.domain, user: 'nobody', password: 'x' });
  await expect(refused).rejects.toThrow('log-in refused');
  const { session: other } = await boshd.line({ event: 'login-failed' });
  expect(await command('status', String(other))).toMatch(/SCRAM-SHA-1.{1,40}not-authorized/);
  await command('kick', String(other));
});

// The last: there is no way back from it.
test('a drain waits until sessions have left, and goes on when its command is stopped', async () => {
  const session = await ChatSession.login({ url: boshd.url, domain: demo.domain });
  const waiting = spawn(process.execPath, [MAIN, 'drain', '--for', '1h', '--config', file]);
  let said = '';
  waiting.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = new Promise((resolve) => waiting.once('close', resolve));
  await until('it says what is left', () => said.includes('left; what stays is ended in '));
  waiting.kill('SIGINT');
  expect(await code).toBe(130);
  expect(said).toMatch(
    /^boshd: draining: no new sessions; \d+ sessions? (?:is|are) left, and what is left after \d+[hm] will be ended\n[\s\S]*\nboshd: no longer waiting, but the drain goes on: no new sessions, \d+ sessions? left/,
  );
  expect((await new BoshClient(boshd.url).create(demo.domain)).status).toBe(503);

  const again = command('drain');
  await session.logout();
  expect(await again).toMatch(/^boshd: draining already; [\s\S]*\nboshd: no session is left, /);
});

/** The short name in the first row of a list of sessions. */
function nameIn(listed: string): string {
  return listed.split('\n')[1]?.split(' ')[0] ?? '';
}

/** The table of sites that `boshd status` prints. */
async function sitesShown(): Promise<string> {
  return (await command('status')).split('\n\n')[1] ?? '';
}
