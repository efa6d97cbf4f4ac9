import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const SHOP = { Host: 'shop.example' };
const BLOG = { Host: 'www.blog.example' };
const ELSEWHERE = { Host: 'elsewhere.example' };

let peer: XmppPeer;
let boshd: Boshd;

beforeAll(async () => {
  peer = await startXmppPeer();
  const override = { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' };
  boshd = await startBoshd({
    defaultSite: false,
    upstream: { overrides: { 'shop.example': override, 'blog.example': override } },
    sites: {
      shop: {
        hosts: ['shop.example'],
        origins: ['https://*.shop.example'],
        credentials: true,
        exposedHeaders: ['X-Shard'],
        extraHeaders: { 'X-Shard': 's1' },
        domains: { default: 'shop.example', allow: ['shop.example'] },
        session: { waitMax: '20s' },
        limits: { sessionsMax: 1 },
      },
      blog: {
        hosts: ['*.blog.example'],
        origins: ['*'],
        domains: { allow: ['blog.example'] },
        limits: { bodyBytesMax: '16KiB', stanzaBytesMax: '10000' },
      },
    },
  });
});

afterAll(async () => {
  await boshd.stop();
  await peer.close();
});

const client = (headers: Readonly<Record<string, string>>) => new BoshClient(boshd.url, { headers });
const login = (domain: string, headers: Readonly<Record<string, string>>) =>
  ChatSession.login({ url: boshd.url, domain, headers });

function ask(method: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>> }>(
    (resolve, reject) => {
      const asked = request(boshd.url, { method, headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      asked.on('error', reject).end();
    },
  );
}

describe('two sites of one boshd', () => {
  test('each has its own domains, terms, headers and limits', async () => {
    const shop = await login('shop.example', SHOP);
    const blog = await login('blog.example', BLOG);
    expect((await client(SHOP).create('blog.example')).condition).toBe('host-unknown');
    expect((await client(BLOG).create('shop.example')).condition).toBe('host-unknown');
    expect((await client(SHOP).create('shop.example')).condition).toBe('policy-violation');
    const second = await client(BLOG).create('blog.example');
    expect(second.body?.attributes.get('wait')).toBe('55');
    expect(second.headers['x-shard']).toBeUndefined();
    await shop.logout();
    const next = await client(SHOP).create('');
    expect(next.body?.attributes.get('wait')).toBe('20');
    expect(peer.received()).toContain("to='shop.example'");
    expect(next.headers['x-shard']).toBe('s1');
    await blog.logout();
  });

  test('a sid of one is nothing at the other, and the session does not feel it', async () => {
    const session = await login('blog.example', BLOG);
    const thief = client(SHOP);
    thief.sid = session.client.sid;
    thief.rid = session.client.rid;
    const reply = await thief.next('<message to="x@y" xmlns="jabber:client"><body>stolen</body></message>')
      .reply;
    expect(reply).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
    expect(reply.headers['x-shard']).toBe('s1');
    session.message('someone@peer', 'mine');
    expect(await session.nextMessage()).toBe('mine');
    expect(peer.received()).not.toContain('stolen');
    await session.logout();
  });

  test('a body too long for the one is none for the other', async () => {
    const long = `<message to="x@y" xmlns="jabber:client"><body>${'x'.repeat(20_000)}</body></message>`;
    const creation = { to: 'elsewhere.example', ver: '1.6', wait: 5, hold: 1 };
    expect((await client(BLOG).next(long, creation).reply).condition).toBe('bad-request');
    expect((await client(SHOP).next(long, creation).reply).condition).toBe('host-unknown');
  });

  test('are counted apart', async () => {
    const ofSite = async (name: string) =>
      (await boshd.lines()).filter(({ event, site }) => event === 'session-created' && site === name).length;
    expect(await ofSite('shop')).toBe(2);
    expect(await ofSite('blog')).toBe(3);
  });
});

describe('what fits no site', () => {
  test('is refused, with who and why in the log', async () => {
    expect((await ask('POST', ELSEWHERE)).status).toBe(404);
    await boshd.line({
      event: 'request-refused',
      code: 'no-site',
      detail: 'a page of no origin, by host elsewhere.example, from 127.0.0.1',
    });
  });

  test('a page of an origin that its host does not allow is refused, and gets no session', async () => {
    const connections = peer.connections();
    const evil = { ...SHOP, Origin: 'https://evil.example' };
    const reply = await new BoshClient(boshd.url, { headers: evil, strict: false }).create('shop.example');
    expect(reply.status).toBe(403);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    await boshd.line({ event: 'request-refused', code: 'origin-refused', site: 'shop' });
    expect(peer.connections()).toBe(connections);
  });
});

describe('pages of other origins', () => {
  const page = { ...SHOP, Origin: 'https://m.shop.example' };
  const allowed = {
    'access-control-allow-origin': 'https://m.shop.example',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'X-Shard',
    'x-shard': 's1',
    vary: 'Origin',
  };

  test.each([
    ['POST', 200],
    ['GET', 200],
    ['HEAD', 200],
    ['DELETE', 405],
    ['OPTIONS', 204],
  ])('%s: allowed by pattern, on every status', async (method, status) => {
    const reply = await ask(method, page);
    expect(reply).toMatchObject({ status, headers: allowed });
  });

  test('a preflight is answered for a day', async () => {
    const preflight = { ...page, 'Access-Control-Request-Method': 'POST' };
    expect((await ask('OPTIONS', preflight)).headers).toMatchObject({
      ...allowed,
      'access-control-max-age': '86400',
      'access-control-allow-methods': expect.stringContaining('POST'),
      'access-control-allow-headers': expect.stringContaining('Content-Type'),
    });
  });

  test('at the other site all are allowed, without credentials', async () => {
    const { headers } = await ask('POST', { ...BLOG, Origin: 'https://any.example' });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });
});
