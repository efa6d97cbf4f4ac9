import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../support/program.ts';
import { type FrontProxy, PROXIES, startProxy } from '../support/proxies/index.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { DOMAIN, type Members, type PageServer, startMembers, startPages } from './members.ts';

/** Longer than nginx, Apache, and HAProxy's samples wait by themselves (60 s, 60 s, 50 s). */
const HOLD_SECONDS = 65;

let members: Members;
let pages: PageServer;
/** Begun first, so that the other tests are made in the meantime: what became of the poll behind each. */
let held: Promise<readonly string[]>;
beforeAll(async () => {
  pages = await startPages();
  members = await startMembers(1, { session: { waitMax: '75s' } });
  const waiting = await Promise.all(PROXIES.map(waitBehind));
  held = Promise.all(waiting.map(comesBack));
  // Who waits for it sees the error.
  held.catch(() => undefined);
});
afterAll(async () => {
  await members.stop();
  await pages.close();
});

interface Waiting {
  readonly name: string;
  readonly proxy: FrontProxy;
  readonly session: ChatSession;
}

/** A session behind a proxy of its own, with a poll that is held for long. */
async function waitBehind(name: (typeof PROXIES)[number]): Promise<Waiting> {
  const proxy = await startProxy(name, ['--host', 'one.example', ...members.flags, '--wait', '75']);
  const site = proxy.site('one.example');
  return { name, proxy, session: await ChatSession.login({ ...site, domain: DOMAIN, wait: HOLD_SECONDS }) };
}

async function comesBack({ name, proxy, session }: Waiting): Promise<string> {
  try {
    const over = session.ended.then(({ condition }) => `${name}: the session ended: ${condition}`);
    const fine = sleep((HOLD_SECONDS + 3) * 1000, `${name}: fine`);
    const what = await Promise.race([over, fine]);
    if (what !== `${name}: fine`) return what;
    session.message('someone@peer', 'still here');
    expect(await session.nextMessage()).toBe('still here');
    await session.logout();
    return what;
  } finally {
    await proxy.stop();
  }
}

function page(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, headers: { host: `${host}:${port}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    });
    request.on('error', reject);
  });
}

describe.each(PROXIES)('%s', (name) => {
  let proxy: FrontProxy;
  beforeAll(async () => {
    const sites = ['--host', 'one.example', '--host', 'two.example', '--pages', pages.origin];
    proxy = await startProxy(name, [...sites, ...members.flags, '--wait', '75']);
  });
  afterAll(() => proxy.stop());

  test.each(['one.example', 'two.example'])(
    'has the BOSH URL on the origin of %s, beside its pages',
    async (host) => {
      const { url, headers } = proxy.site(host);
      expect(await page(proxy.port, host)).toBe(`page of ${host}`);
      const session = await ChatSession.login({ url, headers, domain: DOMAIN });
      for (let count = 0; count < 10; count += 1) {
        session.message('someone@peer', `text ${count} 😀`);
        expect(await session.nextMessage()).toBe(`text ${count} 😀`);
      }
      await session.logout();
    },
  );

  test('with a slash at its end, too', async () => {
    const { url, headers } = proxy.site('one.example', '/http-bind/');
    const session = await ChatSession.login({ url, headers, domain: DOMAIN });
    await session.logout();
  });

  test('a page of the other site is another origin', async () => {
    const { url, headers } = proxy.site('one.example');
    const foreign = { ...headers, origin: proxy.site('two.example').headers['origin'] ?? '' };
    const client = new BoshClient(url, { headers: foreign, strict: false });
    expect((await client.create(DOMAIN)).status).toBe(403);
    client.close();
  });

  test('what a client says of its address is not passed on', async () => {
    const { url, headers } = proxy.site('one.example');
    const forged = {
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-forwarded-host': 'evil.example',
    };
    const before = (await created()).length;
    const session = await ChatSession.login({ url, headers: { ...headers, ...forged }, domain: DOMAIN });
    const lines = (await created()).slice(before);
    expect(lines.map(({ address }) => address)).toEqual(['127.0.0.1']);
    await session.logout();
  });

  test('a body of 100 KB passes both ways', async () => {
    const { url, headers } = proxy.site('one.example');
    const session = await ChatSession.login({ url, headers, domain: DOMAIN });
    const text = 'x'.repeat(100_000);
    session.message('someone@peer', text);
    expect(await session.nextMessage()).toBe(text);
    await session.logout();
  });

  test('the WebSocket comes through', async () => {
    const { url, headers } = proxy.site('one.example', '/xmpp-websocket');
    const socket = new WebSocket(url.replace('http:', 'ws:'), 'xmpp', { headers });
    await once(socket, 'open');
    const texts: string[] = [];
    socket.on('message', (data) => texts.push(String(data)));
    socket.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${DOMAIN}' version='1.0'/>`);
    await until('the features', () => texts.some((text) => text.includes('ANONYMOUS')));
    expect([socket.protocol, texts[0]?.startsWith('<open')]).toEqual(['xmpp', true]);
    socket.close();
    await once(socket, 'close');
  });

  async function created() {
    return (await members.boshds[0]?.lines())?.filter(({ event }) => event === 'session-created') ?? [];
  }
});

test(`a poll that is held for ${HOLD_SECONDS} s comes back through each of them`, async () => {
  expect(await held).toEqual(PROXIES.map((name) => `${name}: fine`));
}, 180_000);
