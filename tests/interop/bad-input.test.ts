import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';
import { BAD_BODIES, BAD_RIDS } from './bad-bodies.ts';

const DOMAIN = 'peer.example';
/** Stands in everything that must not reach the XMPP server. */
const POISON = 'POISON';

let peer: XmppPeer;
let boshd: Boshd;
/** Another user, who must not notice anything. */
let witness: ChatSession;

beforeAll(async () => {
  peer = await startXmppPeer();
  boshd = await startBoshd({
    http: { headTime: '2s', bodyTime: '2s' },
    limits: { bodyBytesMax: '64KiB', stanzaBytesMax: '16KiB' },
    compression: { requests: true },
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } },
    },
  });
  witness = await ChatSession.login({ url: boshd.url, domain: DOMAIN });
});

afterAll(async () => {
  await witness.logout();
  expect(peer.received().includes(POISON)).toBe(false);
  await boshd.stop();
  await peer.close();
});

let harmless = 0;

/** The process lives, another session chats on, and nothing of what was refused reached the server. */
async function expectNoHarm(): Promise<void> {
  harmless += 1;
  witness.message('someone@peer', `still here ${harmless}`);
  expect(await witness.nextMessage()).toBe(`still here ${harmless}`);
  expect(boshd.isRunning()).toBe(true);
  expect(peer.received().includes(POISON)).toBe(false);
}

describe('a <body/> that is malformed, hostile or too large', () => {
  test.each(BAD_BODIES)('$name, to create a session: nothing is dialled', async ({ code, text }) => {
    const connections = peer.connections();
    const client = new BoshClient(boshd.url);
    const attributes = `rid='1' to='${DOMAIN}' wait='1' hold='1' ver='1.6'`;
    const { status, type, condition } = await client.post(text(attributes, POISON)).reply;
    client.close();
    expect({ status, type, condition }).toEqual({ status: 200, type: 'terminate', condition: 'bad-request' });
    await boshd.line({ event: 'request-refused', code });
    await expectNoHarm();
    expect(peer.connections()).toBe(connections);
  });

  test.each(BAD_BODIES)('$name, within a session: nothing of it goes on, the session does', async (bad) => {
    const { code, text, isNobodys } = bad;
    const session = await ChatSession.login({ url: boshd.url, domain: DOMAIN, wait: 5 });
    const { client } = session;
    if (isNobodys !== true) client.rid += 1;
    const { status, type, condition } = await client.post(
      text(`rid='${client.rid}' sid='${client.sid}'`, POISON),
    ).reply;
    expect({ status, type, condition }).toEqual(
      isNobodys === true
        ? { status: 200, type: 'terminate', condition: 'bad-request' }
        : { status: 200, type: undefined, condition: undefined },
    );
    await boshd.line({ event: 'request-refused', code });
    await expectNoHarm();
    session.message('someone@peer', 'goes on');
    expect(await session.nextMessage()).toBe('goes on');
    await session.logout();
  });

  test.each(BAD_BODIES)('$name, during a log-in: the session ends, at the server too', async (bad) => {
    const { text, isNobodys } = bad;
    const client = new BoshClient(boshd.url);
    await client.create(DOMAIN);
    const ended = count('</stream:stream>');
    const attributes = `rid='${client.rid + 1}' sid='${client.sid}'`;
    const { status, type, condition } = await client.post(text(attributes, POISON)).reply;
    expect({ status, type, condition }).toEqual({ status: 200, type: 'terminate', condition: 'bad-request' });
    if (isNobodys !== true) {
      await until('the end of the stream', () => count('</stream:stream>') > ended);
      expect((await client.next().reply).condition).toBe('bad-request');
    }
    client.close();
    await expectNoHarm();
  });

  test.each([
    ['a vertical tab', 'bad-request', 'one line\u000banother'],
    ['an entity of HTML', 'bad-request', 'one&nbsp;two'],
    ['more than a stanza may have', 'policy-violation', 'x'.repeat(20_000)],
  ])('%s in a message: its sender hears of it by an error', async (_, condition, content) => {
    const session = await ChatSession.login({ url: boshd.url, domain: DOMAIN, wait: 5 });
    session.send(
      `<message xmlns='jabber:client' to='someone@peer' id='m1'><body>${POISON}${content}</body></message>`,
    );
    const error = await session.next('the error', ({ attributes }) => attributes.get('id') === 'm1');
    expect([error.name, error.attributes.get('type'), error.attributes.get('from')]).toEqual([
      'message',
      'error',
      'someone@peer',
    ]);
    expect(error.children[0]?.children[0]?.name).toBe(condition);
    session.message('someone@peer', 'goes on');
    expect(await session.nextMessage()).toBe('goes on');
    await session.logout();
    await expectNoHarm();
  });
});

/** How often the XMPP server was sent this. */
function count(text: string): number {
  return peer.received().split(text).length - 1;
}

describe('a request that does not fit its session', () => {
  test.each(BAD_RIDS)('rid=%s: bad-request', async (rid) => {
    const client = new BoshClient(boshd.url);
    const reply = await client.request({ to: DOMAIN, rid, ver: '1.6' }, `<message>${POISON}</message>`).reply;
    client.close();
    expect([reply.status, reply.condition]).toEqual([200, 'bad-request']);
    await expectNoHarm();
  });

  test.each([
    ['an unknown sid', 'no-such-session'],
    ['a sid that is none', '<&>'],
    ['an empty sid', ''],
    ['a very long sid', 'x'.repeat(10_000)],
  ])('%s: item-not-found', async (_, sid) => {
    const client = new BoshClient(boshd.url);
    const reply = await client.request({ sid, rid: 5 }, `<message>${POISON}</message>`).reply;
    client.close();
    expect([reply.status, reply.type, reply.condition]).toEqual([200, 'terminate', 'item-not-found']);
    await expectNoHarm();
  });

  test('a rid beyond the window: item-not-found, and the session is over', async () => {
    const client = new BoshClient(boshd.url);
    await client.create(DOMAIN);
    client.rid += 1000;
    const payload = `<message xmlns='jabber:client'>${POISON}</message>`;
    expect((await client.next(payload).reply).condition).toBe('item-not-found');
    client.rid -= 1000;
    expect((await client.next().reply).condition).toBe('item-not-found');
    client.close();
    await boshd.line({ event: 'session-ended', reason: 'bad-rid' });
    await expectNoHarm();
  });
});

describe('an HTTP request that is none for BOSH', () => {
  const body = `<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='${DOMAIN}' ver='1.6'><message>${POISON}</message></body>`;
  test.each([
    ['PUT', '/http-bind', 405],
    ['DELETE', '/http-bind', 405],
    ['POST', '/other', 404],
  ])('%s %s: %d', async (method, path, status) => {
    const connections = peer.connections();
    const reply = await fetch(`${boshd.origin}${path}`, { method, body });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    await reply.text();
    await expectNoHarm();
    expect(peer.connections()).toBe(connections);
  });

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['no origin in particular', { origin: 'null' }, 403],
    ['a form that is posted', { 'sec-fetch-mode': 'navigate' }, 403],
  ])('%s: refused', async (_, headers, status) => {
    const connections = peer.connections();
    const client = new BoshClient(boshd.url);
    const reply = await client.post(body, headers).reply;
    client.close();
    expect([reply.status, reply.body]).toEqual([status, undefined]);
    await expectNoHarm();
    expect(peer.connections()).toBe(connections);
  });

  test('a coding that is not known: refused', async () => {
    const client = new BoshClient(boshd.url);
    const reply = await client.post(`=${body}`, { 'content-encoding': 'rot13' }).reply;
    client.close();
    expect([reply.status, reply.body]).toEqual([415, undefined]);
    await expectNoHarm();
  });

  test.each([
    ['an inflating bomb', gzipSync(Buffer.alloc(50_000_000, ' ')), 'body-too-large'],
    ['a truncated coding', gzipSync(Buffer.from(body)).subarray(0, 60), 'not-well-formed'],
  ])('%s: bad-request', async (_, content, code) => {
    const client = new BoshClient(boshd.url);
    const reply = await client.post(content, { 'content-encoding': 'gzip' }).reply;
    client.close();
    expect([reply.status, reply.condition]).toEqual([200, 'bad-request']);
    await boshd.line({ event: 'request-refused', code });
    await expectNoHarm();
  });

  const head = 'POST /http-bind HTTP/1.1\r\nHost: localhost\r\n';
  test.each([
    ['a body that does not come', `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 90)}`, 408],
    ['a head that does not come', head, 408],
    ['no Host', `POST /http-bind HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, 400],
    ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${body}`, 400],
    [
      'a length and chunks',
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
      400,
    ],
    ['a broken chunk', `${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n${body}`, 400],
    ['an endless header', `${head}X: ${'x'.repeat(100_000)}`, 431],
    ['what is not HTTP', `${body}\r\n\r\n`, 400],
  ])('%s: it is answered and cut off', async (_, bytes, status) => {
    expect(await converse(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await expectNoHarm();
  });
});

/** What is answered to these bytes until the connection is closed from the other side. */
function converse(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: boshd.port, host: '127.0.0.1' });
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
    });
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)));
    socket.on('close', () => resolve(received));
    socket.write(bytes);
  });
}
