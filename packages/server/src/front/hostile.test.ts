import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { noMoreFilesThan, openFiles } from '../../../../tests/support/open-files.ts';
import { SAME_ORIGIN_CORS } from './options.ts';

/** What is hidden in a request, to be heard as one of its own. */
const HIDDEN_RID = 666;
const HIDDEN = post(bodyOf(HIDDEN_RID), { Connection: 'close' });
const HEAD = 'POST /http-bind HTTP/1.1\r\nHost: chat.example.org\r\n';
const LENGTH = `Content-Length: ${HIDDEN.length}`;
const CHUNKED = 'Transfer-Encoding: chunked';

let rig: FrontRig;
let files = 0;
beforeAll(async () => {
  rig = await startFront({ cors: { ...SAME_ORIGIN_CORS, origins: ['https://good.example'] } }, answerAll);
  files = openFiles();
});
afterAll(async () => {
  // Whatever was sent, every connection is closed.
  await noMoreFilesThan(files);
  await rig.stop();
});

/** Sends the bytes on a connection of their own and ends its half; returns all that came back. */
async function exchange(text: string): Promise<string> {
  const client = rig.connect();
  client.socket.end(text, 'latin1');
  const received = await client.rest();
  client.destroy();
  return received;
}

const rids = () =>
  rig.inputs.flatMap((input) => (input.type === 'request' ? [input.body.attributes.rid] : []));

async function expectUnharmed(): Promise<void> {
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  expect((await client.reply()).body).toBe('<body/>');
  client.destroy();
}

describe('request smuggling: what one reader takes for a body and another for a request', () => {
  /** Lines that say how long the body is; the body is the hidden request. */
  const framings: readonly (readonly [what: string, lines: string, body?: string])[] = [
    ['both lengths and chunks', `${LENGTH}\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
    ['chunks and a length', `${CHUNKED}\r\n${LENGTH}`, `0\r\n\r\n${HIDDEN}`],
    ['a length of nothing, and chunks', `Content-Length: 0\r\n${CHUNKED}`],
    ['two lengths', `Content-Length: 0\r\n${LENGTH}`],
    ['two lengths in one line', `Content-Length: 0, ${HIDDEN.length}`],
    ['the same length twice', `${LENGTH}\r\n${LENGTH}`],
    ['a length with a sign', `Content-Length: +${HIDDEN.length}`],
    ['a negative length', 'Content-Length: -1'],
    ['a length in hexadecimal', `Content-Length: 0x${HIDDEN.length.toString(16)}`],
    ['a length with something behind', `${LENGTH} 0`],
    ['an empty length', 'Content-Length:'],
    ['a length beyond all numbers', `Content-Length: ${'9'.repeat(30)}`],
    ['a length with a vertical tab', `Content-Length:\x0b0\r\n${LENGTH}`],
    ['a name with a space before the colon', 'Content-Length : 0'],
    ['a name with a tab before the colon', 'Transfer-Encoding\t: chunked', `0\r\n\r\n${HIDDEN}`],
    ['a name behind a space', ` Content-Length: 0\r\n${LENGTH}`],
    ['a name with an underscore', `Content_Length: ${HIDDEN.length}`],
    ['a name that is cut by a null', 'Content-Length\0: 0'],
    ['another coding', 'Transfer-Encoding: xchunked', `0\r\n\r\n${HIDDEN}`],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, identity', `0\r\n\r\n${HIDDEN}`],
    ['chunks twice', 'Transfer-Encoding: chunked, chunked', `0\r\n\r\n${HIDDEN}`],
    ['chunks in quotes', 'Transfer-Encoding: "chunked"', `0\r\n\r\n${HIDDEN}`],
    ['chunks and identity in two lines', `${CHUNKED}\r\nTransfer-Encoding: identity`, `0\r\n\r\n${HIDDEN}`],
    ['chunks in a folded line', 'Transfer-Encoding:\r\n chunked', `0\r\n\r\n${HIDDEN}`],
    ['chunks behind a bare line feed', `X: y\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
    ['chunks behind a bare carriage return', `X: y\r${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
    ['a chunk size with a sign', CHUNKED, `+0\r\n\r\n${HIDDEN}`],
    ['a chunk size in 0x', CHUNKED, `0x0\r\n\r\n${HIDDEN}`],
    ['a chunk size beyond all numbers', CHUNKED, `${'f'.repeat(17)}0\r\n\r\n${HIDDEN}`],
    ['a chunk that ends elsewhere', CHUNKED, `1\r\nxx\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk extension with a bare line feed', CHUNKED, `0;a=b\nc\r\n\r\n${HIDDEN}`],
    ['a chunk size ended by a bare line feed', CHUNKED, `0\n\n${HIDDEN}`],
    [
      'an upgrade to HTTP/2',
      `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n${LENGTH}`,
    ],
    ['an upgrade to WebSocket', `Connection: Upgrade\r\nUpgrade: websocket\r\n${LENGTH}`],
    ['a body that is to wait', `Expect: 100-continue\r\n${LENGTH}`],
  ];

  test.each(framings)('%s', async (_what, lines = '', body = HIDDEN) => {
    const before = rids().length;
    const received = await exchange(`${HEAD}${lines}\r\n\r\n${body}`);
    const heard = rids().slice(before);
    // A name with an underscore is another header, so the request ends before what follows it.
    if (lines.startsWith('Content_')) expect(heard).toEqual([HIDDEN_RID]);
    else expect([heard, received.includes('<body/>')]).toEqual([[], false]);
    await expectUnharmed();
  });

  test.each([
    ['GET', 'a method that has mostly no body'],
    ['HEAD', 'one whose reply has none'],
    ['OPTIONS', 'a preflight'],
    ['DELETE', 'one that is refused'],
  ])('a body of %s is no request: %s', async (method) => {
    const before = rids().length;
    const own = { 'Content-Length': String(HIDDEN.length) };
    await exchange(`${request(method, '/http-bind', own, HIDDEN)}`);
    await exchange(
      `${request(method, '/http-bind', { 'Transfer-Encoding': 'chunked' }, `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`)}`,
    );
    expect(rids().slice(before)).toEqual([]);
    await expectUnharmed();
  });

  test('a reply leaves in its place, whatever is pipelined behind a request that is refused', async () => {
    const received = await exchange(`${request('DELETE', '/http-bind')}${post(bodyOf(7))}`);
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['405', '200']);
  });
});

describe('header injection: what a client says never becomes a line of a reply', () => {
  const MARK = 'X-Injected';
  const evils = [
    `a%0d%0a${MARK}: 1`,
    `a\\r\\n${MARK}: 1`,
    `a\u0085${MARK}: 1`,
    `a\u00e5\u00a0\u008d\u00e5\u00a0\u008a${MARK}: 1`,
    `a\x0b${MARK}: 1`,
    `https://good.example%0d%0a${MARK}:1`,
    `"><script>${MARK}</script>`,
  ];
  const names = [
    'Origin',
    'Referer',
    'Content-Type',
    'Content-Encoding',
    'Accept-Encoding',
    'Access-Control-Request-Headers',
    'Access-Control-Request-Method',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'Forwarded',
    'Sec-Fetch-Site',
    'Sec-WebSocket-Protocol',
    'Cookie',
  ];
  const cases = names.flatMap((name) => evils.map((value) => [name, value] as const));

  /** Names of the header lines, and everything else, of the replies. */
  function expectClean(received: string): void {
    expect(received).toMatch(/^HTTP\/1\.1 \d/);
    expect(received).not.toContain(MARK);
  }

  test.each(cases)('%s: %j', async (name, value) => {
    for (const text of [
      post(bodyOf(1), { [name]: value, Connection: 'close' }),
      request('GET', '/http-bind', { [name]: value, Connection: 'close' }),
      request('OPTIONS', '/http-bind', { [name]: value, Connection: 'close' }),
    ]) {
      expectClean(await exchange(text));
    }
  });

  test.each(evils)('Host: %j', async (value) => {
    expectClean(await exchange(request('GET', '/http-bind', { Host: value, Connection: 'close' })));
  });

  test.each([
    `/http-bind?x=%0d%0a${MARK}:1`,
    `/http-bind/%0d%0a${MARK}:1`,
    `/%0d%0a${MARK}:1`,
    `http://chat.example.org/http-bind?%0a${MARK}:1`,
    `//${MARK}/http-bind`,
  ])('target: %s', async (target) => {
    for (const method of ['GET', 'OPTIONS']) {
      expectClean(await exchange(request(method, target, { Connection: 'close' })));
    }
  });

  test('the log has no line breaks of a client either', () => {
    const texts = rig.log
      .flatMap((event) => Object.values(event))
      .filter((value) => typeof value === 'string');
    expect(texts.filter((text) => /[\r\n]/.test(text))).toEqual([]);
  });
});
