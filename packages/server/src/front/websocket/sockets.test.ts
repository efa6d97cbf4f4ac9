import { ascii } from '@boshd/engine/kit';
import type { SocketId } from '@boshd/engine/socket';
import { CLIENT_XML_LIMITS } from '@boshd/engine/wire';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  type RawReply,
  request,
  startFront,
} from '../../../../../tests/support/front-rig.ts';
import { SAME_ORIGIN_CORS } from '../options.ts';

const LISTED = 'https://web.example';
const APP = 'capacitor://localhost';
const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'xmpp',
};

let rig: FrontRig;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  rig = await startFront(
    {
      syntaxes: ['post', 'websocket'],
      cors: { ...SAME_ORIGIN_CORS, origins: [LISTED, APP] },
      limits: { ...(await limits()), keepAliveMs: 400 },
      xml: { ...CLIENT_XML_LIMITS, stanzaBytesMax: 100_000 },
    },
    answerAll,
  );
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await rig.stop();
});

async function limits() {
  return (await import('../options.ts')).FRONT_LIMITS;
}

/** Opens a WebSocket as a program does; rejects with what the server said instead. */
async function open(path = '/xmpp-websocket', origin?: string): Promise<[WebSocket, SocketId]> {
  const options = origin === undefined ? {} : { origin };
  const socket = new WebSocket(`ws://127.0.0.1:${rig.port}${path}`, 'xmpp', options);
  sockets.push(socket);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  expect(socket.protocol).toBe('xmpp');
  return [socket, (await rig.next('socket-opened')).socket];
}

const message = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => socket.once('message', (data, isBinary) => resolve(`${isBinary} ${data}`)));
const closed = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', (code) => resolve(code)));

async function handshake(
  headers: Readonly<Record<string, string>>,
  target = '/xmpp-websocket',
): Promise<RawReply> {
  const client = rig.connect();
  client.write(request('GET', target, { ...HANDSHAKE, ...headers }));
  return await client.reply();
}

describe('the handshake', () => {
  test.each<[what: string, target: string, headers: Record<string, string>, status: number]>([
    ['of a program', '/xmpp-websocket', {}, 101],
    ['with a slash and a query', '/xmpp-websocket/?a=b', {}, 101],
    ['with two slashes before the path', '//xmpp-websocket', {}, 101],
    ['of a page of the site', '/xmpp-websocket', { Origin: 'https://chat.example.org' }, 101],
    ['of a listed page', '/xmpp-websocket', { Origin: LISTED }, 101],
    ['of a foreign page', '/xmpp-websocket', { Origin: 'https://evil.example' }, 403],
    ['of a listed app', '/xmpp-websocket', { Origin: APP }, 101],
    ['of another app', '/xmpp-websocket', { Origin: 'ionic://localhost' }, 403],
    ['of a page without an origin', '/xmpp-websocket', { Origin: 'null' }, 403],
    ['with more subprotocols', '/xmpp-websocket', { 'Sec-WebSocket-Protocol': 'chat, xmpp' }, 101],
    ['with another subprotocol', '/xmpp-websocket', { 'Sec-WebSocket-Protocol': 'chat' }, 400],
    [
      'in another spelling',
      '/xmpp-websocket',
      { Upgrade: 'WebSocket', Connection: 'keep-alive, Upgrade' },
      101,
    ],
    ['at another path', '/xmpp-websockets', {}, 404],
    ['at the BOSH path', '/http-bind', {}, 404],
    ['of another version', '/xmpp-websocket', { 'Sec-WebSocket-Version': '12' }, 400],
    ['with a bad key', '/xmpp-websocket', { 'Sec-WebSocket-Key': 'x' }, 400],
  ])('%s', async (_, target, headers, status) => {
    const client = rig.connect();
    client.write(request('GET', target, { ...HANDSHAKE, ...headers }));
    const line = await new Promise<string>((resolve) => {
      client.socket.once('data', (text) => resolve(String(text).split('\r\n')[0] ?? ''));
    });
    expect(line).toContain(`HTTP/1.1 ${status}`);
    expect(rig.inputs.filter(({ type }) => type === 'socket-opened')).toHaveLength(status === 101 ? 1 : 0);
  });

  test('what is refused has the headers that every reply has, and a line in the log', async () => {
    const { status, headers } = await handshake({ Origin: 'https://evil.example' });
    expect(status).toBe(403);
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
    expect(rig.log).toMatchObject([{ event: 'request-refused', code: 'origin-refused', site: 'default' }]);
  });

  test('without an upgrade, the path says what it is for', async () => {
    const client = rig.connect();
    client.write(request('GET', '/xmpp-websocket'));
    const reply = await client.reply();
    expect(reply.status).toBe(426);
    expect(reply.headers).toMatchObject({ upgrade: 'websocket' });
  });

  test.each([
    ['GET', { Connection: 'Upgrade', Upgrade: 'h2c' }],
    ['POST', { Connection: 'Upgrade', Upgrade: 'websocket' }],
  ])('another upgrade is left alone: %s %j', async (method, headers) => {
    const client = rig.connect();
    const text = method === 'GET' ? request('GET', '/http-bind', headers) : post(bodyOf(1), headers);
    client.write(text);
    expect((await client.reply()).status).toBe(200);
    client.write(post(bodyOf(2)));
    expect((await client.reply()).status).toBe(200);
  });

  test('where it is off, there is nothing', async () => {
    await rig.stop();
    rig = await startFront({ syntaxes: ['post'] }, answerAll);
    expect((await handshake({})).status).toBe(404);
  });
});

describe('messages', () => {
  test('go both ways, in UTF-8', async () => {
    const [socket, id] = await open();
    socket.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>");
    expect((await rig.next('socket-frame')).frame).toMatchObject({ type: 'open', to: 'example.org' });
    socket.send("<message xmlns='jabber:client'><body>grüße 😀</body></message>");
    const { frame } = await rig.next('socket-frame');
    if (frame.type !== 'payload') throw new Error('a message is a payload');
    const got = message(socket);
    rig.front.sockets.send(id, frame.payload.bytes);
    expect(await got).toBe("false <message xmlns='jabber:client'><body>grüße 😀</body></message>");
  });

  test('what is no message is told as such', async () => {
    const [socket] = await open();
    socket.send('<a>');
    expect(await rig.next('socket-fault')).toMatchObject({ fault: { code: 'not-well-formed' } });
  });

  test('binary ones, long ones and broken ones end the connection', async () => {
    const [binary] = await open();
    binary.send(Buffer.from('<presence/>'), { binary: true });
    expect(await closed(binary)).toBe(1003);
    expect((await rig.next('socket-closed')).detail).toBe('a binary message');
    const [long] = await open();
    long.send(`<message>${'x'.repeat(100_000)}</message>`);
    expect(await rig.next('socket-fault')).toMatchObject({ fault: { code: 'stanza-too-large' } });
    long.send(`<message>${'x'.repeat(500_000)}</message>`);
    expect(await closed(long)).toBe(1009);
    expect((await rig.next('socket-closed')).detail).toContain('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    const [broken] = await open();
    broken.send(Buffer.from([0x3c, 0xff]), { binary: false });
    expect(await closed(broken)).toBe(1007);
    expect((await rig.next('socket-closed')).detail).toContain('WS_ERR_INVALID_UTF8');
    expect(rig.inputs.filter(({ type }) => type === 'socket-frame')).toEqual([]);
  });

  test('a ping is answered, and a pong is heard', async () => {
    const [, id] = await open();
    rig.front.sockets.ping(id);
    expect(await rig.next('socket-heard')).toEqual({ type: 'socket-heard', socket: id });
  });

  test('a client that does not read is told of, and again when it reads', async () => {
    const [socket, id] = await open();
    socket.pause();
    const text = ascii(`<message xmlns='jabber:client'><body>${'x'.repeat(60_000)}</body></message>`);
    let blocked = false;
    for (let count = 0; count < 1000 && !blocked; count += 1) {
      rig.front.sockets.send(id, text);
      blocked = rig.inputs.some(({ type }) => type === 'socket-blocked');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await rig.next('socket-blocked')).toMatchObject({ blocked: true });
    socket.resume();
    expect(await rig.next('socket-blocked')).toMatchObject({ blocked: false });
  });

  test('a client that is not read waits', async () => {
    const [socket, id] = await open();
    rig.front.sockets.read(id, false);
    socket.send("<presence xmlns='jabber:client'/>");
    // What is sent later on another connection comes first.
    const [other, otherId] = await open();
    other.send("<presence xmlns='jabber:client'/>");
    expect((await rig.next('socket-frame')).socket).toBe(otherId);
    rig.front.sockets.read(id, true);
    expect((await rig.next('socket-frame')).socket).toBe(id);
  });
});

describe('the end', () => {
  test('by us, also of one that is not read', async () => {
    const [socket, id] = await open();
    rig.front.sockets.read(id, false);
    const got = message(socket);
    const over = closed(socket);
    rig.front.sockets.send(id, ascii('<close/>'));
    rig.front.sockets.close(id, 1000);
    expect(await got).toBe('false <close/>');
    expect(await over).toBe(1000);
    expect(rig.inputs.map(({ type }) => type)).not.toContain('socket-closed');
  });

  test('by us, of one that does not answer, after websocket.close', async () => {
    await rig.stop();
    rig = await startFront({ syntaxes: ['post', 'websocket'], websocket: { closeMs: 100 } }, answerAll);
    for (const speaksFirst of [false, true]) {
      const client = rig.connect();
      client.write(request('GET', '/xmpp-websocket', HANDSHAKE));
      const { socket } = await rig.next('socket-opened');
      // Status 1000, masked with zeros; the client's half of the TCP connection stays open.
      if (speaksFirst) client.write('\x88\x82\0\0\0\0\x03\xe8');
      else rig.front.sockets.close(socket, 1000);
      await client.closed;
    }
  });

  test('by a cut', async () => {
    const [socket, id] = await open();
    rig.front.sockets.close(id, 'cut');
    expect(await closed(socket)).toBe(1006);
  });

  test('by the client', async () => {
    const [socket] = await open();
    socket.close(1000);
    expect((await rig.next('socket-closed')).detail).toBe('status 1000');
    const [other] = await open();
    other.terminate();
    expect(await rig.next('socket-closed')).toMatchObject({ detail: 'status 1006', isLeaving: false });
    const [left] = await open();
    left.close(1001);
    expect(await rig.next('socket-closed')).toMatchObject({ detail: 'status 1001', isLeaving: true });
  });

  test('not by the sweep that ends idle HTTP connections', async () => {
    const client = rig.connect();
    client.write(post(bodyOf(1)));
    await client.reply();
    const [socket, id] = await open();
    await client.closed;
    const got = message(socket);
    rig.front.sockets.send(id, ascii('<r/>'));
    expect(await got).toBe('false <r/>');
  });

  test('by the end of boshd', async () => {
    const [socket] = await open();
    const over = closed(socket);
    await rig.stop();
    expect(await over).toBe(1006);
  });
});
