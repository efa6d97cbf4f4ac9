import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import type { Restartable } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';

export const SERVERS = ['prosody', 'ejabberd'] as const;
export type ServerName = (typeof SERVERS)[number];

/** How boshd comes to the server and to TLS: told by its configuration, or by SRV records. */
export const WAYS = ['override-starttls', 'override-direct', 'srv-starttls', 'srv-direct'] as const;
export type Way = (typeof WAYS)[number];

/** The users of every domain, with their passwords. */
export const USERS = { alice: 'wonderland & "more"', bob: 'builder=,0' } as const;

/** The SCRAM mechanism that each is set up for. */
export const SCRAM = { prosody: 'SCRAM-SHA-1', ejabberd: 'SCRAM-SHA-256' } as const;

/** Real XMPP servers, their DNS and their authority, and a boshd that may reach them. */
export interface Servers {
  readonly ca: TestCa;
  readonly dns: DnsServer;
  readonly boshd: Boshd;
  readonly programs: Readonly<Partial<Record<ServerName, Restartable>>>;
  stop(): Promise<void>;
}

/** Each way has its own domain on the server. */
export function domainOf(server: ServerName, way: Way): string {
  return `${way}.${server}.example`;
}

/** Starts the servers named, with a domain for each way, and boshd. */
export async function startServers(
  names: readonly ServerName[] = SERVERS,
  upstream: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<Servers> {
  const ca = await createTestCa();
  const dns = await startDnsServer();
  const overrides: Record<string, object> = {};
  const programs: Partial<Record<ServerName, Restartable>> = {};
  for (const name of names) {
    const hosts = await Promise.all(
      WAYS.map(async (way) => {
        const domain = domainOf(name, way);
        return { domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS };
      }),
    );
    const program = await (name === 'prosody' ? startProsody({ hosts }) : startEjabberd({ hosts }));
    programs[name] = program;
    announce(name, program.ports, ca, dns, overrides);
  }
  const boshd = await startBoshd({
    dns: { servers: [dns.address] },
    upstream: { allowNetworks: ['127.0.0.0/8'], overrides, ...upstream },
    ...more,
  });
  const stop = async () => {
    await boshd.stop();
    await Promise.all(Object.values(programs).map((program) => program.stop()));
    await dns.close();
    await ca.remove();
  };
  return { ca, dns, boshd, programs, stop };
}

/** Says in the DNS and in boshd's configuration where the server's domains are. */
function announce(
  server: ServerName,
  ports: { readonly c2s: number; readonly directTls: number },
  { caFile }: TestCa,
  dns: DnsServer,
  overrides: Record<string, object>,
): void {
  const host = '127.0.0.1';
  const target = `xmpp.${server}.example`;
  dns.set(target, [{ type: 'A', address: host }]);
  overrides[domainOf(server, 'override-starttls')] = { host, port: ports.c2s, caFile };
  overrides[domainOf(server, 'override-direct')] = { host, port: ports.directTls, tls: 'direct', caFile };
  for (const [way, service, port] of [
    ['srv-starttls', 'xmpp-client', ports.c2s],
    ['srv-direct', 'xmpps-client', ports.directTls],
  ] as const) {
    const domain = domainOf(server, way);
    overrides[domain] = { caFile };
    dns.set(domain, []);
    dns.set(`_${service}._tcp.${domain}`, [{ type: 'SRV', priority: 0, weight: 0, port, target }]);
  }
}
