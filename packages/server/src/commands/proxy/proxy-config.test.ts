import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PROXY_SERVERS } from '../../proxy-config/index.ts';
import { run } from '../index.ts';

/** Golden files: `npx vitest run -u packages/server/src/commands/proxy` writes them anew. */

const SERVERS = Object.keys(PROXY_SERVERS);
const FILE_ENDINGS: Readonly<Record<string, string>> = { caddy: 'caddyfile', traefik: 'yaml', envoy: 'yaml' };

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-proxy-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function proxyConfig(...args: string[]) {
  const written = { out: '', err: '' };
  const code = await run(['proxy-config', ...args], {
    environment: {},
    isTerminal: false,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    onSignal: () => undefined,
    onReload: () => undefined,
    exit: () => undefined,
    loadApp: () => Promise.reject(new Error('not needed')),
  });
  return { code, ...written };
}

async function golden(name: string, args: readonly string[]): Promise<void> {
  const { code, out, err } = await proxyConfig(...args);
  expect([code, err]).toEqual([0, '']);
  await expect(out).toMatchFileSnapshot(`golden/${name}.${FILE_ENDINGS[args[0] ?? ''] ?? 'conf'}`);
  if (FILE_ENDINGS[args[0] ?? ''] === 'yaml') expect(parse(out)).toBeTypeOf('object');
}

const CLOUD = `
session: { waitMax: 90s }
limits: { bodyBytesMax: 512KiB }
paths: [/http-bind]
cluster:
  members:
    - 10.0.0.1:5280 region=eu weight=2
    - 10.0.0.2:5280 region=eu
    - "[fd00::1]:5280 region=us id=us-1"
    - 10.2.0.1:5280 region=asia
regions:
  us: { continents: [NA, SA], location: "39.0,-77.5" }
  eu: { countries: [TR], continents: [EU, AF], location: "50.1,8.7" }
  asia: { continents: [AS, OC], location: "1.3,103.8" }
`;

describe('golden files', () => {
  test.each(SERVERS)('%s in front of one boshd', async (server) => {
    await golden(`${server}-one`, [server, '--host', 'chat.example.org']);
  });

  test.each(SERVERS)('%s in front of a cloud', async (server) => {
    const file = join(directory, 'cloud.yaml');
    writeFileSync(file, CLOUD);
    const pages = PROXY_SERVERS[server]?.servesFiles === true ? '/srv/{host}' : 'http://{host}.internal:8080';
    const tls = ['--certificate', '/etc/ssl/{host}.pem', '--key', '/etc/ssl/{host}.key'];
    const sites = ['--host', 'chat.example.org', '--host', 'www.example.net', '--pages', pages];
    await golden(`${server}-cloud`, [
      server,
      '--config',
      file,
      ...sites,
      ...tls,
      '--here',
      'eu',
      '--cookie',
      'boshd',
    ]);
  });

  const elsewhere = SERVERS.filter((name) => typeof PROXY_SERVERS[name]?.elsewhere !== 'string');
  test.each(elsewhere)('%s of a site whose service is elsewhere', async (server) => {
    const to = ['--to', 'https://bosh.example.net/http-bind', '--site', 'an-example-1234567'];
    const backup = ['--backup', 'https://bosh.example.com:5281/http-bind'];
    await golden(`${server}-elsewhere`, [server, '--host', 'www.example.org', ...to, ...backup]);
  });
});

describe('flags', () => {
  const HOST = ['--host', 'a.example'];
  test.each<[string[], number, string]>([
    [['ngnix', ...HOST], 2, 'unknown server "ngnix"; did you mean nginx?'],
    [['iis', ...HOST], 2, 'unknown server "iis"; there are nginx, haproxy'],
    [['nginx'], 2, 'name the web sites: --host www.example.org'],
    [['nginx', '--host', '10.0.0.1'], 2, '--host: "10.0.0.1" is not the name of a host'],
    [['nginx', ...HOST, '--listen', '0'], 2, '--listen: "0" is not a port'],
    [
      ['nginx', ...HOST, '--member', 'https://10.0.0.1:5280'],
      2,
      '--member: "https://10.0.0.1:5280" asks for https',
    ],
    [['nginx', ...HOST, '--member', '10.0.0.1'], 2, 'is not an address with a port'],
    [['nginx', ...HOST, '--member', '10.0.0.1:1 wieght=2'], 2, 'has the unknown setting wieght'],
    [['nginx', ...HOST, '--member', '10.0.0.1:1 weight=0'], 2, 'has a weight that is not'],
    [['nginx', ...HOST, '--member', '10.0.0.1:1 id=A;'], 2, 'has the name A;'],
    [['nginx', ...HOST, '--member', 'a:1 id=m2', '--member', 'b:1'], 2, 'two members have the same id'],
    [['nginx', ...HOST, '--here', 'eu'], 2, '--here: no member is in the region "eu"'],
    [['nginx', ...HOST, '--certificate', '/a.pem'], 2, '--certificate and --key go together'],
    [['nginx', ...HOST, '--pages', '/srv/a b'], 2, '--pages: "/srv/a b" is not an absolute path of letters'],
    [['nginx', ...HOST, '--pages', 'https://a.example/'], 2, 'is not a directory or an http URL'],
    [['haproxy', ...HOST, '--pages', '/srv'], 2, '--pages: this server serves no files'],
    [['nginx', ...HOST, '--cookie', 'a-b'], 2, '--cookie: "a-b" is not a name of letters'],
    [['nginx', ...HOST, '--websocket', 'ws'], 2, '--websocket: "ws" is not a plain path, nor none'],
    [['nginx', ...HOST, '--site', 'K'.repeat(16)], 2, '--site goes with --to only'],
    [['nginx', ...HOST, '--to', 'bosh.example'], 2, '--to: "bosh.example" is not an http or https URL'],
    [['nginx', ...HOST, '--to', 'https://bosh.example/'], 2, 'has no plain path'],
    [['nginx', ...HOST, '--to', 'https://u:p@bosh.example/b'], 2, 'has a user in it'],
    [
      ['nginx', ...HOST, '--to', 'http://b.example/b', '--site', 'K'.repeat(16)],
      2,
      '--site: the key is a secret',
    ],
    [
      ['nginx', ...HOST, '--to', 'https://b.example/b', '--site', 'a b'],
      2,
      '--site: "a b" is not of 16 to 256 letters',
    ],
    [
      ['nginx', ...HOST, '--to', 'https://b.example/b', '--member', 'a:1'],
      2,
      '--member does not go with --to',
    ],
    [['lighttpd', ...HOST, '--to', 'https://b.example/b'], 2, 'lighttpd can not speak TLS'],
    [['envoy', ...HOST, '--to', 'https://b.example/b'], 2, 'this form is made for nginx'],
    [
      ['caddy', ...HOST, '--to', 'https://b.example/b', '--backup', 'https://c.example/c'],
      2,
      'the same scheme and path',
    ],
    [['nginx', ...HOST, '--config', 'no.yaml'], 1, 'no.yaml: does not exist'],
  ])('%j', async (args, code, expected) => {
    const result = await proxyConfig(...args);
    expect(result).toEqual({ code, out: '', err: expect.stringContaining(expected) });
  });

  test('all that is wrong is told at once', async () => {
    const { err } = await proxyConfig('nginx', '--listen', 'x', '--member', 'y', '--key', '/k');
    expect(err.trimEnd().split('\n')).toHaveLength(4);
  });

  const RIGHT: Readonly<Record<string, string>> = {
    host: 'b.example',
    listen: '8080',
    certificate: '/c.pem',
    member: '10.0.0.1:5280',
    cookie: 'c',
    websocket: '/ws',
    'region-map': '/m',
    repeat: '16384',
    wait: '60',
    to: 'https://b.example/b',
    backup: 'https://c.example/b',
    site: 'K'.repeat(16),
    ca: '/ca.pem',
  };
  const OF_OTHER_FORM = new Set(['backup', 'site', 'ca']);

  test.each(Object.entries(RIGHT))('nothing gets out of its place in --%s', async (flag, right) => {
    const others = flag === 'certificate' ? ['--key', '/k.pem'] : [];
    const form = OF_OTHER_FORM.has(flag) ? ['--to', 'https://b.example/b'] : [];
    const base = ['nginx', ...HOST, ...others, ...form];
    expect(await proxyConfig(...base, `--${flag}=${right}`)).toMatchObject({ code: 0, err: '' });
    for (const more of [';', '"', "'", '}', '{', '\nlisten 1;', '#', '$y', ' y', '`', '\\', '<', '%']) {
      const { code, out } = await proxyConfig(...base, `--${flag}=${right}${more}`);
      expect([more, code, out]).toEqual([more, 2, '']);
    }
  });

  test('the sites of the configuration, each with its paths', async () => {
    const file = join(directory, 'sites.yaml');
    const sites = 'a: { hosts: [a.example, www.a.example] }\n  b: { hosts: [b.example], paths: [/b] }';
    const foreign = 'c: { hosts: [c.example], proxiedBy: { networks: [192.0.2.1] } }';
    writeFileSync(file, `sites:\n  ${sites}\n  ${foreign}\n`);
    const { out, err } = await proxyConfig('haproxy', '--config', file);
    expect(err).toBe('');
    expect(out).toMatch(
      /site_1 .* a\.example www\.a\.example\n.*url_1 path \/http-bind \/http-bind\/ \/bosh/,
    );
    expect(out).toMatch(/site_2 .* b\.example\n.*url_2 path \/b \/b\/ \/xmpp/);
    expect(out).not.toContain('c.example');
    writeFileSync(file, 'sites: { a: { hosts: ["*.a.example"] } }\n');
    expect((await proxyConfig('haproxy', '--config', file)).err).toContain(
      'name the ones you want by --host',
    );
  });

  test('what listens on all addresses is reached by the loopback one', async () => {
    const file = join(directory, 'all.yaml');
    writeFileSync(file, 'listen: ["0.0.0.0:5299"]\n');
    const { out } = await proxyConfig('haproxy', ...HOST, '--config', file);
    expect(out).toContain('server m1 127.0.0.1:5299');
  });
});
