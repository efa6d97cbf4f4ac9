import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  RawClient,
  request,
  startFront,
} from '../../../../../tests/support/front-rig.ts';
import { createTestCa } from '../../../../../tests/support/test-ca.ts';
import { FRONT_LIMITS, type FrontOptions } from '../options.ts';

const BODY = bodyOf(1);
const V1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 5280\r\n';
const V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14', 'latin1'),
  Buffer.from([203, 0, 113, 8, 192, 0, 2, 1, 0x10, 0x00, 0x14, 0xa0]),
  // It came to the proxy over TLS.
  Buffer.from([0x20, 0, 5, 1, 0, 0, 0, 0]),
]).toString('latin1');

let rig: FrontRig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function start(options: Partial<FrontOptions> = {}): Promise<FrontRig> {
  rig = await startFront(
    {
      listen: [{ host: '127.0.0.1', port: 0, proxyProtocol: true }],
      proxyProtocolNetworks: ['127.0.0.0/8'],
      ...options,
    },
    answerAll,
  );
  return rig;
}

describe('a connection with a PROXY header', () => {
  test.each([
    ['version 1', V1, { address: '203.0.113.7', secure: false }],
    ['version 2', V2, { address: '203.0.113.8', secure: true }],
    ['of the proxy itself', 'PROXY UNKNOWN\r\n', { address: '127.0.0.1', secure: false }],
  ])('%s: all its requests are of the address that it names', async (_title, header, seen) => {
    const { connect: open, next } = await start();
    const client = open();
    client.write(`${header}${post(BODY)}`);
    expect((await client.reply()).body).toBe('<body/>');
    expect(await next('request')).toMatchObject(seen);
    client.write(post(BODY));
    await client.reply();
    expect(await next('request')).toMatchObject(seen);
  });

  test('in pieces, and the request that follows too, on the fast lane and on that of node:http', async () => {
    const { connect: open, next } = await start();
    for (const text of [
      post(BODY),
      request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'),
    ]) {
      const client = open();
      client.socket.setNoDelay(true);
      for (const piece of [V1.slice(0, 3), V1.slice(3), text.slice(0, 10), text.slice(10)]) {
        client.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.reply()).status).toBe(200);
    }
    expect(await next('request')).toMatchObject({ address: '203.0.113.7' });
  });

  test('names a proxy that is trusted, so that what this one says counts', async () => {
    const { connect: open, next } = await start({ trustedProxies: ['203.0.113.0/24'] });
    const client = open();
    client.write(`${V1}${post(BODY, { 'X-Forwarded-For': '198.51.100.1' })}`);
    await client.reply();
    expect(await next('request')).toMatchObject({ address: '198.51.100.1' });
  });

  test('under TLS', async () => {
    const ca = await createTestCa();
    const { certFile, keyFile } = await ca.issue({ dnsNames: ['chat.example.org'] });
    const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
    const { port, next } = await start({ tls });
    const socket = connect(port, '127.0.0.1');
    socket.write(V1);
    const secured = connectTls({ socket, ca: await readFile(ca.caFile), servername: 'chat.example.org' });
    const client = new RawClient(secured);
    client.write(post(BODY));
    expect((await client.reply()).body).toBe('<body/>');
    expect(await next('request')).toMatchObject({ address: '203.0.113.7', secure: true });
    client.destroy();
    await ca.remove();
  });
});

describe('a connection that is closed without a word', () => {
  test.each<[string, Partial<FrontOptions>, string, string]>([
    ['that begins with a request', {}, post(BODY), 'no PROXY header, from 127.0.0.1'],
    [
      'that begins with a wrong header',
      {},
      'PROXY TCP4 x\r\n',
      'a line that is none of version 1, from 127.0.0.1',
    ],
    [
      'of a proxy that is not named',
      { proxyProtocolNetworks: ['10.0.0.0/8'] },
      `${V1}${post(BODY)}`,
      '127.0.0.1 is not one of proxyProtocol.networks',
    ],
    [
      'whose header does not come in time',
      { limits: { ...FRONT_LIMITS, headersMs: 100 } },
      V1.slice(0, 20),
      'no PROXY header in time from 127.0.0.1',
    ],
  ])('%s', async (_title, options, text, detail) => {
    const { connect: open, inputs, log } = await start(options);
    const client = open();
    client.write(text);
    expect(await client.rest()).toBe('');
    expect(inputs).toEqual([]);
    expect(log).toMatchObject([{ event: 'request-refused', code: 'proxy-header-refused', detail }]);
  });
});

test('where no PROXY header is asked for, one is no HTTP', async () => {
  const { connect: open, inputs } = await start({ listen: [{ host: '127.0.0.1', port: 0 }] });
  const client = open();
  client.write(`${V1}${post(BODY)}`);
  expect((await client.reply()).status).toBe(400);
  expect(inputs).toEqual([]);
});
