import { Agent, request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  request,
  startFront,
  textReply,
} from '../../../../tests/support/front-rig.ts';
import { FRONT_LIMITS } from './options.ts';
import { NO_COMPRESSION } from './reply/coding.ts';

const BODY_BYTES_MAX = 50_000;

let rig: FrontRig;

beforeEach(async () => {
  rig = await startFront(
    {
      limits: { ...FRONT_LIMITS, bodyBytesMax: BODY_BYTES_MAX },
      compression: { ...NO_COMPRESSION, requests: true },
    },
    answerAll,
  );
});

afterEach(() => rig.stop());

/** The payloads of all requests that the engine got, as they came. */
function payloads(): readonly string[] {
  return rig.inputs.flatMap((input) =>
    input.type === 'request' ? input.body.payloads.map(({ bytes }) => bytes).join('') : [],
  );
}

function message(text: string): string {
  return `<message xmlns='jabber:client'><body>${text}</body></message>`;
}

function chunked(parts: readonly string[]): string {
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
}

test.each<[what: string, parts: (body: string) => readonly string[]]>([
  ['one chunk', (body) => [body]],
  ['one byte a chunk', (body) => [...body]],
  ['two chunks', (body) => [body.slice(0, 30), body.slice(30)]],
])('Transfer-Encoding: chunked, %s', async (_what, parts) => {
  const client = rig.connect();
  const wire = Buffer.from(bodyOf(1, message('grüße'))).toString('latin1');
  client.write(request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, chunked(parts(wire))));
  expect((await client.reply()).body).toBe('<body/>');
  expect(payloads()[0]).toContain(Buffer.from('grüße').toString('latin1'));
});

test('a body in many packets', async () => {
  const client = rig.connect();
  const text = post(bodyOf(1, message('x'.repeat(40_000))));
  for (let at = 0; at < text.length; at += 5000) {
    client.write(text.slice(at, at + 5000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await client.reply()).body).toBe('<body/>');
  expect(payloads()[0]).toContain('x'.repeat(40_000));
});

test('of what is long the start tag is looked up first; what is refused then is never decoded', async () => {
  const client = rig.connect();
  client.write(post(bodyOf(1, message('x'.repeat(40_000)))));
  expect((await client.reply()).body).toBe('<body/>');
  expect(rig.inputs).toMatchObject([{ type: 'request-head', sid: 's' }, { type: 'request' }]);
  const own = await startFront({}, (input, front) => {
    if (input.type === 'request-head') front.respond(input.request, textReply('refused'));
  });
  const other = own.connect();
  other.write(post(bodyOf(1, message('x'.repeat(40_000)))));
  expect((await other.reply()).body).toBe('refused');
  expect(own.inputs.map(({ type }) => type)).toEqual(['request-head']);
  await own.stop();
});

test('Expect: 100-continue is granted before the body', async () => {
  const client = rig.connect();
  const body = bodyOf(1);
  client.write(
    request('POST', '/http-bind', { 'Content-Length': String(body.length), Expect: '100-continue' }),
  );
  expect((await client.reply()).statusLine).toBe('HTTP/1.1 100 Continue');
  client.write(body);
  expect((await client.reply()).body).toBe('<body/>');
});

test.each([
  ['a body that will be too large', '/http-bind', { 'Content-Length': '50001' }, 200],
  ['a path that is not there', '/nowhere', { 'Content-Length': '10' }, 404],
  [
    'an origin that is refused',
    '/http-bind',
    { 'Content-Length': '10', Origin: 'https://evil.example' },
    403,
  ],
])('Expect: 100-continue is not granted for %s', async (_what, target, headers, status) => {
  const client = rig.connect();
  client.write(request('POST', target, { ...headers, Expect: '100-continue' }));
  const reply = await client.reply();
  expect(reply.status).toBe(status);
  expect(reply.headers['connection']).toBe('close');
  await client.closed;
});

test('gzip through the wire', async () => {
  const client = rig.connect();
  const text = Array.from({ length: 4000 }, (_, index) => String(Math.trunc(1e15 * ((index * 0.618034) % 1))))
    .join('')
    .slice(0, 40_000);
  const bytes = gzipSync(bodyOf(1, message(text))).toString('latin1');
  client.write(post(bytes, { 'Content-Encoding': 'gzip' }));
  expect((await client.reply()).body).toBe('<body/>');
  expect(payloads()[0]).toContain(text);
});

test('a charset through the wire', async () => {
  const client = rig.connect();
  client.write(post(bodyOf(1, message('gr\xfc\xdfe')), { 'Content-Type': 'text/xml; charset=iso-8859-1' }));
  expect((await client.reply()).body).toBe('<body/>');
  expect(payloads()[0]).toContain(Buffer.from('grüße').toString('latin1'));
});

test.each<[what: string, bytes: number]>([
  ['at the limit', BODY_BYTES_MAX],
  ['below the limit', BODY_BYTES_MAX - 1],
])('a body %s is taken', async (_what, bytes) => {
  const client = rig.connect();
  client.write(post(bodyOf(1, message('x'.repeat(bytes - bodyOf(1, message('')).length)))));
  const reply = await client.reply();
  expect([reply.body, reply.headers['connection']]).toEqual(['<body/>', 'keep-alive']);
});

test.each<[what: string, text: string]>([
  ['by its length', post('x'.repeat(BODY_BYTES_MAX + 1))],
  ['far, by its length', post('x'.repeat(BODY_BYTES_MAX * 7))],
  [
    'hopelessly, before all of it comes',
    request('POST', '/http-bind', { 'Content-Length': '99999999999' }, 'x'.repeat(20_000)),
  ],
  [
    'by its chunks',
    request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, chunked(['x'.repeat(60_000), 'y'])),
  ],
  [
    'hopelessly, by its chunks, without an end',
    request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, `fffffff\r\n${'x'.repeat(400_001)}`),
  ],
])('too large %s: the fault, once, then the end of the connection', async (_what, text) => {
  const client = rig.connect();
  client.write(text);
  const reply = await client.reply();
  expect(reply.body).toBe('body-too-large');
  expect(reply.headers['connection']).toBe('close');
  await client.closed;
  expect(rig.inputs).toMatchObject([{ type: 'bad-request', fault: { code: 'body-too-large' } }]);
});

test('the client of node:http, two requests on one connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (body: string) =>
    new Promise<string>((resolve, reject) => {
      const options = { port: rig.port, host: '127.0.0.1', path: '/http-bind', method: 'POST', agent };
      const outgoing = httpRequest(options, (reply) => {
        reply.setEncoding('utf8');
        reply.on('data', (text: string) => resolve(`${reply.statusCode} ${text}`));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  expect(await Promise.all([ask(bodyOf(1)), ask(bodyOf(2)), ask('junk')])).toEqual([
    '200 <body/>',
    '200 <body/>',
    '200 not-well-formed',
  ]);
  agent.destroy();
});
