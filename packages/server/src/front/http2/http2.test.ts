import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { ascii } from '@boshd/engine/kit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type Answerer,
  answerAll,
  bodyOf,
  type FrontRig,
  holdAll,
  post,
  RawClient,
  startFront,
  textReply,
} from '../../../../../tests/support/front-rig.ts';
import { createTestCa, type TestCa } from '../../../../../tests/support/test-ca.ts';
import { until } from '../../../../../tests/support/upstream-rig.ts';
import { FRONT_LIMITS, type FrontOptions } from '../options.ts';

const HOST = 'chat.example.org';

let authority: TestCa;
let ca = '';
let material = { cert: '', key: '' };
beforeAll(async () => {
  authority = await createTestCa();
  const { certFile, keyFile, caFile } = await authority.issue({ dnsNames: [HOST] });
  const [cert = '', key = '', root = ''] = await Promise.all(
    [certFile, keyFile, caFile].map((file) => readFile(file, 'utf8')),
  );
  material = { cert, key };
  ca = root;
});
afterAll(() => authority.remove());

let rig: FrontRig;
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await rig.stop();
});

async function start(answer: Answerer, options: Partial<FrontOptions> = {}): Promise<ClientHttp2Session> {
  rig = await startFront({ tls: material, ...options }, answer);
  return join();
}

function join(): ClientHttp2Session {
  const session = connect(`https://${HOST}:${rig.port}`, {
    ca,
    servername: HOST,
    lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }], 4),
  });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

interface Answer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number | undefined };
  readonly body: string;
}

/** Resolves when the reply is whole; rejects when the stream is reset before. */
function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: Answer['headers'] = {};
    let body = '';
    stream.on('response', (given) => {
      headers = given;
    });
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (headers[':status'] === undefined) reject(new Error(`reset with ${stream.rstCode}`));
      else resolve({ headers, body });
    });
  });
}

function ask(session: ClientHttp2Session, body: string, more: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': '/http-bind', ...more });
  stream.end(body);
  return stream;
}

describe('what comes over HTTP/2', () => {
  test('is a request like any other, and its reply is as safe', async () => {
    const session = await start(answerAll);
    const { headers, body } = await answerTo(ask(session, bodyOf(1)));
    expect(body).toBe('<body/>');
    expect(headers).toMatchObject({
      ':status': 200,
      'content-type': 'text/xml; charset=utf-8',
      'content-length': '7',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    expect(rig.inputs).toMatchObject([{ type: 'request', secure: true, address: '127.0.0.1' }]);
  });

  test.each<[OutgoingHttpHeaders, number]>([
    [{ ':method': 'GET' }, 200],
    [{ ':method': 'HEAD' }, 200],
    [{ ':method': 'OPTIONS' }, 204],
    [{ ':method': 'PUT' }, 405],
    [{ ':method': 'GET', ':path': '/elsewhere' }, 404],
    [{ ':method': 'GET', ':authority': HOST, host: 'other.example' }, 400],
    [{ origin: 'https://evil.example' }, 403],
    [{ 'sec-fetch-mode': 'navigate' }, 403],
    [{ 'content-encoding': 'exi' }, 415],
    [{ expect: 'something' }, 417],
  ])('%j is answered with %i', async (more, status) => {
    const session = await start(answerAll);
    const hasBody = more[':method'] === undefined;
    const stream = session.request(
      { ':method': 'POST', ':path': '/http-bind', ...more },
      { endStream: !hasBody },
    );
    if (hasBody) stream.end(more['content-encoding'] === undefined ? bodyOf(1) : 'coded');
    const { headers, body } = await answerTo(stream);
    expect(headers[':status']).toBe(status);
    expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
    if (more[':method'] === 'HEAD') expect(body).toBe('');
    expect(rig.inputs).toEqual([]);
  });

  test.each<[string, number]>([
    ['OPTIONS', 204],
    ['HEAD', 200],
    ['PUT', 405],
  ])('%s with a body that does not end is answered with %i, and not read', async (method, status) => {
    const session = await start(answerAll);
    const stream = session.request({ ':method': method, ':path': '/http-bind' }, { endStream: false });
    stream.write('x');
    const { headers } = await answerTo(stream);
    expect([headers[':status'], stream.rstCode]).toEqual([status, constants.NGHTTP2_NO_ERROR]);
  });

  test('a client that waits for 100-continue hears it', async () => {
    const session = await start(answerAll);
    const stream = session.request({ ':method': 'POST', ':path': '/http-bind', expect: '100-continue' });
    const answer = answerTo(stream);
    await new Promise<void>((resolve) => {
      stream.once('continue', resolve);
    });
    stream.end(bodyOf(1));
    expect((await answer).body).toBe('<body/>');
  });

  test('a body over the limit is refused, and the rest of it not wanted', async () => {
    const session = await start(answerAll, { limits: { ...FRONT_LIMITS, bodyBytesMax: 1000 } });
    const stream = session.request({ ':method': 'POST', ':path': '/http-bind' });
    stream.write('x'.repeat(20_000));
    expect((await answerTo(stream)).body).toBe('body-too-large');
  });

  test('bodies that are not whole are counted, and one too many is refused', async () => {
    const session = await start(answerAll, { limits: { ...FRONT_LIMITS, readingBytesMax: 25_000 } });
    const half = (): ClientHttp2Stream => {
      const stream = session.request({ ':method': 'POST', ':path': '/http-bind' });
      stream.on('error', () => undefined).write('x'.repeat(10_000));
      return stream;
    };
    const first = half();
    half();
    await until(() => rig.front.reading.bytes === 20_000);
    expect((await answerTo(half())).headers).toMatchObject({ ':status': 503, 'retry-after': '5' });
    expect(rig.front.reading.bytes).toBe(20_000);
    first.close(constants.NGHTTP2_CANCEL);
    await until(() => rig.front.reading.bytes === 10_000);
    // With its connection goes all that it had begun.
    session.destroy();
    await until(() => rig.front.reading.bytes === 0);
  });

  test('HTTP/1.1 is still spoken with who wants that', async () => {
    await start(answerAll);
    const options = { port: rig.port, host: '127.0.0.1', servername: HOST, ca };
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const client = new RawClient(
        connectTls(ALPNProtocols === undefined ? options : { ...options, ALPNProtocols }),
      );
      client.write(post(bodyOf(1)));
      expect((await client.reply()).body).toBe('<body/>');
      client.destroy();
    }
  });
});

describe('WebSockets beside HTTP/2', () => {
  // What browsers offer for wss, and what programs do.
  test.each([[['http/1.1']], [undefined]])('where the client offers %j', async (ALPNProtocols) => {
    const session = await start(answerAll, { syntaxes: ['post', 'websocket'] });
    // Without it (RFC 8441) no browser tries a WebSocket over HTTP/2; it makes a connection of its own.
    await new Promise<void>((resolve) => {
      session.once('remoteSettings', () => resolve());
    });
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false);
    const options = { port: rig.port, host: '127.0.0.1', servername: HOST, ca };
    const secured = connectTls(ALPNProtocols === undefined ? options : { ...options, ALPNProtocols });
    const socket = new WebSocket(`wss://${HOST}/xmpp-websocket`, 'xmpp', { createConnection: () => secured });
    await once(socket, 'open');
    expect(secured.alpnProtocol).toBe(ALPNProtocols?.[0] ?? false);
    const opened = await rig.next('socket-opened');
    expect(opened).toMatchObject({ secure: true, address: '127.0.0.1' });
    socket.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>");
    expect(await rig.next('socket-frame')).toMatchObject({ socket: opened.socket, frame: { type: 'open' } });
    const heard = once(socket, 'message');
    rig.front.sockets.send(opened.socket, ascii('<presence/>'));
    expect(String((await heard)[0])).toBe('<presence/>');
    expect((await answerTo(ask(session, bodyOf(1)))).body).toBe('<body/>');
    socket.terminate();
    await rig.next('socket-closed');
  });
});

describe('streams', () => {
  test('are answered in any order', async () => {
    const session = await start(holdAll);
    const [first, second] = [answerTo(ask(session, bodyOf(1))), answerTo(ask(session, bodyOf(2)))];
    const [one, two] = [await rig.next('request'), await rig.next('request')];
    rig.front.respond(two.request, textReply('<two/>'));
    expect((await second).body).toBe('<two/>');
    rig.front.respond(one.request, textReply('<one/>'));
    expect((await first).body).toBe('<one/>');
  });

  test('that are reset are requests that were aborted; the others go on', async () => {
    const session = await start(holdAll);
    const leaving = ask(session, bodyOf(1));
    leaving.on('error', () => undefined);
    const { request } = await rig.next('request');
    const staying = answerTo(ask(session, bodyOf(2)));
    const other = await rig.next('request');
    leaving.close(constants.NGHTTP2_CANCEL);
    expect(await rig.next('request-aborted')).toMatchObject({ request, sid: 's' });
    rig.front.respond(other.request, textReply('<other/>'));
    expect((await staying).body).toBe('<other/>');
    // Nobody is there to read it, and nothing happens.
    rig.front.respond(request, textReply('<late/>'));
    expect(rig.inputs.filter(({ type }) => type === 'request-aborted')).toHaveLength(1);
  });

  test('all end with their connection', async () => {
    const session = await start(holdAll);
    for (const rid of [1, 2]) ask(session, bodyOf(rid)).on('error', () => undefined);
    await rig.next('request');
    await rig.next('request');
    session.destroy();
    await rig.next('request-aborted');
    await rig.next('request-aborted');
  });

  test('that are dropped end without a reply', async () => {
    const session = await start((input, front) => {
      if (input.type === 'request') front.drop(input.request);
    });
    await expect(answerTo(ask(session, bodyOf(1)))).rejects.toThrow();
    expect(rig.inputs.map(({ type }) => type)).toEqual(['request']);
  });

  test('are limited at once', async () => {
    const session = await start(holdAll, { limits: { ...FRONT_LIMITS, streamsMax: 3 } });
    await new Promise<void>((resolve) => {
      session.once('remoteSettings', () => resolve());
    });
    expect(session.remoteSettings.maxConcurrentStreams).toBe(3);
  });

  test('whose body does not come are ended', async () => {
    const session = await start(answerAll, { limits: { ...FRONT_LIMITS, bodyMs: 100 } });
    const stream = session.request({ ':method': 'POST', ':path': '/http-bind' });
    stream.write('<body');
    await expect(answerTo(stream)).rejects.toThrow();
    expect(rig.inputs).toEqual([]);
  });

  test('that are opened and reset without end cost the client its connection', async () => {
    const session = await start(holdAll);
    const ended = new Promise<void>((resolve) => {
      session.once('close', () => resolve());
    });
    let isGone = false;
    session.once('goaway', () => {
      isGone = true;
    });
    for (let round = 0; round < 1000 && !isGone; round += 1) {
      const stream = ask(session, bodyOf(1));
      stream.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        stream.once('close', () => setImmediate(resolve));
        setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      });
    }
    await ended;
    // An honest client has its connection.
    const other = join();
    ask(other, bodyOf(1)).on('error', () => undefined);
    expect((await rig.next('request')).address).toBe('127.0.0.1');
  });
});

test('a stop says GOAWAY, lets held requests be answered, and ends', async () => {
  const session = await start(holdAll);
  const answer = answerTo(ask(session, bodyOf(1)));
  const { request } = await rig.next('request');
  const goaway = new Promise<void>((resolve) => {
    session.once('goaway', () => resolve());
  });
  const closed = rig.front.close(10_000);
  await goaway;
  rig.front.respond(request, textReply('<last/>'));
  expect((await answer).body).toBe('<last/>');
  await closed;
  expect(rig.inputs.map(({ type }) => type)).toEqual(['request']);
});
