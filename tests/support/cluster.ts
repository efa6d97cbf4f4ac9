import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DEMO_ACCOUNTS,
  type DemoAccount,
  type DemoServer,
  startDemoServer,
} from '../../packages/server/src/demo/index.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { type Boshd, startBoshd } from './boshd.ts';
import { type Nats, startNats } from './nats.ts';
import { makeDirectory, until } from './program.ts';
import { ChatSession } from './xmpp/chat-session.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Of one member, beside what makes it one; `cluster` adds to what is there. */
export interface MemberSettings extends Settings {
  readonly cluster?: Settings;
}

/** The demo's XMPP domain as an override of a boshd, which trusts the test's own proxy. */
export function demoConfig({ domain, port }: DemoServer): Settings {
  return {
    trustedProxies: ['127.0.0.1'],
    domains: { default: domain },
    limits: { sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 },
    upstream: { overrides: { [domain]: { host: '127.0.0.1', port, tls: 'insecure-none' } } },
  };
}

export interface Cluster {
  readonly demo: DemoServer;
  nats: Nats;
  readonly members: Boshd[];
  readonly balancer: Balancer;
  /** Starts a member of that name on its old port. */
  start(index: number): Promise<void>;
  /** Starts the NATS server again, on its old port. */
  startNats(): Promise<void>;
  /** The place of the member that has the session. */
  ownerOf(session: ChatSession): Promise<number>;
  login(): Promise<ChatSession>;
  stop(): Promise<void>;
}

/** Members over a real nats-server, a proxy that sends each request to another one, and a small XMPP domain. */
export async function startCluster(
  count: number,
  settings: Settings | ((index: number) => MemberSettings) = {},
  accounts: readonly DemoAccount[] = DEMO_ACCOUNTS,
): Promise<Cluster> {
  const demo = await startDemoServer({ accounts });
  const nats = await startNats();
  const directory = await makeDirectory('cluster');
  const keysFile = join(directory, 'keys');
  await writeFile(keysFile, `${'0123456789abcdef'.repeat(2)}\n`);
  const configOf = (index: number) => {
    const { cluster: more, ...own }: MemberSettings =
      typeof settings === 'function' ? settings(index) : settings;
    return {
      ...demoConfig(demo),
      // A busy machine makes event loops late: so many sessions are still none that a member sends away.
      cluster: { id: `m${index}`, keysFile, weight: 1000, ...more },
      nats: { servers: [nats.url] },
      shutdown: { deadline: '5s' },
      ...own,
    };
  };
  const members = await Promise.all(Array.from({ length: count }, (_, index) => startBoshd(configOf(index))));
  const balancer = await startBalancer(members.map(({ origin }) => origin));
  await knowEachOther(members);
  const cluster: Cluster = {
    demo,
    nats,
    members,
    balancer,
    async start(index) {
      members[index] = await startBoshd(configOf(index), members[index]?.port);
      await knowEachOther(members);
    },
    async startNats() {
      cluster.nats = await startNats(nats.port);
    },
    ownerOf: (session) => ownerOf(members, session),
    login: () => ChatSession.login({ url: balancer.url, domain: demo.domain, wait: 30, repeats: true }),
    stop: async () => {
      await balancer.close();
      for (const member of members) await member.stop();
      await cluster.nats.stop();
      await demo.close();
    },
  };
  return cluster;
}

/** The place of the member that has the session: its sid begins with who that is, and the others have logged that name. */
export async function ownerOf(members: readonly Boshd[], { client }: ChatSession): Promise<number> {
  const incarnation = client.sid?.slice(0, INCARNATION_DIGITS);
  for (const member of members) {
    const joined = (await member.lines()).find(
      (line) => line['event'] === 'member-joined' && line['incarnation'] === incarnation,
    );
    const number = /(\d+)$/.exec(String(joined?.['member']))?.[1];
    if (joined !== undefined) return Number(number);
  }
  throw new Error(`no member is ${incarnation}`);
}

const INCARNATION_DIGITS = 16;

/** Each has heard of all the others. */
export async function knowEachOther(members: readonly Boshd[]): Promise<void> {
  for (const member of members) {
    await until('the members know each other', async () => {
      const lines = await member.lines();
      const joined = lines.filter(({ event }) => event === 'member-joined').length;
      return joined >= members.length - 1;
    });
  }
}
