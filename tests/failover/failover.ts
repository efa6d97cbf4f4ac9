import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAdmin, type MemberStatus } from '../../packages/server/src/admin/index.ts';
import type { Boshd } from '../support/boshd.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { makeDirectory, until } from '../support/program.ts';
import { type FrontProxy, type ProxyName, startProxy } from '../support/proxies/index.ts';
import type { LoginOptions } from '../support/xmpp/chat-session.ts';
import { Chatter } from './chatter.ts';
import { KINDS } from './clients/client.ts';
import { accountsFor, type Crowd, type Return, startCrowd } from './clients/crowd.ts';
import { type PageServer, startPages } from './clients/pages.ts';

/** How much is done. */
export interface Load {
  readonly sessions: number;
  /** Among them unmodified clients, so many of each kind. */
  readonly clientsOfEach: number;
  /** Between two messages of a session. */
  readonly everyMs: number;
  /** Messages of each session before the member is killed, and from then on. */
  readonly messages: number;
}

export interface Outcome {
  /** Sessions on the members that live, what all said, and what of it was not heard, or heard twice. */
  readonly others: number;
  readonly said: number;
  readonly lost: number;
  readonly doubled: number;
  /** Of each session of the dead member: milliseconds from the kill until it heard that it has ended, the soonest first. */
  readonly toldMs: readonly number[];
  /** And until a message to itself came back in a new session. */
  readonly backMs: readonly number[];
  /** The unmodified clients whose session ended, and how many of them the dead member had. */
  readonly returns: readonly Return[];
  readonly clientsOfDead: number;
  /** Requests that were taken before the kill, and how many of them had come in at another member. */
  readonly requests: number;
  readonly forwarded: number;
}

const MEMBERS = 3;
const VICTIM = 1;
/** Logins at once: as many as a page that was opened by a crowd would have. */
const CROWD = 10;
const COOKIE = 'bosh_member';
/** The site of the test's own clients, and that of the unmodified ones, which need a name that the machine knows. */
const SITES = ['one.example', 'localhost'] as const;

/** Sessions chat over three members behind a proxy while one of the members is killed and started again. */
export async function failover(proxyName: ProxyName, cookie: boolean, load: Load): Promise<Outcome> {
  const directory = await makeDirectory('failover');
  const admin = (index: number) => join(directory, `admin-${index}.sock`);
  const settings = (index: number) => ({
    cluster: cookie ? { routingCookie: COOKIE } : {},
    admin: { listen: [`unix:${admin(index)}`] },
    log: { level: 'info', format: 'json' },
  });
  const accounts = accountsFor(load.clientsOfEach);
  const cluster = await startCluster(MEMBERS, settings, accounts);
  let proxy: FrontProxy | undefined;
  let pages: PageServer | undefined;
  try {
    const members = cluster.members.flatMap(({ port }, index) => [
      '--member',
      `127.0.0.1:${port} id=m${index}`,
    ]);
    const cookieFlags = cookie ? ['--cookie', COOKIE] : [];
    pages = await startPages();
    const sites = [...SITES.flatMap((host) => ['--host', host]), '--pages', pages.origin];
    proxy = await startProxy(proxyName, [...sites, ...cookieFlags, ...members]);
    const { domain } = cluster.demo;
    const options = {
      ...proxy.site(SITES[0]),
      ...{ domain, wait: 30, repeats: true, strict: false },
    };
    // Each person has a browser, whose cookies outlive a session.
    const browser = () => ({ ...options, cookies: cookie ? new Map<string, string>() : undefined });
    const origin = `http://${SITES[1]}:${proxy.port}`;
    const crowd = await startCrowd(
      accounts.map(({ username, password }) => ({ origin, jid: `${username}@${domain}`, password })),
    );
    try {
      return await run({ cluster, crowd, load, admin }, browser);
    } finally {
      await crowd.leave();
    }
  } finally {
    await proxy?.stop();
    await pages?.close();
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Stage {
  readonly cluster: Cluster;
  readonly crowd: Crowd;
  readonly load: Load;
  readonly admin: (index: number) => string;
}

async function run({ cluster, crowd, load, admin }: Stage, browser: () => LoginOptions): Promise<Outcome> {
  const chatters = await logins(load.sessions - KINDS.length * load.clientsOfEach, browser);
  const isVictims = await victims(cluster);
  const [dying, others] = [chatters.filter(isVictims), chatters.filter((each) => !isVictims(each))];
  const clientsOfDead = (await sessionsOf(cluster.members[VICTIM])) - dying.length;
  pair(others);
  const before = await hops(admin);
  await sayAll(chatters, load.messages, load.everyMs);
  await heardAll(chatters);
  const after = await hops(admin);
  const killedAt = Date.now();
  const toldMs: number[] = [];
  const backMs: number[] = [];
  const back = Promise.all(
    dying.map(async (each) => {
      await each.comeBack(() => toldMs.push(Date.now() - killedAt));
      backMs.push(Date.now() - killedAt);
    }),
  );
  const talk = sayAll(others, load.messages, load.everyMs);
  await cluster.members[VICTIM]?.end('SIGKILL');
  await cluster.start(VICTIM);
  await back;
  await talk;
  await crowd.allUp();
  // The one that was started again has its part in what follows.
  await sayAll(chatters, load.messages, load.everyMs);
  // What has not come by then is counted as lost.
  await heardAll(chatters).catch(() => undefined);
  const returns = await crowd.returns(killedAt);
  const outcome = { ...count(chatters), others: others.length, toldMs, backMs, returns, clientsOfDead };
  await Promise.all(chatters.map((each) => each.leave()));
  return {
    ...outcome,
    requests: after.requests - before.requests,
    forwarded: after.forwarded - before.forwarded,
  };
}

async function logins(count: number, browser: () => LoginOptions): Promise<readonly Chatter[]> {
  const chatters: Chatter[] = [];
  while (chatters.length < count) {
    const names = Array.from({ length: Math.min(CROWD, count - chatters.length) }, (_, index) =>
      String(chatters.length + index),
    );
    chatters.push(...(await Promise.all(names.map((name) => Chatter.login(name, browser())))));
  }
  return chatters;
}

/** Whose sid names the member that is going to be killed; its name is in the others' logs. */
async function victims(cluster: Cluster): Promise<(chatter: Chatter) => boolean> {
  const lines = (await cluster.members[0]?.lines()) ?? [];
  const joined = lines.find((line) => line['event'] === 'member-joined' && line['member'] === `m${VICTIM}`);
  const incarnation = String(joined?.['incarnation']);
  return ({ session }) => session.client.sid?.startsWith(incarnation) === true;
}

/** That a member has now. */
async function sessionsOf(member: Boshd | undefined): Promise<number> {
  const lines = (await member?.lines()) ?? [];
  const count = (name: string) => lines.filter(({ event }) => event === name).length;
  return count('session-created') - count('session-ended');
}

function pair(chatters: readonly Chatter[]): void {
  for (const [index, chatter] of chatters.entries())
    chatter.partner = chatters[index % 2 === 0 ? index + 1 : index - 1] ?? chatter;
}

/** Each says as many, spread over the time between two. */
async function sayAll(chatters: readonly Chatter[], messages: number, everyMs: number): Promise<void> {
  await Promise.all(
    chatters.map(async (chatter, index) => {
      await sleep((everyMs * index) / chatters.length);
      for (let count = 0; count < messages; count += 1) {
        chatter.say();
        await sleep(everyMs);
      }
    }),
  );
}

async function heardAll(chatters: readonly Chatter[]): Promise<void> {
  await until('all that was said is heard', () =>
    chatters.every((chatter) => chatter.partner.hasHeard(chatter)),
  );
  // What comes twice comes a little later.
  await sleep(LATE_MS);
}
const LATE_MS = 1000;

function count(chatters: readonly Chatter[]): Pick<Outcome, 'said' | 'lost' | 'doubled'> {
  const sums = { said: 0, lost: 0, doubled: 0 };
  for (const { said, partner } of chatters) {
    const heard = new Set(partner.heard);
    sums.said += said.length;
    sums.lost += said.filter((text) => !heard.has(text)).length;
    sums.doubled += partner.heard.length - heard.size;
  }
  return sums;
}

async function hops(admin: (index: number) => string): Promise<Pick<Outcome, 'requests' | 'forwarded'>> {
  const sums = { requests: 0, forwarded: 0 };
  for (let index = 0; index < MEMBERS; index += 1) {
    const { text } = await askAdmin({ path: admin(index) }, 'GET', '/status.json');
    for (const { series, cluster } of JSON.parse(text) as MemberStatus[]) {
      for (const { name, value } of series) if (name === 'boshd_requests_total') sums.requests += value;
      sums.forwarded += cluster?.forwarded ?? 0;
    }
  }
  return sums;
}
