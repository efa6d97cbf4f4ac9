import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { accountsFor, type Crowd, startCrowd } from '../failover/clients/crowd.ts';
import { startPages } from '../failover/clients/pages.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { until } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { type ProxyName, startProxy } from '../support/proxies/index.ts';
import { createTestCa } from '../support/test-ca.ts';
import type { LoginOptions } from '../support/xmpp/chat-session.ts';
import { serving } from './survive.ts';

/** Where sessions live while workers die. */
interface StageOptions {
  readonly server: string;
  /** What requests come through: `direct`, or a proxy with what `boshd proxy-config` prints. */
  readonly via: string;
  readonly workers: number;
  readonly sessions: number;
  /** Unmodified clients of each kind; only over the demo's domain and through a proxy, which has their pages. */
  readonly clientsOfEach: number;
}

interface Stage {
  readonly boshd: Boshd;
  login(index: number): LoginOptions;
  /** Ends of sessions of unmodified clients since that moment. */
  downs(sinceMs: number): Promise<number>;
  stop(): Promise<void>;
}

interface XmppServer {
  /** For boshd. */
  readonly config: Readonly<Record<string, unknown>>;
  login(index: number): Pick<LoginOptions, 'domain' | 'user' | 'password' | 'mechanism'>;
  stop(): Promise<void>;
}

const DOMAIN = 'one.example';
const PASSWORD = 'secret';
/** A name that the machine knows: browsers go there. */
const HOST = 'localhost';

export async function startStage(options: StageOptions): Promise<Stage> {
  const { via, workers } = options;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const each of [...started].reverse()) await each.stop();
  };
  try {
    const server = await serverOf(options);
    started.push(server);
    const limits = { sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 };
    const boshd = await startBoshd({
      trustedProxies: ['127.0.0.1'],
      limits,
      ...server.config,
      survival: { anchor: 'parent' },
      workers,
    });
    started.push(boshd);
    await until('all workers serve', async () => (await serving(boshd)).length === workers);
    const { login } = server;
    if (via === 'direct') {
      const direct = { url: boshd.url, repeats: true };
      return { boshd, stop, downs: async () => 0, login: (index) => ({ ...direct, ...login(index) }) };
    }
    const { crowd, headers, url } = await behind(options, boshd, server, started);
    const proxied = { url, headers, repeats: true, strict: false };
    return {
      boshd,
      stop,
      downs: (sinceMs) => downsOf(crowd, sinceMs),
      login: (index) => ({ ...proxied, ...login(index) }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A proxy with what boshd prints for it, and unmodified clients of the pages behind it. */
async function behind(
  { via, clientsOfEach }: StageOptions,
  { port }: Boshd,
  { login }: XmppServer,
  started: { stop(): Promise<void> }[],
) {
  const pages = await startPages();
  started.push({ stop: () => pages.close() });
  const flags = ['--host', HOST, '--pages', pages.origin, '--member', `127.0.0.1:${port}`];
  const proxy = await startProxy(via as ProxyName, flags);
  started.push(proxy);
  const origin = `http://${HOST}:${proxy.port}`;
  const logins = accountsFor(clientsOfEach).map(({ username, password }) => ({
    origin,
    jid: `${username}@${login(0).domain}`,
    password,
  }));
  const crowd = clientsOfEach === 0 ? undefined : await startCrowd(logins);
  if (crowd !== undefined) started.push({ stop: () => crowd.leave() });
  return { crowd, ...proxy.site(HOST) };
}

async function downsOf(crowd: Crowd | undefined, sinceMs: number): Promise<number> {
  await crowd?.allUp();
  return (await crowd?.returns(sinceMs))?.length ?? 0;
}

async function serverOf({ server, sessions, clientsOfEach }: StageOptions): Promise<XmppServer> {
  if (server === 'demo') return demoOf(await startDemoServer({ accounts: accountsFor(clientsOfEach) }));
  const ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  const users = Object.fromEntries(Array.from({ length: sessions }, (_, index) => [`u${index}`, PASSWORD]));
  const isProsody = server === 'Prosody';
  const program = await (isProsody
    ? startProsody({ hosts: [{ domain: DOMAIN, certificate, anonymous: true }] })
    : startEjabberd({ hosts: [{ domain: DOMAIN, certificate, users }] }));
  return {
    config: {
      upstream: {
        caFile: ca.caFile,
        overrides: { [DOMAIN]: { host: '127.0.0.1', port: program.ports.c2s } },
      },
    },
    login: (index) =>
      isProsody
        ? { domain: DOMAIN }
        : { domain: DOMAIN, user: `u${index}`, password: PASSWORD, mechanism: 'SCRAM-SHA-256' },
    stop: async () => {
      await program.stop();
      await ca.remove();
    },
  };
}

function demoOf(demo: DemoServer): XmppServer {
  return {
    config: demoConfig(demo),
    login: () => ({ domain: demo.domain }),
    stop: () => demo.close(),
  };
}
