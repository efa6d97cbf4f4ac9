import { describe, expect, test } from 'vitest';
import { nodeToolbox } from '../../toolbox.ts';
import { type Discovery, hostMetaPages } from './host-meta.ts';
import type { PageRequest } from './pages.ts';

const toolbox = nodeToolbox();
const DERIVED: Discovery = {
  boshUrls: [],
  websocketUrls: [],
  boshPath: '/http-bind',
  websocketPath: '/xmpp-websocket',
};
const XBOSH = 'urn:xmpp:alt-connections:xbosh';
const WEBSOCKET = 'urn:xmpp:alt-connections:websocket';

function request(given: Partial<PageRequest>): PageRequest {
  return {
    path: '/.well-known/host-meta.json',
    query: '',
    address: '192.0.2.1',
    secure: true,
    host: 'chat.example.org',
    site: 'default',
    ...given,
  };
}

function linksOf(discovery: Discovery, given: Partial<PageRequest> = {}): readonly (readonly string[])[] {
  const page = hostMetaPages(new Map([['default', discovery]]), toolbox)(request(given));
  const { links } = JSON.parse(page?.body ?? '{}') as { links: { rel: string; href: string }[] };
  return links.map(({ rel, href }) => [rel, href]);
}

describe('links that are made of the host', () => {
  test.each<[host: string | undefined, secure: boolean, bosh: string | undefined]>([
    ['chat.example.org', true, 'https://chat.example.org/http-bind'],
    ['Chat.Example.org:8443', true, 'https://chat.example.org:8443/http-bind'],
    ['chat.example.org', false, 'https://chat.example.org/http-bind'],
    ['[2001:db8::1]', false, 'https://[2001:db8::1]/http-bind'],
    ['localhost:5280', false, 'http://localhost:5280/http-bind'],
    ['127.0.0.1:5280', false, 'http://127.0.0.1:5280/http-bind'],
    ['[::1]:5280', false, 'http://[::1]:5280/http-bind'],
    ['localhost', true, 'https://localhost/http-bind'],
    [undefined, true, undefined],
    ["evil'/><script>", true, undefined],
    ['user@evil.example', true, undefined],
    ['evil.example/path', true, undefined],
  ])('%s, by TLS: %s', (host, secure, bosh) => {
    const websocket = bosh?.replace(/^http/, 'ws').replace('http-bind', 'xmpp-websocket');
    const expected =
      bosh === undefined
        ? []
        : [
            [XBOSH, bosh],
            [WEBSOCKET, websocket],
          ];
    expect(linksOf(DERIVED, { host, secure })).toEqual(expected);
  });

  test('are those of what the site has', () => {
    expect(linksOf({ ...DERIVED, websocketPath: undefined })).toEqual([
      [XBOSH, 'https://chat.example.org/http-bind'],
    ]);
    expect(linksOf({ ...DERIVED, boshPath: undefined, websocketPath: undefined })).toEqual([]);
  });
});

test('configured links stand in their place, the preferred one last', () => {
  const boshUrls = ['https://a.example/bosh', 'https://b.example/bosh'];
  expect(linksOf({ ...DERIVED, boshUrls })).toEqual([
    [XBOSH, 'https://b.example/bosh'],
    [XBOSH, 'https://a.example/bosh'],
    [WEBSOCKET, 'wss://chat.example.org/xmpp-websocket'],
  ]);
});

test('the XRD is escaped, and any page may read it', () => {
  const discovery = { ...DERIVED, boshUrls: ["https://a.example/bosh?a=1&b='2'"], websocketPath: undefined };
  const pages = hostMetaPages(new Map([['default', discovery]]), toolbox);
  expect(pages(request({ path: '/.well-known/host-meta' }))).toEqual({
    status: 200,
    contentType: 'application/xrd+xml; charset=utf-8',
    anyOrigin: true,
    body: [
      "<?xml version='1.0' encoding='utf-8'?>",
      "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>",
      `  <Link rel='${XBOSH}' href='https://a.example/bosh?a=1&amp;b=&apos;2&apos;'/>`,
      '</XRD>',
      '',
    ].join('\n'),
  });
});

test.each<[given: Partial<PageRequest>]>([
  [{ site: 'other' }],
  [{ site: undefined }],
  [{ path: '/.well-known/other' }],
  [{ path: '/crossdomain.xml' }],
])('nothing for %j', (given) => {
  expect(hostMetaPages(new Map([['default', DERIVED]]), toolbox)(request(given))).toBeUndefined();
});
