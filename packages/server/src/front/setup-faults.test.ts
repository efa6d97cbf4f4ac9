import { afterEach, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import type { FrontOptions } from './options.ts';

/** A creation request as it comes behind `location /http-bind { proxy_pass http://127.0.0.1:5280/; }`. */
const CREATION =
  "<body xmlns='http://jabber.org/protocol/httpbind' rid='4242' to='test.example' wait='20' hold='1' ver='1.6' xml:lang='en'/>";
const XML = { 'Content-Type': 'text/xml; charset=utf-8' };
const PREFLIGHT = {
  Origin: 'https://www.example.org',
  'Access-Control-Request-Method': 'POST',
  'Access-Control-Request-Headers': 'content-type',
};
/** What is left of a handshake when a web server takes off the headers of the connection (RFC 9110 §7.6.1). */
const STRIPPED_HANDSHAKE = {
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'xmpp',
};
const HANDSHAKE = { ...STRIPPED_HANDSHAKE, Connection: 'Upgrade', Upgrade: 'websocket' };
const NO_HOST = `POST /http-bind HTTP/1.1\r\nContent-Length: 0\r\n\r\n`;
const TWO_HOSTS = `POST /http-bind HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nContent-Length: 0\r\n\r\n`;

let rig: FrontRig;

afterEach(() => rig.stop());

async function warningsOf(texts: readonly string[], options: Partial<FrontOptions> = {}) {
  rig = await startFront(
    { syntaxes: ['post', 'websocket'], trustedProxies: ['127.0.0.1'], ...options },
    answerAll,
  );
  for (const text of texts) {
    const client = rig.connect();
    client.write(text);
    await client.reply();
    client.destroy();
  }
  return rig.warnings.map((each) =>
    each.event === 'warning' ? { code: each.code, detail: each.detail } : {},
  );
}

test.each<[what: string, text: string, code: string, names: readonly string[]]>([
  ['a path taken away', post(CREATION, XML, '/'), 'path-stripped', ['/http-bind', '/bosh', 'to /,']],
  [
    'by a library',
    post(CREATION, { 'Content-Type': 'application/x-www-form-urlencoded' }, '/'),
    'path-stripped',
    ['/http-bind'],
  ],
  ['by a program that names no type', post(CREATION, {}, '/'), 'path-stripped', ['/http-bind']],
  ['more slashes', post(CREATION, XML, '//'), 'path-stripped', ['/http-bind']],
  ['of another page', request('OPTIONS', '/', PREFLIGHT), 'path-stripped', ['/http-bind']],
  ['of a WebSocket', request('GET', '/', HANDSHAKE), 'path-stripped', ['/xmpp-websocket']],
  [
    'of a WebSocket without Upgrade',
    request('GET', '/', STRIPPED_HANDSHAKE),
    'path-stripped',
    ['/xmpp-websocket'],
  ],
  [
    'a path twice',
    post(CREATION, XML, '/http-bind/http-bind'),
    'path-doubled',
    ['/http-bind, /bosh', '/http-bind/http-bind'],
  ],
  ['a path twice, with slashes', post(CREATION, XML, '/http-bind//http-bind/'), 'path-doubled', ['/bosh']],
  [
    'a path with something before it',
    post(CREATION, XML, '/chat/http-bind'),
    'path-doubled',
    ['/chat/http-bind'],
  ],
  [
    'a WebSocket path twice',
    request('GET', '/xmpp-websocket/xmpp-websocket', HANDSHAKE),
    'path-doubled',
    ['/xmpp-websocket'],
  ],
  ['another path', post(CREATION, XML, '/bind'), 'path-unknown', ['/bind', '/http-bind']],
  [
    'another path for WebSockets',
    request('GET', '/ws', HANDSHAKE),
    'path-unknown',
    ['/ws', '/xmpp-websocket'],
  ],
  [
    'a handshake without Upgrade',
    request('GET', '/xmpp-websocket', STRIPPED_HANDSHAKE),
    'upgrade-missing',
    ['proxy_set_header Upgrade'],
  ],
  [
    'a body at the WebSocket URL',
    post(CREATION, XML, '/xmpp-websocket'),
    'body-at-websocket-path',
    ['/http-bind', '/xmpp-websocket'],
  ],
  [
    'its preflight',
    request('OPTIONS', '/xmpp-websocket/', PREFLIGHT),
    'body-at-websocket-path',
    ['/http-bind'],
  ],
  [
    'a WebSocket at the BOSH URL',
    request('GET', '/http-bind', HANDSHAKE),
    'websocket-at-bosh-path',
    ['/xmpp-websocket'],
  ],
  [
    'a stripped one at the BOSH URL',
    request('GET', '/bosh/', STRIPPED_HANDSHAKE),
    'websocket-at-bosh-path',
    ['/xmpp-websocket'],
  ],
  ['no Host line', NO_HOST, 'host-missing', ['Host']],
  ['two Host lines', TWO_HOSTS, 'host-repeated', ['Host']],
])('%s is warned of once', async (_what, text, code, names) => {
  const warnings = await warningsOf([text, text, text]);
  expect(warnings.map((each) => each.code)).toEqual([code]);
  for (const name of names) expect(warnings[0]?.detail).toContain(name);
});

test('kinds are warned of apart, and what is long is cut', async () => {
  const long = `/http-bind/${'x'.repeat(5000)}`;
  const warnings = await warningsOf([post(CREATION, XML, long), post(CREATION, XML, '/'), NO_HOST]);
  expect(warnings.map((each) => each.code)).toEqual(['path-doubled', 'path-stripped', 'host-missing']);
  for (const { detail } of warnings) expect(detail?.length).toBeLessThan(800);
});

test('where WebSockets are off, the warning says so', async () => {
  const warnings = await warningsOf([request('GET', '/xmpp-websocket', HANDSHAKE)], { syntaxes: ['post'] });
  expect(warnings).toMatchObject([{ code: 'path-unknown' }]);
  expect(warnings[0]?.detail).toContain('WebSockets are off');
});

test.each([
  [post(bodyOf(1), XML)],
  [post(bodyOf(1), XML, '//http-bind')],
  [request('GET', '/')],
  [request('GET', '/favicon.ico')],
  [request('GET', '/http-bind')],
  [request('GET', '/xmpp-websocket')],
  [request('OPTIONS', '/http-bind', PREFLIGHT)],
  [post('{}', { 'Content-Type': 'application/json' }, '/')],
  [post('a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }, '/login.php')],
  ['GET /healthz HTTP/1.0\r\n\r\n'],
])('%j is warned of never', async (text) => {
  expect(await warningsOf([text])).toEqual([]);
});

test('a reload warns anew, for what it was about may have been changed', async () => {
  const text = post(CREATION, XML, '/');
  await warningsOf([text]);
  const { frontOptions } = await import('./index.ts');
  rig.front.reconfigure(frontOptions({ trustedProxies: ['127.0.0.1'] }));
  const client = rig.connect();
  client.write(text);
  await client.reply();
  expect(rig.warnings).toHaveLength(2);
});
