import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  holdAll,
  post,
  RawClient,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { createTestCa } from '../../../../tests/support/test-ca.ts';
import { nodeToolbox } from '../toolbox.ts';
import { createFront } from './front.ts';
import { FRONT_LIMITS, frontOptions, SAME_ORIGIN_CORS } from './options.ts';

const BODY = bodyOf(1);

describe('what is not HTTP', () => {
  let rig: FrontRig;

  beforeEach(async () => {
    rig = await startFront({ limits: { ...FRONT_LIMITS, headerLinesMax: 50 } }, answerAll);
  });

  afterEach(() => rig.stop());

  const smuggled = post(BODY, { 'Transfer-Encoding': 'chunked' });
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, 'y']));

  test.each<[what: string, text: string, status: number]>([
    ['a line of junk', 'junk\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 400],
    ['an unknown method', request('BREW', '/http-bind'), 400],
    ['an unknown version', `POST /http-bind HTTP/3.7\r\nHost: a\r\n\r\n`, 400],
    ['no version', 'GET /http-bind\r\n\r\n', 400],
    ['a length and chunks', smuggled, 400],
    [
      'chunks and a length',
      request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked', 'Content-Length': '3' }),
      400,
    ],
    [
      'two lengths',
      'POST /http-bind HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
    ],
    ['a negative length', request('POST', '/http-bind', { 'Content-Length': '-1' }), 400],
    ['a length that is none', request('POST', '/http-bind', { 'Content-Length': '1x' }), 400],
    ['an unknown transfer coding', request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked, x' }), 400],
    ['a bad chunk size', request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, 'zz\r\n'), 400],
    ['a space before a colon', 'POST /http-bind HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    ['a bare line feed in a value', 'GET /http-bind HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 400],
    ['a folded line', 'GET /http-bind HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n', 400],
    ['a control character', 'GET /http-bind HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n', 400],
    ['no Host', 'GET /http-bind HTTP/1.1\r\nX: y\r\n\r\n', 400],
    ['two Hosts', 'GET /http-bind HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n', 400],
    ['a head too long', request('GET', '/http-bind', { X: 'y'.repeat(20_000) }), 431],
    ['a target too long', request('GET', `/http-bind?${'y'.repeat(20_000)}`), 431],
    ['too many lines', request('GET', '/http-bind', many(60)), 431],
    ['not too many lines', request('GET', '/http-bind', many(49)), 200],
  ])('%s', async (_what, text, status) => {
    const client = rig.connect();
    client.write(text);
    const reply = await client.reply();
    expect(reply.status).toBe(status);
    expect(reply.headers).toMatchObject({
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(rig.inputs).toEqual([]);
    const next = rig.connect();
    next.write(post(BODY));
    expect((await next.reply()).body).toBe('<body/>');
  });

  test.each([
    ['CONNECT', request('CONNECT', 'example.org:443')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s ends the connection', async (_what, text) => {
    const client = rig.connect();
    client.write(text);
    await client.closed;
    const next = rig.connect();
    next.write(post(BODY));
    expect((await next.reply()).body).toBe('<body/>');
  });

  test('junk behind a held request ends the connection without an answer in the wrong place', async () => {
    await rig.stop();
    rig = await startFront({}, holdAll);
    const client = rig.connect();
    client.write(`${post(BODY)}junk\r\n\r\n`);
    expect(await client.rest()).toBe('');
    await rig.next('request-aborted');
  });

  test('a line end more than there should be is forgiven', async () => {
    const client = rig.connect();
    client.write(`${post(BODY)}\r\n${post(BODY)}`);
    expect((await client.reply()).body).toBe('<body/>');
    expect((await client.reply()).body).toBe('<body/>');
  });
});

describe('listening', () => {
  const listenOn = (listen: readonly { host: string; port: number }[], tls?: { cert: string; key: string }) =>
    createFront(
      frontOptions({ listen, tls }),
      () => {},
      nodeToolbox(),
      () => {},
    );

  test('on several addresses, each with the port that the system chose', async () => {
    const front = listenOn([
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.2', port: 0 },
    ]);
    const { bound, skipped } = await front.listen();
    expect(bound).toMatchObject([
      { host: '127.0.0.1', secure: false },
      { host: '127.0.0.2', secure: false },
    ]);
    expect(bound.every(({ port }) => port > 0)).toBe(true);
    expect(skipped).toEqual([]);
    await front.close(0);
  });

  test('on none, if another process has one of the addresses', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address();
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
    });
    const front = listenOn([
      { host: '127.0.0.2', port },
      { host: '127.0.0.1', port },
    ]);
    await expect(front.listen()).rejects.toMatchObject({ name: 'FrontError', code: 'LISTEN_ADDRESS_IN_USE' });
    const again = listenOn([{ host: '127.0.0.2', port }]);
    await again.listen();
    await again.close(0);
    await new Promise((resolve) => other.close(resolve));
  });

  test('not on an IPv4 address that the machine has not; an IPv6 one is skipped', async () => {
    const front = listenOn([{ host: '192.0.2.1', port: 0 }]);
    await expect(front.listen()).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_UNAVAILABLE' });
    const both = listenOn([
      { host: '127.0.0.1', port: 0 },
      { host: '2001:db8::1', port: 5280 },
    ]);
    const { bound, skipped } = await both.listen();
    expect(bound).toHaveLength(1);
    expect(skipped).toMatchObject([{ host: '2001:db8::1', port: 5280 }]);
    await both.close(0);
    const none = listenOn([{ host: '2001:db8::1', port: 5280 }]);
    await expect(none.listen()).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });

  test('options that can not be meant', async () => {
    const cors = { ...SAME_ORIGIN_CORS, origins: '*', credentials: true } as const;
    const make = (options: Parameters<typeof frontOptions>[0]) => () =>
      createFront(
        frontOptions(options),
        () => {},
        nodeToolbox(),
        () => {},
      );
    expect(make({ cors })).toThrow(expect.objectContaining({ code: 'OPTION_UNUSABLE' }));
    expect(make({ trustedProxies: ['proxy'] })).toThrow(expect.objectContaining({ code: 'OPTION_UNUSABLE' }));
    const front = listenOn([{ host: '127.0.0.1', port: 0 }], { cert: 'junk', key: 'junk' });
    await expect(front.listen()).rejects.toMatchObject({ code: 'TLS_MATERIAL_UNUSABLE' });
  });

  test('https', async () => {
    const authority = await createTestCa();
    const files = await authority.issue({ dnsNames: ['chat.example.org'] });
    const [cert, key, ca] = await Promise.all(
      [files.certFile, files.keyFile, files.caFile].map((file) => readFile(file, 'utf8')),
    );
    const rig = await startFront({ tls: { cert: cert ?? '', key: key ?? '' } }, answerAll);
    const plainClient = rig.connect();
    plainClient.write(post(BODY));
    expect(await plainClient.rest()).not.toContain('<body/>');
    const options = { port: rig.port, host: '127.0.0.1', servername: 'chat.example.org', ca: ca ?? '' };
    const client = new RawClient(connectTls(options));
    client.write(post(BODY));
    expect((await client.reply()).body).toBe('<body/>');
    expect(rig.inputs).toMatchObject([{ type: 'request', secure: true, address: '127.0.0.1' }]);
    client.destroy();
    await rig.stop();
    await authority.remove();
  });

  test('TLS 1.2 is ECDHE with AEAD, or not at all; after a reload too', async () => {
    const authority = await createTestCa();
    const files = await authority.issue({ dnsNames: ['chat.example.org'] });
    const [cert = '', key = '', ca = ''] = await Promise.all(
      [files.certFile, files.keyFile, files.caFile].map((file) => readFile(file, 'utf8')),
    );
    const rig = await startFront({ tls: { cert, key } }, answerAll);
    const agreed = (terms: SecureContextOptions) =>
      new Promise<string>((resolve) => {
        const at = { port: rig.port, host: '127.0.0.1', servername: 'chat.example.org', ca };
        const socket = connectTls({ ...at, ...terms });
        socket.once('secureConnect', () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
          socket.destroy();
        });
        socket.once('error', () => resolve('none'));
      });
    const old = (ciphers: string) => agreed({ ciphers: `${ciphers}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' });
    for (const round of ['at the start', 'after a reload']) {
      expect(await agreed({}), round).toMatch(/^TLSv1\.3 /);
      expect(await old('ECDHE+AESGCM'), round).toMatch(/^TLSv1\.2 ECDHE-.*-GCM-/);
      expect(await old('ECDHE+CHACHA20'), round).toMatch(/^TLSv1\.2 ECDHE-.*-CHACHA20-POLY1305$/);
      expect(await old('ALL:!ECDHE'), round).toBe('none');
      expect(await old('ALL:!AESGCM:!CHACHA20:!AESCCM'), round).toBe('none');
      expect(
        await agreed({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
        round,
      ).toBe('none');
      rig.front.reconfigure(frontOptions({ tls: { cert, key } }));
    }
    await rig.stop();
    await authority.remove();
  });
});
