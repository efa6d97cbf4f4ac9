import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { accepts, makeDirectory, type RunningProgram, startProgram, until } from '../support/program.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

const VERSIONS = ['v1', 'v2'] as const;
const WAYS = ['starttls', 'direct'] as const;
const CLIENTS = ['203.0.113.9', '2001:db8::9'] as const;
const domainOf = (version: string, way: string): string => `${way}.${version}.example`;
const domains = VERSIONS.flatMap((version) => WAYS.map((way) => domainOf(version, way)));

let ca: TestCa;
let prosody: Prosody;
let haproxy: RunningProgram;
let boshd: Boshd;

/** Real HAProxy in front of Prosody: it takes the header from boshd, or closes the connection where there is none. */
async function startHaproxy(ports: Record<(typeof WAYS)[number], number>): Promise<RunningProgram> {
  const directory = await makeDirectory('haproxy');
  const file = join(directory, 'haproxy.cfg');
  const { c2s, directTls } = prosody.ports;
  const proxy = (name: string, port: number, to: number): string => `
listen ${name}
  mode tcp
  bind 127.0.0.1:${port} accept-proxy
  log-format "${name} client=%ci server=%s bytes=%B"
  server prosody 127.0.0.1:${to}
`;
  const text = `
global
  log stdout format raw local0
defaults
  log global
  timeout connect 10s
  timeout client 60s
  timeout server 60s
${proxy('starttls', ports.starttls, c2s)}${proxy('direct', ports.direct, directTls)}`;
  await writeFile(file, text);
  return startProgram({
    name: 'HAProxy',
    command: 'haproxy',
    args: ['-db', '-f', file],
    directory,
    isReady: async () => (await accepts(ports.starttls)) && (await accepts(ports.direct)),
  });
}

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: domains });
  prosody = await startProsody({
    hosts: domains.map((domain) => ({ domain, certificate, anonymous: true })),
  });
  const ports = { starttls: await freePort(), direct: await freePort() };
  haproxy = await startHaproxy(ports);
  const overrides = Object.fromEntries(
    VERSIONS.flatMap((proxyProtocol) =>
      WAYS.map((way) => [
        domainOf(proxyProtocol, way),
        {
          host: '127.0.0.1',
          port: ports[way],
          tls: way === 'direct' ? 'direct' : 'required',
          caFile: ca.caFile,
          proxyProtocol,
        },
      ]),
    ),
  );
  boshd = await startBoshd({ trustedProxies: ['127.0.0.1'], upstream: { overrides } });
});
afterAll(async () => {
  await boshd.stop();
  await haproxy.stop();
  await prosody.stop();
  await ca.remove();
});

test.each(domains.flatMap((domain) => CLIENTS.map((client) => [domain, client] as const)))(
  '%s: the server in front of Prosody sees the browser %s',
  async (domain, client) => {
    const before = (await haproxy.log()).length;
    const session = await ChatSession.login({
      url: boshd.url,
      domain,
      headers: { 'x-forwarded-for': client },
    });
    expect(session.jid).toContain(`@${domain}/`);
    await session.logout();
    const [way] = domain.split('.');
    const line = await until('the line of HAProxy', async () =>
      (await haproxy.log())
        .slice(before)
        .split('\n')
        .find((each) => each.startsWith(`${way} client=${client} server=prosody`)),
    );
    expect(Number(/bytes=(\d+)/.exec(line)?.[1])).toBeGreaterThan(500);
  },
);
