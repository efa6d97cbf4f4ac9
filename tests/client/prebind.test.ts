import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type Session, xml } from '@boshd/client';
import { type Prebound, prebind } from '@boshd/client/prebind';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../packages/client/bundle.mjs';
import { CONVERSE_FILES } from '../browser/converse-page.ts';
import { domainOf, type Servers, startServers, USERS } from '../interop/servers.ts';
import { startChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { accepts, makeDirectory, type RunningProgram, startProgram } from '../support/program.ts';
import { packageFile } from '../support/site.ts';

const DOMAIN = domainOf('prosody', 'override-starttls');
const ALICE = `alice@${DOMAIN}`;
const SECRET = 'a-secret-of-the-site';
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let browser: Browser;
let servers: Servers;
let adminPort: number;
let bob: Session;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  adminPort = await freePort();
  const more = {
    admin: { listen: [`127.0.0.1:${adminPort}`] },
    trustedProxies: ['127.0.0.1'],
    prebind: { secrets: [SECRET] },
    sites: {
      bound: { hosts: ['bound.example'], prebind: { cookie: true, attemptsBurst: 3, attemptsPerMinute: 1 } },
    },
  };
  [browser, servers] = await Promise.all([startChromium(), startServers(['prosody'], {}, more)]);
  bob = connect({ url: servers.boshd.url, jid: `bob@${DOMAIN}`, password: USERS.bob });
  await bob.ready;
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await bob.close();
  await browser.close();
  await servers.stop();
});

const adminUrl = (): string => `http://127.0.0.1:${adminPort}/prebind`;
const publicUrl = (): string => `${servers.boshd.origin}/prebind`;
const forAlice = (): Promise<Prebound> => prebind({ url: adminUrl(), jid: ALICE, password: USERS.alice });

/** The next message that comes. */
async function heardBy(session: Session): Promise<{ readonly from: string; readonly text: string }> {
  for await (const stanza of session) {
    const body = stanza.child('body');
    if (stanza.name === 'message' && body !== undefined)
      return { from: stanza.attributes['from'] ?? '', text: body.text };
  }
  throw new Error('the session ended');
}

async function bobSays(to: string, text: string): Promise<void> {
  await bob.send(xml('message', { to, type: 'chat' }, xml('body', {}, text))).done;
}

/** Passes `/http-bind` on to boshd, and everything else to the web application: what the web server in front does. */
async function front(
  application: number | ((path: string) => Promise<readonly [string, string | Uint8Array]>),
): Promise<string> {
  const server: Server = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    const port = url === '/http-bind' ? servers.boshd.port : application;
    if (typeof port !== 'number') {
      port(url).then(
        ([type, content]) => response.writeHead(200, { 'Content-Type': type }).end(content),
        () => response.writeHead(404).end(),
      );
      return;
    }
    const onward = httpRequest(
      { port, host: '127.0.0.1', path: url, method, headers, agent: false },
      (reply) => {
        response.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function open(origin: string): Promise<Page> {
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(origin);
  return tab;
}

describe('orders', () => {
  it('give a session that is logged in', async () => {
    const made = await forAlice();
    expect(made).toMatchObject({ jid: expect.stringMatching(`^${ALICE}/`), sid: expect.any(String) });
    const session = connect({ url: servers.boshd.url, attach: made });
    expect(await session.ready).toBe(made.jid);
    const heard = heardBy(session);
    await bobSays(made.jid, 'attached');
    expect((await heard).text).toBe('attached');
    const second = connect({ url: servers.boshd.url, attach: made });
    const ended = new Promise((resolve) =>
      second.onState(({ name, reason }) => name === 'ended' && resolve(reason?.code)),
    );
    expect(await ended).toBe('session-lost');
    await servers.boshd.line({ event: 'request-refused', code: 'claimed-already' });
    await session.close();
  });

  it('are taken on the public listener from those who have the secret', async () => {
    const order = { url: publicUrl(), jid: ALICE, password: USERS.alice };
    const { sid } = await prebind({ ...order, secret: SECRET });
    expect(sid).not.toBe('');
    await expect(prebind(order)).rejects.toMatchObject({ code: 'forbidden', status: 401 });
    await expect(prebind({ ...order, secret: `${SECRET}x` })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(prebind({ ...order, secret: SECRET, site: 'bound' })).rejects.toMatchObject({ status: 403 });
  });

  it.each(['Origin', 'Sec-Fetch-Site'])('of a browser are refused: %s', async (name) => {
    for (const url of [adminUrl(), publicUrl()]) {
      const headers = { [name]: url.slice(0, -'/prebind'.length), Authorization: `Bearer ${SECRET}` };
      const { status } = await fetch(url, { method: 'POST', headers, body: '{}' });
      expect(status).toBe(403);
    }
  });

  it('say what is wrong, and the password is in no log', async () => {
    const password = 'wrong-and-never-logged';
    await expect(prebind({ url: adminUrl(), jid: ALICE, password })).rejects.toMatchObject({
      code: 'not-authorized',
      status: 401,
    });
    await expect(prebind({ url: adminUrl(), jid: 'no address', password })).rejects.toMatchObject({
      status: 400,
    });
    await servers.boshd.line({ event: 'login-failed' });
    expect(JSON.stringify(await servers.boshd.lines())).not.toContain(password);
  });

  it('are counted by account, and bound to a cookie where the site says so', async () => {
    const order = { url: adminUrl(), jid: ALICE, password: USERS.alice, site: 'bound' };
    const made = await prebind(order);
    const [cookie = ''] = made.cookie?.split(';') ?? [];
    expect(made.cookie).toMatch(/^boshd-claim-[0-9a-f]{8}=[0-9a-f]{32}; .*HttpOnly; SameSite=Strict$/);
    const claim = (headers: Readonly<Record<string, string>>) =>
      post(made, { 'X-Forwarded-Host': 'bound.example', ...headers });
    expect(await claim({})).toContain("condition='item-not-found'");
    expect(await claim({ Cookie: `${cookie}x` })).toContain("condition='item-not-found'");
    expect(await claim({ Cookie: `a=b; ${cookie}` })).not.toContain('terminate');
    await prebind(order);
    await prebind(order);
    await expect(prebind(order)).rejects.toMatchObject({
      code: 'busy',
      status: 429,
      retryAfterMs: expect.any(Number),
    });
  });
});

/** The first request of a page. */
async function post({ sid, rid }: Prebound, headers: Readonly<Record<string, string>>): Promise<string> {
  const body = `<body rid='${rid}' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'><presence xmlns='jabber:client'/></body>`;
  return (await fetch(servers.boshd.url, { method: 'POST', body, headers })).text();
}

describe('unmodified clients go on with a session', () => {
  it('Strophe', async () => {
    const made = await forAlice();
    const origin = await front(async (path) => {
      if (path === '/strophe.js')
        return ['text/javascript', await packageFile('strophe.js/dist/strophe.umd.min.js')];
      return ['text/html', '<!doctype html><meta charset="utf-8"><script src="strophe.js"></script>'];
    });
    const tab = await open(origin);
    const attached = (rid: number) => `new Promise((resolve) => {
      const { Strophe, $pres, $msg } = window;
      const connection = new Strophe.Connection('/http-bind');
      window.heard = new Promise((hear) => connection.addHandler((stanza) => { hear(stanza.textContent); return true; }, null, 'message'));
      connection.attach(${JSON.stringify(made.jid)}, ${JSON.stringify(made.sid)}, ${rid}, (status) => {
        if (status === Strophe.Status.ATTACHED) connection.send($pres());
        if (status === Strophe.Status.ATTACHED) connection.send($msg({ to: ${JSON.stringify(bob.jid)}, type: 'chat' }).c('body').t('from Strophe'));
        if ([Strophe.Status.CONNFAIL, Strophe.Status.DISCONNECTED].includes(status)) resolve('refused');
      });
      window.heard.then(() => resolve('attached'));
    })`;
    const heard = heardBy(bob);
    const first = tab.evaluate(attached(made.rid));
    expect(await heard).toEqual({ from: made.jid, text: 'from Strophe' });
    await bobSays(made.jid, 'to Strophe');
    expect(await first).toBe('attached');
    // The same page in another tab.
    const other = await open(origin);
    expect(await other.evaluate(attached(made.rid))).toBe('refused');
    await bobSays(made.jid, 'still there');
    await tab.evaluate('window.heard');
  });

  it('Converse, by prebind_url', async () => {
    const libraries = new Map<string, Uint8Array>(
      await Promise.all(
        CONVERSE_FILES.map(
          async (file) => [`/${file.split('/').at(-1)}`, await packageFile(`converse.js/${file}`)] as const,
        ),
      ),
    );
    const origin = await front(async (path) => {
      if (path === '/prebind') return ['application/json', JSON.stringify(await forAlice())];
      const library = libraries.get(path.split('?')[0] ?? '');
      if (library !== undefined)
        return [
          path.endsWith('.wasm')
            ? 'application/wasm'
            : path.endsWith('.json')
              ? 'application/json'
              : 'text/javascript',
          library,
        ];
      return [
        'text/html',
        `<!doctype html><meta charset="utf-8"><script type="module">
        import { api, converse } from './converse-headless.min.js';
        window.heard = new Promise((hear) => converse.plugins.add('recorder', {
          initialize() { api.listen.on('message', ({ attrs }) => attrs.body && attrs.sender === 'them' && hear(attrs.body)); },
        }));
        converse.initialize({
          authentication: 'prebind', jid: ${JSON.stringify(ALICE)}, prebind_url: '/prebind', auto_login: true,
          bosh_service_url: '/http-bind', discover_connection_methods: false,
          whitelisted_plugins: ['recorder'], loglevel: 'fatal', assets_path: '/',
        });
        window.say = async (to, body) => (await api.chats.open(to)).sendMessage({ body });
        window.connected = api.waitUntil('statusInitialized');
      </script>`,
      ];
    });
    const tab = await open(origin);
    await tab.evaluate('window.connected');
    const heard = heardBy(bob);
    await tab.evaluate(`window.say(${JSON.stringify(`bob@${DOMAIN}`)}, 'from Converse')`);
    const { from, text } = await heard;
    expect([from.slice(0, ALICE.length), text]).toEqual([ALICE, 'from Converse']);
    await bobSays(from, 'to Converse');
    expect(await tab.evaluate('window.heard')).toBe('to Converse');
  });
});

/** A folder of examples/, what its web application is made with, and how it is started. */
const APPLICATIONS: readonly (readonly [
  string,
  string,
  readonly string[],
  (port: number) => readonly [string, readonly string[]],
])[] = [
  [
    'attach-node',
    'nothing else',
    ['server.js', 'chat.html', 'chat.js', 'package.json'],
    () => [process.execPath, ['server.js']],
  ],
  [
    'attach-node',
    'Express',
    ['express.js', 'chat.html', 'chat.js', 'package.json'],
    () => [process.execPath, ['express.js']],
  ],
  [
    'attach-php',
    'nothing else',
    ['chat-session.php', 'index.html', 'chat.js'],
    (port) => ['php', ['-S', `127.0.0.1:${port}`]],
  ],
  [
    'attach-python',
    'nothing else',
    ['app.py', 'chat.html', 'chat.js'],
    () => ['/usr/bin/python3', ['app.py']],
  ],
  [
    'attach-python',
    'Flask',
    ['flask_app.py', 'app.py', 'chat.html', 'chat.js'],
    () => ['/usr/bin/python3', ['flask_app.py']],
  ],
];

describe.each(APPLICATIONS)('examples/%s with %s', (folder, _framework, files, startOf) => {
  it('has a page that chats without a password in it', async () => {
    const directory = await makeDirectory(folder);
    for (const file of files) await copyFile(join(EXAMPLES, folder, file), join(directory, file));
    const client = await bundle('src/script.ts', 'iife');
    await writeFile(join(directory, 'boshd-client.js'), client ?? '');
    await mkdir(join(directory, 'node_modules'));
    for (const name of ['@boshd', 'express']) {
      await symlink(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
    }
    const port = await freePort();
    const [command, args] = startOf(port);
    const env = {
      PORT: `${port}`,
      BOSHD: publicUrl(),
      BOSHD_SECRET: SECRET,
      XMPP_JID: ALICE,
      XMPP_PASSWORD: USERS.alice,
    };
    const isReady = () => accepts(port);
    const program: RunningProgram = await startProgram({
      name: folder,
      command,
      args,
      directory,
      env,
      isReady,
    });
    closing.push(() => program.stop());
    const tab = await open(await front(port));
    await tab.locator('#state').filter({ hasText: 'online' }).waitFor();
    const heard = heardBy(bob);
    await tab.getByLabel('To').fill(bob.jid ?? '');
    await tab.getByLabel('Message').fill('no password');
    await tab.getByRole('button', { name: 'Send' }).click();
    const { from, text } = await heard;
    expect(text).toBe('no password');
    await bobSays(from, 'not needed');
    await tab.locator('#log').filter({ hasText: 'not needed' }).waitFor();
    const seen = (await tab.content()) + (await (await fetch(`http://127.0.0.1:${port}/chat.js`)).text());
    expect(seen).not.toContain(USERS.alice);
    // Another page cannot have a session made.
    const { status } = await fetch(
      `http://127.0.0.1:${port}/chat-session${folder === 'attach-php' ? '.php' : ''}`,
      { method: 'POST' },
    );
    expect(status).toBe(403);
  });
});
