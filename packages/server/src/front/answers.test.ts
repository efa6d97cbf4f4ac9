import { ascii } from '@boshd/engine/kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  type RawReply,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { nodeToolbox } from '../toolbox.ts';
import { SAME_ORIGIN_CORS } from './options.ts';
import { firstOf, healthPages } from './reply/pages.ts';

const SAFE = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
const LISTED = 'https://web.example';
const FOREIGN = 'https://evil.example';

let rig: FrontRig;

async function ask(text: string, rigAsked = rig): Promise<RawReply> {
  const client = rigAsked.connect();
  client.write(text);
  const reply = await client.reply(text.startsWith('HEAD '));
  client.destroy();
  return reply;
}

function expectSafe({ status, headers, body }: RawReply, isHead = false): void {
  expect(headers).toMatchObject(SAFE);
  expect(headers['transfer-encoding']).toBeUndefined();
  expect(headers['date']).toMatch(/ GMT$/);
  if (status === 204) expect(headers['content-length']).toBeUndefined();
  else if (!isHead) expect(headers['content-length']).toBe(String(body.length));
}

afterEach(() => rig.stop());

describe('methods and paths', () => {
  beforeEach(async () => {
    const readiness = healthPages(() => ascii('draining\n'));
    rig = await startFront(
      {
        pages: firstOf(readiness, ({ path, query }) =>
          path === '/page'
            ? {
                status: 200,
                contentType: 'text/html; charset=utf-8',
                body: ascii(`<p>${query}</p>`),
                contentSecurityPolicy: "script-src 'self'",
              }
            : undefined,
        ),
      },
      answerAll,
    );
  });

  test.each<[text: string, status: number, body: RegExp | string]>([
    [post(bodyOf(1)), 200, '<body/>'],
    [post(bodyOf(1), {}, '/http-bind/'), 200, '<body/>'],
    [post(bodyOf(1), {}, '/http-bind?room=a&token=b'), 200, '<body/>'],
    [post(bodyOf(1), {}, '/http-bind/?/x'), 200, '<body/>'],
    [post(bodyOf(1), {}, '/bosh'), 200, '<body/>'],
    [post(bodyOf(1), {}, '/bosh/'), 200, '<body/>'],
    [post(bodyOf(1), {}, 'http://other.example/http-bind?x'), 200, '<body/>'],
    [post('', {}), 200, 'not-well-formed'],
    [request('POST', '/http-bind'), 200, 'not-well-formed'],
    [post('<a/>'), 200, 'wrong-root'],
    [post(bodyOf(1), {}, '/http-bindx'), 404, /nothing/],
    [post(bodyOf(1), {}, '/http-bind//'), 200, '<body/>'],
    [post(bodyOf(1), {}, '//http-bind'), 200, '<body/>'],
    [post(bodyOf(1), {}, '///http-bind//?a=//b'), 200, '<body/>'],
    [post(bodyOf(1), {}, 'http://other.example//http-bind'), 200, '<body/>'],
    [request('GET', '//http-bind'), 200, /it works/],
    [request('OPTIONS', '//bosh'), 204, ''],
    [post(bodyOf(1), {}, '//'), 404, /nothing/],
    [post(bodyOf(1), {}, '//http-bind.example/'), 404, /nothing/],
    [post(bodyOf(1), {}, '/'), 404, /nothing/],
    [request('GET', '/http-bind'), 200, /it works/],
    [request('GET', '/bosh/?x=y'), 200, /it works/],
    [request('HEAD', '/http-bind'), 200, ''],
    [request('OPTIONS', '/http-bind'), 204, ''],
    [request('OPTIONS', '*'), 204, ''],
    [request('PUT', '/http-bind', { 'Content-Length': '0' }), 405, /POST, GET/],
    [request('DELETE', '/http-bind'), 405, /POST, GET/],
    [request('TRACE', '/http-bind'), 405, /POST, GET/],
    [request('GET', '/nowhere'), 404, /nothing/],
    [request('OPTIONS', '/nowhere'), 404, /nothing/],
    [request('GET', '/page'), 200, '<p></p>'],
    [request('GET', '/page?a=b?c'), 200, '<p>a=b?c</p>'],
    [request('HEAD', '/page'), 200, ''],
    [post('x', {}, '/page'), 405, /GET, HEAD/],
    [request('GET', '/healthz'), 200, 'ok\n'],
    [request('GET', '/readyz'), 503, 'draining\n'],
    [post(bodyOf(1), { 'Sec-Fetch-Mode': 'navigate' }), 403, /form/],
    [post(bodyOf(1), { 'Sec-Fetch-Mode': 'cors' }), 200, '<body/>'],
    [post(bodyOf(1), { 'Sec-Fetch-Mode': 'no-cors', 'Content-Type': 'text/plain' }), 200, '<body/>'],
    [request('GET', '/http-bind', { 'Sec-Fetch-Mode': 'navigate' }), 200, /it works/],
    [post('\x8b\x07\x80abc\x03', { 'Content-Encoding': 'br' }), 415, /coding/],
    [post('\x1f\x8b\x08\x00', { 'Content-Encoding': 'gzip, gzip' }), 415, /coding/],
    [post(bodyOf(1), { 'Content-Encoding': 'text/xml; charset=utf-8' }), 200, '<body/>'],
    [post(bodyOf(1), { Expect: 'wonders' }), 417, /expectation/],
    [post(bodyOf(1), { Upgrade: 'h2c', Connection: 'Upgrade' }), 200, '<body/>'],
  ])('%j', async (text, status, body) => {
    const reply = await ask(text);
    expect(reply.status).toBe(status);
    if (typeof body === 'string') expect(reply.body).toBe(body);
    else expect(reply.body).toMatch(body);
    if (text.includes(' /page') && status === 200) {
      expect(reply.headers['content-security-policy']).toBe("script-src 'self'");
    } else expectSafe(reply, text.startsWith('HEAD'));
  });

  test('a refused method is told what is allowed', async () => {
    expect((await ask(request('PUT', '/http-bind'))).headers['allow']).toBe('POST, GET, HEAD, OPTIONS');
    expect((await ask(request('OPTIONS', '*'))).headers['allow']).toBe('POST, GET, HEAD, OPTIONS');
    expect((await ask(post('', {}, '/page'))).headers['allow']).toBe('GET, HEAD');
    const coded = await ask(post('', { 'Content-Encoding': 'br' }));
    expect(coded.headers['accept-encoding']).toBe('identity');
  });

  test('refused navigations never reach the engine, and are logged', async () => {
    await ask(post(bodyOf(1), { 'Sec-Fetch-Mode': 'navigate', Origin: 'https://chat.example.org' }));
    expect(rig.inputs).toEqual([]);
    expect(rig.log).toMatchObject([
      { event: 'request-refused', code: 'navigation-refused', session: undefined },
    ]);
  });

  test('the length of a HEAD reply is that of the page', async () => {
    const [head, get] = [await ask(request('HEAD', '/page')), await ask(request('GET', '/page'))];
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });
});

test.each([
  ['text/xml; charset=utf-8', "<body a='grüße'/>"],
  ['text/plain; charset=utf-8', '<body/>'],
  ['application/xml; charset=utf-8', ''],
])('a reply of type %s is written as the engine gives it', async (contentType, text) => {
  const body = nodeToolbox().encodeUtf8(text);
  rig = await startFront({}, (input, front) => {
    if (input.type === 'request') front.respond(input.request, { status: 404, contentType, body });
  });
  const reply = await ask(post(bodyOf(1)));
  expect(reply).toMatchObject({ status: 404, statusLine: 'HTTP/1.1 404 Not Found', body });
  expect(reply.headers['content-type']).toBe(contentType);
  expectSafe(reply);
});

describe('origins', () => {
  const PREFLIGHT = {
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'content-type',
  };
  const requests = (headers: Record<string, string>): readonly string[] => [
    post(bodyOf(1), headers),
    post('<a/>', headers),
    request('GET', '/http-bind', headers),
    request('HEAD', '/http-bind', headers),
    request('OPTIONS', '/http-bind', { ...headers, ...PREFLIGHT }),
    request('PUT', '/http-bind', headers),
    request('GET', '/nowhere', headers),
    post('', { ...headers, 'Content-Encoding': 'br' }),
    post('', { ...headers, 'Sec-Fetch-Mode': 'navigate' }),
    post('', { ...headers, Expect: 'wonders' }),
    `POST /http-bind HTTP/1.1\r\nOrigin: ${headers['Origin']}\r\n\r\n`,
  ];

  test('listed, with credentials and exposed headers: on every status', async () => {
    rig = await startFront(
      {
        cors: {
          origins: [LISTED],
          credentials: true,
          exposedHeaders: ['X-Shard', 'X-B'],
          allowedHeaders: ['X-A'],
        },
        extraHeaders: { 'X-Shard': 's1' },
      },
      answerAll,
    );
    for (const text of requests({ Origin: LISTED }).slice(0, -1)) {
      const reply = await ask(text);
      expectSafe(reply, text.startsWith('HEAD'));
      expect(reply.headers, text).toMatchObject({
        'access-control-allow-origin': LISTED,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'X-Shard, X-B',
        vary: 'Origin',
        'x-shard': 's1',
      });
    }
    const preflight = await ask(request('OPTIONS', '/http-bind', { Origin: LISTED, ...PREFLIGHT }));
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-methods': 'POST, GET, OPTIONS',
        'access-control-allow-headers': 'Content-Type, Accept-Encoding, X-A',
        'access-control-max-age': '86400',
      },
    });
  });

  test('all: on every status, and without an Origin too', async () => {
    rig = await startFront(
      { cors: { ...SAME_ORIGIN_CORS, origins: '*', exposedHeaders: ['X-Shard'] } },
      answerAll,
    );
    for (const text of [...requests({ Origin: FOREIGN }), ...requests({ Origin: 'null' }), post(bodyOf(1))]) {
      const { headers } = await ask(text);
      expect(headers, text).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'X-Shard',
      });
      expect(headers['vary']).toBeUndefined();
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
    expect(rig.log).toMatchObject([{ code: 'navigation-refused' }, { code: 'navigation-refused' }]);
  });

  test.each<[headers: Record<string, string>, isAllowed: boolean]>([
    [{}, true],
    [{ Origin: 'https://chat.example.org' }, true],
    [{ Origin: 'http://chat.example.org' }, true],
    [{ Origin: LISTED }, true],
    [{ Origin: FOREIGN }, false],
    [{ Origin: 'null' }, false],
    [{ Origin: FOREIGN, 'Sec-Fetch-Site': 'same-origin' }, true],
    [{ Origin: FOREIGN, 'X-Forwarded-Host': 'evil.example' }, false],
  ])('%j, with one origin listed', async (headers, isAllowed) => {
    rig = await startFront({ cors: { ...SAME_ORIGIN_CORS, origins: [LISTED] } }, answerAll);
    const reply = await ask(post(bodyOf(1), headers));
    expectSafe(reply);
    expect(reply.status).toBe(isAllowed ? 200 : 403);
    expect(reply.headers['vary']).toBe('Origin');
    const isListed = headers['Origin'] === LISTED;
    expect(reply.headers['access-control-allow-origin']).toBe(isListed ? LISTED : undefined);
    expect(rig.inputs.length).toBe(isAllowed ? 1 : 0);
    expect(rig.log.length).toBe(isAllowed ? 0 : 1);
  });

  test('a refused origin is refused for every method, with a reason in the log', async () => {
    rig = await startFront({}, answerAll);
    for (const method of ['POST', 'GET', 'OPTIONS', 'PUT']) {
      const reply = await ask(request(method, '/http-bind', { Origin: FOREIGN }));
      expect(reply.status).toBe(403);
      expect(reply.body).toMatch(/origin/);
      expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(rig.inputs).toEqual([]);
    expect(rig.log.length).toBe(4);
    expect(rig.log[0]).toEqual({
      event: 'request-refused',
      session: undefined,
      site: 'default',
      code: 'origin-refused',
      detail:
        'a page of https://evil.example, by host chat.example.org, from 127.0.0.1: if the page or app is yours, add its origin to origins',
    });
  });

  const APPS = ['capacitor://localhost', 'app://.', 'file://', 'chrome-extension://abcdefghijklmnop'];

  test.each(APPS)('of apps, such as %s, are allowed by name, and no others with them', async (origin) => {
    rig = await startFront({ cors: { ...SAME_ORIGIN_CORS, origins: [origin] } }, answerAll);
    for (const text of [
      post(bodyOf(1), { Origin: origin }),
      request('OPTIONS', '/http-bind', { Origin: origin, ...PREFLIGHT }),
    ]) {
      const { status, headers } = await ask(text);
      expect(status).toBeLessThan(300);
      expect(headers['access-control-allow-origin']).toBe(origin);
    }
    const others = [FOREIGN, 'null', 'https://localhost', `${origin}.evil`, ...APPS].filter(
      (each) => each !== origin,
    );
    for (const other of others) {
      const { status, headers } = await ask(post(bodyOf(1), { Origin: other }));
      expect([status, headers['access-control-allow-origin']], other).toEqual([403, undefined]);
    }
  });

  test('null is refused with the reason, and allowed where it is listed', async () => {
    rig = await startFront({ cors: { ...SAME_ORIGIN_CORS, origins: [LISTED] } }, answerAll);
    const refused = await ask(post(bodyOf(1), { Origin: 'null' }));
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('Any page can have it')]);
    expect(rig.log).toMatchObject([{ detail: expect.stringContaining('insecureNullOrigin') }]);
    await rig.stop();
    rig = await startFront({ cors: { ...SAME_ORIGIN_CORS, origins: [LISTED, 'null'] } }, answerAll);
    const { status, headers } = await ask(post(bodyOf(1), { Origin: 'null' }));
    expect([status, headers['access-control-allow-origin']]).toEqual([200, 'null']);
  });

  test('a trusted proxy says which host the browser asked for, the address and the scheme', async () => {
    rig = await startFront({ trustedProxies: ['127.0.0.0/8'] }, answerAll);
    const forwarded = {
      Host: 'boshd:5280',
      Origin: 'https://chat.example.org',
      'X-Forwarded-Host': 'chat.example.org',
      'X-Forwarded-For': '203.0.113.7',
      'X-Forwarded-Proto': 'https',
    };
    expect((await ask(post(bodyOf(1), forwarded))).status).toBe(200);
    expect(rig.inputs).toMatchObject([
      { type: 'request', address: '203.0.113.7', secure: true, site: 'default' },
    ]);
  });

  test('without one, the socket says it', async () => {
    rig = await startFront({ site: 'a' }, answerAll);
    await ask(post(bodyOf(1), { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' }));
    expect(rig.inputs).toMatchObject([{ type: 'request', address: '127.0.0.1', secure: false, site: 'a' }]);
  });
});

describe('a proxy on the same machine that is not configured', () => {
  test.each<[string, Parameters<typeof startFront>[0], string, number]>([
    ['is warned of once', {}, 'chat.example.org', 1],
    ['is not, when it is named', { trustedProxies: ['127.0.0.1'] }, 'chat.example.org', 0],
    ['is none, when the browser is on this machine too', {}, 'localhost:5280', 0],
  ])('%s', async (_title, options, host, count) => {
    const own = await startFront(options, answerAll);
    const client = own.connect();
    for (let request = 0; request < 3; request += 1) {
      client.write(post(bodyOf(1), { Host: host }));
      await client.reply();
    }
    expect(own.warnings).toHaveLength(count);
    await own.stop();
  });
});
