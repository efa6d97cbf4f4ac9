import { expect, test } from 'vitest';
import { recognitionOptions, siteOptions } from '../../../../../tests/support/site-options.ts';
import { SAME_ORIGIN_CORS } from '../options.ts';
import { clientOf, TrustedProxies } from '../request/client.ts';
import { type HeaderRecord, RecordHeaders } from '../request/head.ts';
import type { SiteOptions } from './site.ts';
import { SiteTable } from './site-table.ts';

const SECRET = 'Ahng8eiQu2ohChai';
const KEY = 'ieNg3Eeghei5Oogh';

function site(
  name: string,
  own: Partial<SiteOptions> & { readonly origins?: string[] | '*' } = {},
): SiteOptions {
  const { origins = [], ...rest } = own;
  return siteOptions({ name, cors: { ...SAME_ORIGIN_CORS, origins }, ...rest });
}

const none = recognitionOptions({});
const sites = [
  site('shop', { hosts: ['shop.example', 'www.shop.example'] }),
  site('all-below', { hosts: ['*.shop.example'], origins: ['https://partner.example'] }),
  site('blog', { origins: ['https://blog.example', 'https://*.blog.example'] }),
  site('news', { hosts: ['bosh.example'], origins: ['https://news.example'] }),
  site('radio', { hosts: ['bosh.example'], origins: ['https://radio.example'] }),
  site('own-path', { paths: ['/shop-bind'] }),
  site('by-network', { recognition: { ...none, networks: ['198.51.100.0/24'] } }),
  site('by-header', { recognition: { ...none, header: { name: 'x-boshd-site', secrets: [SECRET] } } }),
  site('by-key', { hosts: ['keyed.example'], recognition: { ...none, pathKeys: [KEY] } }),
];
const proxies = new TrustedProxies(['10.0.0.0/8']);

function picked(table: SiteTable, path: string, headers: HeaderRecord, peer = '192.0.2.9') {
  const trusted = proxies.has(peer);
  const head = {
    method: 'POST',
    target: path,
    minorVersion: 1,
    headers: new RecordHeaders(headers),
    lineCount: 2,
    hostCount: 1,
    peer: { address: peer, secure: false, trusted },
  };
  return table.pick(head, clientOf(head, proxies), path);
}

const withDefault = new SiteTable({ sites, fallback: site('default'), proxies });
const withoutDefault = new SiteTable({ sites, fallback: undefined, proxies });

/** The site that is chosen; `!` behind its name: and the page is refused. */
function nameOf(table: SiteTable, path: string, headers: HeaderRecord, peer?: string): string | undefined {
  const found = picked(table, path, headers, peer);
  return found === undefined ? undefined : `${found.site.name}${found.headers === undefined ? '!' : ''}`;
}

test.each<[string, HeaderRecord, string]>([
  ['its host', { host: 'shop.example' }, 'shop'],
  ['its host with a port, in capitals, with the dot of the root', { host: 'WWW.Shop.example.:8443' }, 'shop'],
  ['a host by a pattern', { host: 'a.b.shop.example' }, 'all-below'],
  ['a host that only ends like one', { host: 'badshop.example' }, 'default'],
  ['no host that is known', { host: 'other.example' }, 'default'],
  ['no Host at all', {}, 'default'],
  ['its own page', { host: 'shop.example', origin: 'https://shop.example' }, 'shop'],
  ['a page that another site allows', { host: 'shop.example', origin: 'https://blog.example' }, 'shop!'],
  ['a page that nobody allows', { host: 'shop.example', origin: 'https://evil.example' }, 'shop!'],
  ['the origin of a site without hosts', { host: 'other.example', origin: 'https://blog.example' }, 'blog'],
  ['an origin by a pattern', { host: 'other.example', origin: 'https://a.b.blog.example' }, 'blog'],
  ['a page of the default site', { host: 'other.example', origin: 'https://other.example' }, 'default'],
  ['a foreign page', { host: 'other.example', origin: 'https://evil.example' }, 'default!'],
  ['the first of two by its origin', { host: 'bosh.example', origin: 'https://news.example' }, 'news'],
  ['the second of two by its origin', { host: 'bosh.example', origin: 'https://radio.example' }, 'radio'],
  ['neither of two', { host: 'bosh.example', origin: 'https://blog.example' }, 'news!'],
  ['no page, at the host of two', { host: 'bosh.example' }, 'news'],
  ['a secret in its header', { host: 'x.example', 'x-boshd-site': SECRET }, 'by-header'],
  ['a wrong secret', { host: 'x.example', 'x-boshd-site': `${SECRET}x` }, 'default'],
  ['a header that says nothing', { host: 'x.example', 'x-boshd-site': '' }, 'default'],
])('%s', (_title, headers, expected) => {
  expect(nameOf(withDefault, '/http-bind', headers)).toBe(expected);
  // Twice, for what is remembered must be the same.
  expect(nameOf(withDefault, '/http-bind', headers)).toBe(expected);
});

test.each<[string, HeaderRecord, string | undefined]>([
  ['no host that is known', { host: 'other.example' }, 'blog'],
  ['the origin of a site without hosts', { host: 'other.example', origin: 'https://blog.example' }, 'blog'],
  ['its host', { host: 'shop.example' }, 'shop'],
])('without a default site: %s', (_title, headers, expected) => {
  expect(nameOf(withoutDefault, '/http-bind', headers)).toBe(expected);
});

test('a path of one site alone', () => {
  expect(nameOf(withDefault, '/shop-bind', { host: 'shop.example' })).toBe('own-path');
  expect(nameOf(withDefault, '/shop-bind/', { host: 'shop.example' })).toBe('own-path');
  expect(withDefault.hasPath('/other')).toBe(false);
  expect(picked(withDefault, '/other', {})).toBeUndefined();
});

test('nothing is left where every site names its hosts, and there is no default', () => {
  const table = new SiteTable({ sites: sites.slice(0, 2), fallback: undefined, proxies });
  expect(nameOf(table, '/http-bind', { host: 'other.example' })).toBeUndefined();
});

test('the key behind the path, at the host that the site names', () => {
  expect(nameOf(withDefault, `/http-bind/${KEY}`, { host: 'keyed.example' })).toBe('by-key');
  expect(nameOf(withDefault, `/http-bind/${KEY}/`, { host: 'keyed.example' })).toBe('by-key');
  expect(nameOf(withDefault, `/http-bind/${KEY}`, { host: 'x', 'x-forwarded-host': 'keyed.example' })).toBe(
    'by-key',
  );
  expect(nameOf(withDefault, `/http-bind/${KEY}`, { host: 'other.example' })).toBeUndefined();
  expect(withDefault.hasPath(`/http-bind/${KEY.toLowerCase()}`)).toBe(false);
  expect(nameOf(withDefault, '/http-bind', { host: 'keyed.example' })).toBe('default');
});

test.each<[string, string, HeaderRecord, string, string]>([
  [
    'its own proxy, by network',
    '198.51.100.7',
    { 'x-forwarded-for': '203.0.113.5' },
    'by-network',
    '203.0.113.5',
  ],
  [
    'what a client adds before it',
    '198.51.100.7',
    { 'x-forwarded-for': '1.1.1.1, 203.0.113.5' },
    'by-network',
    '203.0.113.5',
  ],
  [
    'its own proxy behind ours',
    '10.0.0.1',
    { 'x-forwarded-for': '203.0.113.5, 198.51.100.7' },
    'by-network',
    '203.0.113.5',
  ],
  [
    'its own proxy by secret',
    '192.0.2.1',
    { 'x-boshd-site': SECRET, 'x-forwarded-for': '1.1.1.1, 203.0.113.5' },
    'by-header',
    '203.0.113.5',
  ],
  [
    'the same behind ours',
    '10.0.0.1',
    { 'x-boshd-site': SECRET, 'x-forwarded-for': '1.1.1.1, 203.0.113.5, 192.0.2.1' },
    'by-header',
    '203.0.113.5',
  ],
  [
    'a stranger who claims much',
    '192.0.2.1',
    { 'x-forwarded-for': '203.0.113.5', 'x-forwarded-host': 'shop.example' },
    'default',
    '192.0.2.1',
  ],
])('the address behind %s', (_title, peer, headers, name, address) => {
  const found = picked(withDefault, '/http-bind', { host: 'up.example', ...headers }, peer);
  expect([found?.site.name, found?.client.address]).toEqual([name, address]);
});

const misfits = new SiteTable({
  sites: [
    site('shop', {
      hosts: ['shop.example'],
      recognition: { ...none, header: { name: 'x-boshd-site', secrets: [SECRET] } },
    }),
    site('blog', { recognition: { ...none, header: { name: 'x-blog', secrets: [KEY] }, pathKeys: [KEY] } }),
    site('own-path', { paths: ['/own'] }),
  ],
  fallback: site('default', { paths: ['/http-bind', '/own'] }),
  proxies,
});

test.each<[string, string, HeaderRecord, string | undefined]>([
  ['no secret', '/http-bind', { host: 'shop.example' }, undefined],
  ['a wrong one', '/http-bind', { 'x-boshd-site': KEY }, "a secret in x-boshd-site that is no site's"],
  ['an empty one', '/http-bind', { 'x-blog': '' }, "a secret in x-blog that is no site's"],
  [
    'the right one',
    '/http-bind',
    { 'x-boshd-site': SECRET, host: 'other.example' },
    'the secret of site shop and a host that is not among its hosts',
  ],
  ['one where nobody has any', '/own', { 'x-boshd-site': 'wrong' }, undefined],
])('a request that is not recognised and shows %s', (_title, path, headers, detail) => {
  expect(misfits.misfitOf(new RecordHeaders(headers), path)?.detail).toBe(detail);
});

test.each([
  ['/http-bind/wrong', '/http-bind'],
  ['/http-bind/wrong/', '/http-bind'],
  ['/http-bind/', undefined],
  ['/http-bind', undefined],
  ['/own/wrong', undefined],
  ['/', undefined],
  ['', undefined],
])('the path %s has a key behind %s', (path, keyed) => {
  expect(misfits.keyedPathOf(path)).toBe(keyed);
});

test('so many hosts that they can not all be remembered', () => {
  for (let index = 0; index < 5000; index += 1) {
    expect(nameOf(withDefault, '/http-bind', { host: `made-up-${index}.example` })).toBe('default');
  }
  expect(nameOf(withDefault, '/http-bind', { host: 'shop.example' })).toBe('shop');
});
