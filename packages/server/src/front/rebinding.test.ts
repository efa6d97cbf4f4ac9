import { afterEach, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { type FrontOptions, frontOptions, SAME_ORIGIN_CORS } from './options.ts';
import type { SiteOptions } from './site/site.ts';

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'xmpp',
};

let rig: FrontRig;

afterEach(() => rig.stop());

async function statusOf(
  host: string,
  isSocket: boolean,
  extra: Record<string, string> = {},
): Promise<number> {
  const client = rig.connect();
  const Host = host.replace('OWN', String(rig.port));
  // The page is of the origin that the browser has it from: nothing but the name shows that it was led here.
  const headers = { Host, Origin: `http://${Host.toLowerCase()}`, ...extra };
  client.write(
    isSocket ? request('GET', '/xmpp-websocket', { ...HANDSHAKE, ...headers }) : post(bodyOf(1), headers),
  );
  const { status } = await client.reply(isSocket);
  client.destroy();
  return status;
}

function site(hosts: readonly string[]): SiteOptions {
  const { paths, cors, extraHeaders, syntaxes, compression, websocketPaths, websocket, limits, xml } =
    frontOptions({ syntaxes: ['post', 'websocket'] });
  const { bodyBytesMax } = limits;
  return {
    name: 'named',
    hosts,
    paths,
    cors,
    extraHeaders,
    syntaxes,
    compression,
    websocketPaths,
    websocket,
    bodyBytesMax,
    xml,
    order: { path: '/prebind', secrets: [] },
    hasClaimCookies: false,
    recognition: undefined,
  };
}

test.each<[host: string, isServed: boolean, options?: Partial<FrontOptions>, extra?: Record<string, string>]>(
  [
    ['evil.example:OWN', false],
    ['EVIL.example.:OWN', false],
    ['localhost.evil.example:OWN', false],
    ['127.evil.example:OWN', false],
    ['192.0.2.7:OWN', false],
    ['evil.example:OWN', false, { trustedProxies: ['127.0.0.1'] }, { 'X-Forwarded-Host': 'www.example.org' }],
    ['evil.example:OWN', false, { trustedProxies: ['127.0.0.1'] }, { 'X-Forwarded-For': '192.0.2.1' }],
    // What a person on this machine opens.
    ['localhost:OWN', true],
    ['LocalHost:OWN', true],
    ['demo.localhost:OWN', true],
    ['127.0.0.1:OWN', true],
    ['[::1]:OWN', true],
    // A proxy on this machine: the site's host, with the port of the site or none.
    ['www.example.org', true],
    ['www.example.org:8443', true],
    ['www.example.org:1OWN', true],
    ['chat.example:OWN', true, { sites: [site(['chat.example'])] }],
    ['a.chat.example:OWN', true, { sites: [site(['*.chat.example'])] }],
    ['evil.example:OWN', false, { sites: [site(['chat.example'])] }],
    ['chat.example:OWN', true, { cors: { ...SAME_ORIGIN_CORS, origins: '*' } }],
    ['a.chat.example:OWN', false, { cors: { ...SAME_ORIGIN_CORS, origins: ['https://chat.example'] } }],
  ],
)('a page by the host %s is served: %s', async (host, isServed, options = {}, extra = {}) => {
  rig = await startFront({ syntaxes: ['post', 'websocket'], ...options }, answerAll);
  expect(await statusOf(host, false, extra)).toBe(isServed ? 200 : 403);
  expect(await statusOf(host, true, extra)).toBe(isServed ? 101 : 403);
  expect(rig.inputs.filter(({ type }) => type === 'request' || type === 'socket-opened')).toHaveLength(
    isServed ? 2 : 0,
  );
  const refusals = rig.log.filter((event) => 'code' in event && event.code === 'host-refused');
  expect(refusals).toHaveLength(isServed ? 0 : 2);
});

test('the name that is listened on is no foreign one', async () => {
  rig = await startFront({ listen: [{ host: 'localhost', port: 0 }] }, answerAll);
  expect(await statusOf('localhost:OWN', false)).toBe(200);
  rig.front.reconfigure(frontOptions({ listen: [{ host: 'Box.example', port: 0 }] }));
  expect(await statusOf('box.example:OWN', false)).toBe(200);
  rig.front.reconfigure(frontOptions({ listen: [{ host: '0.0.0.0', port: 0 }] }));
  expect(await statusOf('192.0.2.7:OWN', false)).toBe(200);
  expect(await statusOf('box.example:OWN', false)).toBe(403);
});

test('a listed origin makes its host known', async () => {
  rig = await startFront({}, answerAll);
  const origins = [`http://chat.example:${rig.port}`];
  rig.front.reconfigure(frontOptions({ cors: { ...SAME_ORIGIN_CORS, origins } }));
  expect(await statusOf('chat.example:OWN', false)).toBe(200);
  expect(await statusOf('evil.example:OWN', false)).toBe(403);
});
