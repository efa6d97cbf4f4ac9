import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FindingCode, UrlReport } from '../../packages/server/src/check/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import type { RunningProgram } from '../support/program.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const DOMAIN = 'chat.example';

/** What a right configuration has for each of the URLs. */
const RIGHT = {
  http: '',
  bosh: 'proxy_read_timeout 30s;',
  pass: '',
  webSocket:
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  hostMeta: true,
};
type Plant = Partial<typeof RIGHT>;

/** Each mistake is planted alone, and must be named, and no other. */
const MISTAKES: readonly (readonly [code: FindingCode, plant: Plant])[] = [
  ['poll-cut', { bosh: 'proxy_read_timeout 1s;' }],
  ['cors-doubled', { bosh: 'proxy_read_timeout 30s; add_header Access-Control-Allow-Origin * always;' }],
  ['websocket-upgrade', { webSocket: '' }],
  ['body-limit', { bosh: 'proxy_read_timeout 30s; client_max_body_size 16k;' }],
  [
    'one-at-a-time',
    { http: 'limit_conn_zone $server_port zone=one:1m;', bosh: 'proxy_read_timeout 30s; limit_conn one 1;' },
  ],
  ['not-found', { pass: '/' }],
  ['redirect', { bosh: 'return 301 /elsewhere;' }],
  ['host-meta-missing', { hostMeta: false }],
  ['connection-closed', { bosh: 'proxy_read_timeout 30s; keepalive_timeout 0;' }],
  [
    'compressed',
    { bosh: 'proxy_read_timeout 30s; gzip on; gzip_types text/xml; gzip_min_length 1; gzip_proxied any;' },
  ],
  ['preflight-refused', { bosh: 'proxy_read_timeout 30s; if ($request_method = OPTIONS) { return 405; }' }],
];

let peer: XmppPeer;
let boshd: Boshd;
let ca: TestCa;
beforeAll(async () => {
  peer = await startXmppPeer();
  ca = await createTestCa();
  boshd = await startBoshd({
    upstream: { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
    session: { waitMax: '2s' },
    origins: '*',
  });
});
afterAll(async () => {
  await boshd.stop();
  await peer.close();
  await ca.remove();
});

interface Site {
  readonly nginx: RunningProgram;
  readonly url: string;
}

async function startSite(plant: Plant, tls?: string): Promise<Site> {
  const { http, bosh, pass, webSocket, hostMeta } = { ...RIGHT, ...plant };
  const port = await freePort();
  const forwarded = 'proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;';
  const meta = `location /.well-known/ { proxy_pass ${boshd.origin}; ${forwarded} }`;
  const nginx = await startNginx({
    http: `${http}
      server {
        listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl http2'};
        ${tls ?? ''}
        location /http-bind { proxy_pass ${boshd.origin}${pass}; ${forwarded} proxy_buffering off; ${bosh} }
        location /xmpp-websocket { proxy_pass ${boshd.origin}; ${forwarded} ${webSocket} }
        ${hostMeta ? meta : ''}
      }`,
    ports: [port],
  });
  return { nginx, url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/http-bind` };
}

/** The command as a process of its own. */
function check(
  url: string,
  ...flags: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'check', url, '--domain', DOMAIN, ...flags], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

async function report(url: string, ...flags: readonly string[]): Promise<UrlReport & { code: number }> {
  const { code, out, err } = await check(url, '--json', ...flags);
  if (out === '') throw new Error(err);
  const parsed: UrlReport = JSON.parse(out);
  return { ...parsed, code };
}

const codes = ({ findings }: UrlReport): readonly string[] => findings.map(({ code }) => code);

describe('through a real nginx', () => {
  test('a right configuration has nothing to find', async () => {
    const { nginx, url } = await startSite({});
    const right = await report(url);
    expect(right.findings).toEqual([]);
    expect(right).toMatchObject({ works: true, code: 0, server: expect.stringContaining('nginx') });
    expect(right.wait).toMatchObject({ granted: 2, advised: 2 });
    expect(right.wait.held).toBeGreaterThanOrEqual(1.9);
    const { out } = await check(url, '--wait', '1');
    expect(out).toContain('A wait of 1 s is safe here.');
    expect(out).toContain(`${url} works.`);
    await nginx.stop();
  });

  test.each(MISTAKES)('%s is named, and nothing else', async (code, plant) => {
    const { nginx, url } = await startSite(plant);
    const found = await report(url);
    expect(codes(found)).toEqual([code]);
    const [finding] = found.findings;
    expect(found.works).toBe(finding?.level !== 'problem');
    expect(found.code).toBe(found.works ? 0 : 1);
    expect(finding?.fix.length).toBeGreaterThan(20);
    await nginx.stop();
  });

  test('five mistakes at once are named each', async () => {
    const { nginx, url } = await startSite({
      bosh: 'proxy_read_timeout 1s; client_max_body_size 16k; add_header Access-Control-Allow-Origin * always;',
      webSocket: '',
      hostMeta: false,
    });
    const found = await report(url);
    expect([...codes(found)].sort()).toEqual(
      ['body-limit', 'cors-doubled', 'host-meta-missing', 'poll-cut', 'websocket-upgrade'].sort(),
    );
    const { out, code } = await check(url);
    expect(code).toBe(1);
    expect(out).toContain('proxy_read_timeout 70s;');
    await nginx.stop();
  });

  test('a certificate for another name, and one of an authority of our own', async () => {
    const served = async (dnsNames: readonly string[]): Promise<string> => {
      const { certFile, keyFile } = await ca.issue({ dnsNames });
      return `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`;
    };
    const { caFile } = ca;
    const wrong = await startSite({}, await served(['other.example']));
    const named = await report(wrong.url, '--ca', caFile, '--wait', '1');
    expect(codes(named)).toEqual(['certificate']);
    expect(named.findings[0]?.text).toContain('other.example');
    expect(named.tls?.alpn).toBe('h2');
    await wrong.nginx.stop();
    const right = await startSite({}, await served(['localhost']));
    const url = right.url.replace('127.0.0.1', 'localhost');
    expect(codes(await report(url, '--ca', caFile, '--wait', '1'))).toEqual([]);
    expect(codes(await report(url, '--wait', '1'))).toEqual(['certificate']);
    await right.nginx.stop();
  });
});

describe('what is no BOSH service', () => {
  test('a closed port', async () => {
    const found = await report(`http://127.0.0.1:${await freePort()}/http-bind`);
    expect(codes(found)).toEqual(['unreachable']);
    expect(found.code).toBe(1);
  });

  test('a page that answers everything', async () => {
    const port = await freePort();
    const nginx = await startNginx({
      http: `server { listen 127.0.0.1:${port}; location / { return 200 "hello"; } }`,
      ports: [port],
    });
    expect(codes(await report(`http://127.0.0.1:${port}/http-bind`))).toContain('not-bosh');
    await nginx.stop();
  });

  test('a domain that the service does not reach', async () => {
    const { code, out } = await check(boshd.url, '--domain', 'nobody.invalid', '--json');
    const found: UrlReport = JSON.parse(out);
    expect(codes(found)).toContain('session-refused');
    expect(code).toBe(1);
  });

  test.each([['http://'], ['https://a b/']])('%s is no URL', async (url) => {
    expect(await check(url)).toMatchObject({ code: 2 });
  });
});
