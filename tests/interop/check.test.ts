import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../packages/server/src/check/index.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { makeDirectory } from '../support/program.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const HOST = '127.0.0.1';

let ca: TestCa;
let dns: DnsServer;
let prosody: Prosody;
let webServer: LoopbackServer;
let file: string;

/** The command as a process of its own, with what it printed. */
function check(
  domain: string,
  ...flags: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const args = [MAIN, 'check', domain, '--config', file, ...flags];
    execFile(process.execPath, args, { timeout: 100_000 }, (error, out, err) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, out, err });
    });
  });
}

async function report(domain: string): Promise<Report & { code: number }> {
  const { code, out } = await check(domain, '--json');
  const parsed: Report = JSON.parse(out);
  return { ...parsed, code };
}

function announce(domain: string, service: 'xmpp-client' | 'xmpps-client', ports: readonly number[]): void {
  dns.set(
    `_${service}._tcp.${domain}`,
    ports.map((port, priority) => ({ type: 'SRV', priority, weight: 1, port, target: 'xmpp.example' })),
  );
}

beforeAll(async () => {
  ca = await createTestCa();
  dns = await startDnsServer();
  const good = await ca.issue({ dnsNames: ['good.example', 'half.example'] });
  const expired = await ca.issue({ dnsNames: ['expired.example'], flaw: 'expired' });
  prosody = await startProsody({
    hosts: [
      { domain: 'good.example', certificate: good, users: { alice: 'secret' } },
      { domain: 'half.example', certificate: good, users: {} },
      { domain: 'expired.example', certificate: expired, users: {} },
    ],
  });
  webServer = await listen((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  const { c2s, directTls } = prosody.ports;
  dns.set('xmpp.example', [{ type: 'A', address: HOST }]);
  announce('good.example', 'xmpp-client', [c2s]);
  announce('good.example', 'xmpps-client', [directTls]);
  announce('half.example', 'xmpp-client', [await freePort(), webServer.port, c2s]);
  announce('expired.example', 'xmpp-client', [c2s]);
  announce('web.example', 'xmpp-client', [webServer.port]);
  announce('stranger.example', 'xmpp-client', [c2s]);
  dns.set('_xmpps-client._tcp.silent.example', 'silent');
  dns.set('_xmpp-client._tcp.silent.example', 'silent');
  dns.set('silent.example', 'silent');
  dns.set('_xmpp-client._tcp.private.example', [
    { type: 'SRV', priority: 0, weight: 0, port: 5222, target: 'inside.example' },
  ]);
  dns.set('inside.example', [{ type: 'A', address: '10.0.0.1' }]);
  dns.set('_xmpp-client._tcp.off.example', [{ type: 'SRV', priority: 0, weight: 0, port: 0, target: '.' }]);
  file = join(await makeDirectory('check'), 'boshd.json');
  const configuration = {
    dns: { servers: [dns.address] },
    upstream: { allowNetworks: ['127.0.0.0/8'], caFile: ca.caFile },
    domains: { deny: ['denied.example'] },
  };
  await writeFile(file, JSON.stringify(configuration));
});
afterAll(async () => {
  await prosody.stop();
  await webServer.close();
  await dns.close();
  await ca.remove();
});

describe('a domain that works', () => {
  test('each step with its time, facts of the certificate, what is offered; exit code 0', async () => {
    const { code, ...found } = await report('good.example');
    expect(code).toBe(0);
    expect(found).toMatchObject({ works: true, asciiDomain: 'good.example', advice: expect.any(Array) });
    expect(found.questions.map(({ name, answers }) => [name, answers.length])).toEqual([
      ['_xmpps-client._tcp.good.example', 1],
      ['_xmpp-client._tcp.good.example', 1],
      ['xmpp.example', 1],
    ]);
    const { c2s, directTls } = prosody.ports;
    const byPort = new Map(found.endpoints.map((endpoint) => [endpoint.endpoint, endpoint]));
    for (const [port, isDirect] of [
      [c2s, false],
      [directTls, true],
    ] as const) {
      const endpoint = byPort.get(`${HOST}:${port}`);
      expect(endpoint).toMatchObject({
        directTls: isDirect,
        outcome: { status: 'ok' },
        connectMs: expect.any(Number),
        tlsMs: expect.any(Number),
        featuresMs: expect.any(Number),
        tls: {
          version: 'TLSv1.3',
          certificate: {
            names: ['DNS:good.example', 'DNS:half.example'],
            issuer: 'boshd test authority',
            daysLeft: expect.any(Number),
            key: 'EC 256',
          },
        },
      });
      expect(endpoint?.startTls).toBe(isDirect ? undefined : 'required');
      expect(endpoint?.features?.mechanisms).toContain('SCRAM-SHA-1');
      expect(endpoint?.tls?.certificate.daysLeft).toBeGreaterThan(20);
    }
    expect(found.start).toMatchObject({ outcome: { status: 'ok' }, secure: true });
  });

  test('reads well, without colours and controls where no terminal is', async () => {
    const { code, out, err } = await check('good.example');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('good.example works.');
    expect(out).toContain(`${HOST}:${prosody.ports.c2s} STARTTLS, xmpp.example`);
    expect(out).toMatch(
      /✓ certificate +for good\.example, half\.example\n +by boshd test authority, EC 256\n +until \d{4}-/,
    );
    expect(out).not.toContain('\u001b');
    for (const line of out.split('\n')) expect(line).toBe(line.trimEnd());
  });

  test('servers that are of no use before the one that works are told, with what to do', async () => {
    const found = await report('half.example');
    expect(found).toMatchObject({ code: 0, works: true });
    const outcomes = found.endpoints.map(({ outcome }) => (outcome.status === 'ok' ? 'ok' : outcome.reason));
    expect(outcomes).toEqual(['connect-refused', 'not-xmpp', 'ok']);
    expect(found.start.endpoint).toBe(`${HOST}:${prosody.ports.c2s}`);
    const warnings = found.advice.filter(({ level }) => level === 'warning').map(({ text }) => text);
    expect(warnings).toHaveLength(2);
    expect(warnings.join('\n')).toMatch(/is of no use.*Start the XMPP server.*\n.*Correct the port/);
  });
});

describe('a domain that does not', () => {
  test.each([
    ['expired.example', 'tls-expired', 'Renew the certificate'],
    ['web.example', 'not-xmpp', 'Correct the port'],
    ['stranger.example', 'stream-error', 'does not serve this domain'],
    ['private.example', 'address-forbidden', 'upstream.allowNetworks'],
    ['off.example', 'dns-no-service', 'SRV'],
    ['nowhere.example', 'dns-no-such-domain', 'spelling'],
    ['denied.example', 'domain-refused', 'domains.deny'],
    ['no domain', 'no-domain', 'such as example.org'],
  ])('%s: %s, exit code 1', async (domain, reason, fix) => {
    const found = await report(domain);
    expect(found).toMatchObject({
      code: 1,
      works: false,
      start: { outcome: { status: 'failed', reason } },
      advice: [{ level: 'problem', text: expect.stringContaining(fix) }],
    });
    const { out } = await check(domain);
    expect(out).toContain(`${domain} can not be reached.`);
  });

  test('a resolver that does not answer, and an address in place of a domain', async () => {
    const { code, out, err } = await check('alice@silent.example/web', '--dns-timeout=300ms');
    expect(code).toBe(1);
    expect(err).toBe('alice@silent.example/web is an address (JID); its domain is checked: silent.example\n');
    expect(out).toMatch(/_xmpp-client\._tcp\.silent\.example .* no answer in time\n/);
    expect(out).toMatch(/dns-timeout {2}The DNS did not answer in time[\s\S]*Fix: .*dns\.servers/);
  });

  test('its certificate and features are shown all the same', async () => {
    const { endpoints } = await report('expired.example');
    expect(endpoints).toHaveLength(1);
    const [endpoint] = endpoints;
    expect(endpoint?.outcome).toMatchObject({ status: 'failed', reason: 'tls-expired' });
    expect(endpoint?.tls?.certificate.daysLeft).toBeLessThan(0);
    expect(endpoint?.tls?.certificate.names).toEqual(['DNS:expired.example']);
    expect(endpoint?.features?.mechanisms).toContain('PLAIN');
  });
});
