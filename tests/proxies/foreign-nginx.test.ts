import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import type { RunningProgram } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const DOMAIN = 'peer.example';
const SECRET = 'Ahng8eiQu2ohChai';
const KEY = 'ieNg3Eeghei5Oogh';
const USERS = 200;

/*
 * Browsers -> the nginx of a web site elsewhere -> our own nginx -> boshd.
 *
 * Everything is on one machine, so that two things are said instead of happening: the browser's address, which the first
 * nginx takes from X-Test-Address as from its socket, and the address of the first nginx, which the second adds.
 */
const FOREIGN = '198.51.100.7';

let peer: XmppPeer;
let boshd: Boshd;
let nginx: RunningProgram;
const ports = { header: 0, key: 0, stranger: 0, edge: 0 };

function foreignServer(port: number, more: string, path = '/http-bind'): string {
  return `server {
    listen 127.0.0.1:${port};
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Address;
    location /http-bind {
      proxy_pass http://127.0.0.1:${ports.edge}${path};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      ${more}
    }
  }`;
}

beforeAll(async () => {
  for (const name of ['header', 'key', 'stranger', 'edge'] as const) ports[name] = await freePort();
  peer = await startXmppPeer();
  boshd = await startBoshd({
    trustedProxies: ['127.0.0.1'],
    limits: { sessionsPerAddressMax: 1 },
    upstream: { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
    sites: {
      shop: { proxiedBy: { secrets: [SECRET] }, extraHeaders: { 'X-Shard': 'shop' } },
      blog: { proxiedBy: { pathKeys: [KEY] }, extraHeaders: { 'X-Shard': 'blog' } },
    },
  });
  nginx = await startNginx({
    http: `
      ${foreignServer(ports.header, `proxy_set_header X-Boshd-Site ${SECRET};`)}
      ${foreignServer(ports.key, '', `/http-bind/${KEY}`)}
      ${foreignServer(ports.stranger, '')}
      server {
        listen 127.0.0.1:${ports.edge};
        location /http-bind {
          proxy_pass ${boshd.origin};
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For "$http_x_forwarded_for, ${FOREIGN}";
        }
      }`,
    ports: Object.values(ports),
  });
});

afterAll(async () => {
  await nginx.stop();
  await boshd.stop();
  await peer.close();
});

const addressOf = (user: number) => `203.0.113.${user + 1}`;

function browser(port: number, user: number): BoshClient {
  const headers = { 'X-Test-Address': addressOf(user), 'X-Forwarded-For': '192.0.2.99' };
  return new BoshClient(`http://127.0.0.1:${port}/http-bind`, { headers });
}

test(`${USERS} people behind the web server of a site are as many, and each has the limit of one`, async () => {
  const clients = Array.from({ length: USERS }, (_, user) => browser(ports.header, user));
  const replies = await Promise.all(clients.map((client) => client.create(DOMAIN)));
  expect(replies.filter(({ type }) => type !== undefined)).toEqual([]);
  expect(new Set(replies.map(({ headers }) => headers['x-shard']))).toEqual(new Set(['shop']));
  const created = (await boshd.lines()).filter(
    ({ event, site }) => event === 'session-created' && site === 'shop',
  );
  const addresses = new Set(Array.from({ length: USERS }, (_, user) => addressOf(user)));
  expect(new Set(created.map(({ address }) => address))).toEqual(addresses);
  // A second session of one of them is one too many.
  const second = await browser(ports.header, 7).create(DOMAIN);
  expect(second).toMatchObject({ type: 'terminate', condition: 'policy-violation', status: 200 });
  expect(second.headers['retry-after']).toBe('30');
  for (const client of clients) client.close();
});

test('a key in the path is as good, and stays out of the log', async () => {
  const session = await ChatSession.login({
    url: `http://127.0.0.1:${ports.key}/http-bind`,
    domain: DOMAIN,
    headers: { 'X-Test-Address': '203.0.113.250' },
  });
  session.message('someone@peer', 'hello');
  expect(await session.nextMessage()).toBe('hello');
  await session.logout();
  await boshd.line({ event: 'session-created', site: 'blog', address: '203.0.113.250' });
  const log = await boshd.log();
  for (const secret of [KEY, SECRET]) expect(log).not.toContain(secret);
});

test('without the secret all who come that way are one address', async () => {
  const first = browser(ports.stranger, 1);
  expect((await first.create(DOMAIN)).type).toBeUndefined();
  expect((await browser(ports.stranger, 2).create(DOMAIN)).condition).toBe('policy-violation');
  await boshd.line({ event: 'session-created', site: 'default', address: FOREIGN });
  await boshd.line({ event: 'session-refused', site: 'default', address: FOREIGN });
  first.close();
});

test('a wrong secret is none', async () => {
  const headers = { 'X-Boshd-Site': `${SECRET}x`, 'X-Test-Address': '203.0.113.251' };
  const client = new BoshClient(`http://127.0.0.1:${ports.stranger}/http-bind`, { headers });
  expect((await client.create(DOMAIN)).headers['x-shard']).toBeUndefined();
  client.close();
});
