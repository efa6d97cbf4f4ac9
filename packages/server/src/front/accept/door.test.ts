import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  RawClient,
  startFront,
} from '../../../../../tests/support/front-rig.ts';
import { until } from '../../../../../tests/support/program.ts';
import { recognitionOptions, siteOptions } from '../../../../../tests/support/site-options.ts';
import { createTestCa } from '../../../../../tests/support/test-ca.ts';
import { FRONT_LIMITS, type FrontOptions, frontOptions } from '../options.ts';
import type { RecognitionOptions } from '../site/recognition.ts';
import type { SiteOptions } from '../site/site.ts';

/** On the loopback interface nobody has a limit: the PROXY protocol makes it another address. */
const FROM = 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 5280\r\n';
const FROM_OTHER = 'PROXY TCP4 203.0.113.8 192.0.2.1 4711 5280\r\n';
const NOBODY = 'PROXY UNKNOWN\r\n';
const MAX = 2;
const SECRET = 'Ahng8eiQu2ohChai';

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
      limits: { ...FRONT_LIMITS, connectionsPerAddressMax: MAX },
      ...options,
    },
    answerAll,
  );
  return rig;
}

/** Opens connections one after the other, and says of each whether it got an answer. */
async function answers({ connect: open }: FrontRig, from: string, times: number, headers = {}) {
  const clients = Array.from({ length: times }, () => open());
  const got: boolean[] = [];
  for (const client of clients) {
    client.write(`${from}${post(bodyOf(1), headers)}`);
    got.push(
      await client.reply().then(
        ({ body }) => body === '<body/>',
        () => false,
      ),
    );
  }
  return { clients, got };
}

test('what is too much of one address is closed, with one line in the log, and counted', async () => {
  const front = await start();
  const { clients, got } = await answers(front, FROM, 5);
  expect(got).toEqual([true, true, false, false, false]);
  expect(front.log).toMatchObject([
    {
      event: 'request-refused',
      code: 'too-many-connections-of-address',
      detail: 'more than 2 HTTP connections from 203.0.113.7: if it is a proxy, name it in trustedProxies',
    },
  ]);
  expect([...front.front.door.counts.turnedAway]).toEqual([['too-many-connections-of-address', 3]]);
  // Others are served, and who is in stays in.
  expect((await answers(front, FROM_OTHER, 1)).got).toEqual([true]);
  clients[0]?.write(post(bodyOf(2)));
  expect((await clients[0]?.reply())?.status).toBe(200);
  clients[1]?.destroy();
  await until('there is room again', async () => (await answers(front, FROM, 1)).got[0]);
});

test.each<[string, string, Partial<FrontOptions>]>([
  ['a proxy of the service', FROM, { trustedProxies: ['203.0.113.0/24'] }],
  ['a proxy of a site, by its network', FROM, { sites: [site({ networks: ['203.0.113.7'] })] }],
  ['the proxy that speaks for itself', NOBODY, {}],
  ['anybody, where there is no limit', FROM, { limits: { ...FRONT_LIMITS, connectionsPerAddressMax: 0 } }],
  ['this machine', '', { listen: [{ host: '127.0.0.1', port: 0 }] }],
])('%s may have as many as it likes', async (_title, from, options) => {
  const { got } = await answers(await start(options), from, MAX + 2);
  expect(got).toEqual([true, true, true, true]);
});

test('a proxy of a site that shows its secret has no limit from then on; one that does not, has', async () => {
  const front = await start({ sites: [site({ header: { name: 'x-boshd-site', secrets: [SECRET] } })] });
  const known = await answers(front, FROM, MAX + 2, { 'X-Boshd-Site': SECRET });
  const wrong = await answers(front, FROM_OTHER, MAX + 2, { 'X-Boshd-Site': 'another' });
  expect([known.got, wrong.got]).toEqual([
    [true, true, true, true],
    [true, true, false, false],
  ]);
});

test.each([
  ['a wrong secret', 'another', '', 'site-secret-wrong', "a secret in x-boshd-site that is no site's"],
  [
    'the secret of a site, and not its host',
    SECRET,
    'shop.example',
    'site-host-wrong',
    'the secret of site shop and a host that is not among its hosts',
  ],
])('%s is told in the log, without it, and counted', async (_title, secret, host, code, detail) => {
  const hosts = host === '' ? [] : [host];
  const front = await start({
    sites: [{ ...site({ header: { name: 'x-boshd-site', secrets: [SECRET] } }), hosts }],
  });
  await answers(front, FROM, MAX, { 'X-Boshd-Site': secret });
  expect(front.warnings).toEqual([
    {
      event: 'warning',
      code,
      detail: `requests for chat.example.org from 203.0.113.7 have ${detail}: they are taken for site default`,
    },
  ]);
  expect([...front.front.door.counts.unrecognised]).toEqual([[code, MAX]]);
  expect(front.inputs).toMatchObject([{ site: 'default' }, { site: 'default' }]);
});

test('a wrong key behind the path is told in the log, without it, and counted', async () => {
  const front = await start({ sites: [site({ pathKeys: [SECRET] })] });
  const client = front.connect();
  client.write(`${FROM}${post(bodyOf(1), {}, '/http-bind/another-key-of-16')}`);
  expect((await client.reply()).status).toBe(404);
  expect(front.warnings).toEqual([
    {
      event: 'warning',
      code: 'site-key-wrong',
      detail:
        "requests for chat.example.org from 203.0.113.7 have a key behind /http-bind that is no site's: they get HTTP 404",
    },
  ]);
  expect([...front.front.door.counts.unrecognised]).toEqual([['site-key-wrong', 1]]);
});

test('a warning about the path does not show a key that stands in it', async () => {
  const front = await start({ sites: [site({ pathKeys: [SECRET] })] });
  const client = front.connect();
  client.write(FROM);
  for (const path of [`/chat/http-bind/${SECRET}/`, `/http-bind/http-bind/${SECRET}`, `/${SECRET}`]) {
    client.write(post(bodyOf(1), { 'Content-Type': 'text/xml' }, path));
    expect((await client.reply()).status).toBe(404);
  }
  expect(front.warnings.map((each) => each.event === 'warning' && each.code)).toEqual([
    'path-unknown',
    'path-doubled',
  ]);
  expect(JSON.stringify(front.warnings)).not.toContain(SECRET);
});

test('a reload names another proxy', async () => {
  const front = await start();
  expect((await answers(front, FROM, MAX + 1)).got).toEqual([true, true, false]);
  front.front.reconfigure(frontOptions({ trustedProxies: ['203.0.113.7'] }));
  expect((await answers(front, FROM, MAX + 1)).got).toEqual([true, true, true]);
});

test('a connection under TLS is counted before its handshake, and until its end', async () => {
  const ca = await createTestCa();
  const { certFile, keyFile } = await ca.issue({ dnsNames: ['chat.example.org'] });
  const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
  const authority = await readFile(ca.caFile);
  const { port, front } = await start({ tls });
  const ask = async (): Promise<RawClient | undefined> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).write(FROM);
    const client = new RawClient(connectTls({ socket, ca: authority, servername: 'chat.example.org' }));
    client.write(post(bodyOf(1)));
    const isTaken = await client.reply().then(
      () => true,
      () => false,
    );
    return isTaken ? client : undefined;
  };
  const silent = connect(port, '127.0.0.1');
  silent.on('error', () => {}).write(FROM);
  const first = await ask();
  expect([first !== undefined, await ask()]).toEqual([true, undefined]);
  expect(front.door.counts.turnedAway.get('too-many-connections-of-address')).toBe(1);
  first?.destroy();
  await until('there is room again', async () => {
    const next = await ask();
    next?.destroy();
    return next !== undefined;
  });
  silent.destroy();
  await ca.remove();
});

function site(recognition: Partial<RecognitionOptions>): SiteOptions {
  return siteOptions({ recognition: recognitionOptions(recognition) });
}
