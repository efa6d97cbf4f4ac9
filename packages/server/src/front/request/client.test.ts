import { expect, test } from 'vitest';
import { clientOf, isOfOwnPage, plainAddress, TrustedProxies } from './client.ts';
import { FrontError } from './errors.ts';
import { type HeaderRecord, type Peer, RecordHeaders } from './head.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);
const proxy: Peer = { address: '127.0.0.1', secure: false, trusted: true };
const stranger: Peer = { address: '192.0.2.9', secure: false, trusted: false };

function seen(peer: Peer, record: HeaderRecord, target = '/http-bind') {
  const headers = new RecordHeaders(record);
  return clientOf(
    { method: 'POST', target, minorVersion: 1, headers, lineCount: 1, hostCount: 1, peer },
    proxies,
  );
}

test.each<[forwardedFor: string | undefined, address: string]>([
  [undefined, '127.0.0.1'],
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['[2001:db8::7]:4711', '2001:db8::7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.1.2.3', '203.0.113.7'],
  ['203.0.113.7,10.1.2.3 , fd00::1', '203.0.113.7'],
  ['10.1.2.3', '10.1.2.3'],
  ['unknown', '127.0.0.1'],
  ['203.0.113.7, unknown', '127.0.0.1'],
  ['<script>', '127.0.0.1'],
  ['', '127.0.0.1'],
])('X-Forwarded-For %j from a trusted proxy', (forwardedFor, address) => {
  expect(seen(proxy, { 'x-forwarded-for': forwardedFor }).address).toBe(address);
  expect(seen(stranger, { 'x-forwarded-for': forwardedFor }).address).toBe('192.0.2.9');
});

test.each<[proto: string | undefined, connectionIsTls: boolean, secure: boolean]>([
  [undefined, false, false],
  [undefined, true, true],
  ['https', false, true],
  ['HTTPS', false, true],
  ['http', true, false],
  ['http, https', false, true],
  ['ftp', false, false],
])('X-Forwarded-Proto %j, TLS to boshd %s', (proto, connectionIsTls, secure) => {
  const headers = { 'x-forwarded-proto': proto };
  expect(seen({ ...proxy, secure: connectionIsTls }, headers).secure).toBe(secure);
  expect(seen({ ...stranger, secure: connectionIsTls }, headers).secure).toBe(connectionIsTls);
});

test('the host is what the browser asked for', () => {
  const headers = { host: 'up:5280', 'x-forwarded-host': 'chat.example.org' };
  expect(seen(proxy, headers).host).toBe('chat.example.org');
  expect(seen(stranger, headers).host).toBe('up:5280');
  expect(seen(stranger, headers, 'http://a.example:81/http-bind').host).toBe('a.example:81');
  expect(seen(stranger, {}).host).toBeUndefined();
});

test.each<[address: string, isTrusted: boolean]>([
  ['127.0.0.1', true],
  ['127.0.0.2', false],
  ['10.255.0.1', true],
  ['11.0.0.1', false],
  ['fd12::1', true],
  ['fe80::1', false],
  ['unknown', false],
])('%s trusted: %s', (address, isTrusted) => {
  expect(proxies.has(address)).toBe(isTrusted);
  expect(new TrustedProxies([]).has(address)).toBe(false);
});

test.each(['example.org', '10.0.0.0/33', '10.0.0.0/x', ''])('%j is no network', (network) => {
  expect(() => new TrustedProxies([network])).toThrow(FrontError);
});

test('addresses as proxies write them', () => {
  expect(plainAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
  expect(plainAddress('::1')).toBe('::1');
  expect(plainAddress('127.0.0.1:80:80')).toBeUndefined();
});

test.each<[what: string, headers: HeaderRecord, isOwn: boolean, peer?: Partial<Peer>]>([
  ['its page', { host: 'localhost:5280', origin: 'http://localhost:5280' }, true],
  ['its page by address', { host: '[::1]:5280', origin: 'http://[::1]:5280' }, true],
  ['its page over TLS', { host: 'localhost', origin: 'https://localhost' }, true, { secure: true }],
  ['no page', { host: 'localhost:5280' }, false],
  ['a page of another port', { host: 'localhost:5280', origin: 'http://localhost:8080' }, false],
  ['another site', { host: 'localhost:5280', origin: 'https://evil.example' }, false],
  ['a sandboxed frame', { host: 'localhost:5280', origin: 'null' }, false],
  ['a name that points here', { host: 'evil.example:5280', origin: 'http://evil.example:5280' }, false],
  ['another machine', { host: 'localhost', origin: 'http://localhost' }, false, { address: '192.0.2.9' }],
  ['a Unix socket', { host: 'localhost', origin: 'http://localhost' }, false, { address: '' }],
  ...['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].map((name): [string, HeaderRecord, boolean] => [
    `a proxy with ${name}`,
    { host: 'localhost', origin: 'http://localhost', [name]: '127.0.0.1' },
    false,
  ]),
  [
    'a browser that says it',
    { host: 'localhost', origin: 'http://localhost', 'sec-fetch-site': 'cross-site' },
    false,
  ],
])('%s is its own page', (_what, record, isOwn, peer = {}) => {
  const loopback = { address: record['host'] === '[::1]:5280' ? '::1' : '127.0.0.1', secure: false };
  const head = {
    method: 'POST',
    target: '/demo/worker',
    minorVersion: 1,
    headers: new RecordHeaders(record),
    lineCount: 2,
    hostCount: 1,
    peer: { ...loopback, trusted: false, ...peer },
  };
  expect(isOfOwnPage(head)).toBe(isOwn);
});
