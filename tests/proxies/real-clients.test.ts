import { setTimeout as sleep } from 'node:timers/promises';
import { JSDOM } from 'jsdom';
import { type Agent, createClient } from 'stanza';
import { $msg, Strophe } from 'strophe.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { until } from '../support/program.ts';
import { type FrontProxy, PROXIES, type ProxyName, startProxy } from '../support/proxies/index.ts';

/**
 * A member dies with requests in flight that belong to sessions of the others. nginx and HAProxy repeat them, the other servers
 * answer 500, 502 or 503: unmodified Strophe and stanza repeat them by themselves, so nobody is told, and nothing is lost.
 */
const REPEATING: ReadonlySet<ProxyName> = new Set(['nginx', 'haproxy']);
const OF_EACH = 6;
const VICTIM = 1;
/** So often the member is killed, until it took a request of another's session with it. */
const KILLS_MAX = 8;
/** Messages of each between two kills, after which the proxy sends requests to the restarted member again. */
const MESSAGES = 20;
const PAUSE_MS = 100;
const HEARD_MAX_MS = 60_000;

/** Somebody with an unmodified client, who talks to himself. */
interface Person {
  readonly heard: readonly string[];
  readonly isUp: boolean;
  /** The session ended, or could not go on. */
  readonly isOver: boolean;
  say(text: string): void;
  leave(): void;
}

/** What Strophe's requests were answered with, where that was no reply of boshd. */
interface Failure {
  readonly sid: string;
  readonly status: number;
}

let cluster: Cluster;
let proxy: FrontProxy | undefined;
let dom: JSDOM | undefined;
beforeAll(async () => {
  const accounts = Array.from({ length: 2 * OF_EACH }, (_, index) => ({
    username: `person-${index}`,
    password: 'demo',
  }));
  cluster = await startCluster(3, {}, accounts);
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
});
afterEach(async () => {
  dom?.window.close();
  await proxy?.stop();
  proxy = undefined;
});
afterAll(() => cluster.stop());

/** Gives Strophe the XMLHttpRequest of a page there, and notes what it meets. */
function openPage(origin: string): { readonly failures: Failure[]; readonly ended: Set<string> } {
  dom = new JSDOM('', { url: origin });
  const failures: Failure[] = [];
  const ended = new Set<string>();
  class Noting extends dom.window.XMLHttpRequest {
    override send(body?: string): void {
      const sid = /\ssid=['"]([^'"]+)/.exec(body ?? '')?.[1] ?? '';
      this.addEventListener('loadend', () => {
        if (this.status >= 500 || this.status === 0) failures.push({ sid, status: this.status });
        else if (this.responseText.includes(`type='terminate'`)) ended.add(sid);
      });
      super.send(body);
    }
  }
  Object.assign(globalThis, { XMLHttpRequest: Noting });
  return { failures, ended };
}

function strophe(url: string, jid: string): Person {
  const connection = new Strophe.Connection(url);
  const heard: string[] = [];
  const state = { isUp: false, isOver: false };
  const listen = () =>
    connection.addHandler(
      (message: Element) => {
        heard.push(message.getElementsByTagName('body')[0]?.textContent ?? '');
        return true;
      },
      null,
      'message',
      'chat',
    );
  connection.connect(jid, 'demo', (status: number) => {
    if (status === Strophe.Status.CONNECTED) {
      state.isUp = true;
      listen();
    }
    if (status === Strophe.Status.DISCONNECTED) state.isOver = true;
  });
  return Object.assign(state, {
    heard,
    say: (text: string) => connection.send($msg({ to: connection.jid, type: 'chat' }).c('body').t(text)),
    leave: () => connection.disconnect('bye'),
  });
}

function stanza(url: string, jid: string): Person {
  const client: Agent = createClient({
    jid,
    password: 'demo',
    transports: { bosh: url, websocket: false },
    autoReconnect: false,
  });
  const heard: string[] = [];
  const state = { isUp: false, isOver: false };
  client.on('session:started', () => {
    state.isUp = true;
  });
  // stanza 12 never says `disconnected` when something waits to be sent as its session ends: it waits for that to be sent.
  for (const over of ['bosh:terminate', 'disconnected'] as const) {
    client.on(over, () => {
      state.isOver = true;
    });
  }
  client.on('chat', ({ body }) => void heard.push(body ?? ''));
  client.connect();
  return Object.assign(state, {
    heard,
    say: (body: string) => void client.sendMessage({ to: client.jid, type: 'chat', body }),
    leave: () => client.disconnect(),
  });
}

/** Says one thing after the other, each when the last one has come back; stops where the session ends. */
async function talk(person: Person): Promise<void> {
  for (let count = 0; count < MESSAGES && !person.isOver; count += 1) {
    const { length } = person.heard;
    person.say(String(length));
    const isHeard = () => person.isOver || person.heard.length > length;
    await until('the message', isHeard, HEARD_MAX_MS);
    await sleep(PAUSE_MS);
  }
}

/** Sessions that the member has now. */
async function sessionsOf(index: number): Promise<number> {
  const lines = (await cluster.members[index]?.lines()) ?? [];
  const count = (name: string) => lines.filter(({ event }) => event === name).length;
  return count('session-created') - count('session-ended');
}

describe.each(PROXIES)('%s', (name) => {
  test('no client on a live member notices that another dies, with whatever requests', async () => {
    const members = cluster.members.flatMap(({ port }, index) => [
      '--member',
      `127.0.0.1:${port} id=m${index}`,
    ]);
    proxy = await startProxy(name, ['--host', 'localhost', ...members]);
    const origin = `http://localhost:${proxy.port}`;
    const { failures, ended } = openPage(origin);
    const people: Person[] = [];
    for (let index = 0; index < 2 * OF_EACH; index += 1) {
      const start = index % 2 === 0 ? strophe : stanza;
      people.push(start(`${origin}/http-bind`, `person-${index}@${cluster.demo.domain}`));
    }
    await until('all are logged in', () => people.every(({ isUp }) => isUp));
    const ofVictim = await sessionsOf(VICTIM);
    expect(ofVictim).toBeLessThan(people.length);

    const lost = () => failures.filter(({ sid }) => !ended.has(sid));
    for (let kills = 0; kills < KILLS_MAX && (kills === 0 || lost().length === 0); kills += 1) {
      const talking = Promise.all(people.map(talk));
      await sleep((MESSAGES * PAUSE_MS) / 2);
      await cluster.members[VICTIM]?.end('SIGKILL');
      await talking;
      await cluster.start(VICTIM);
      if (REPEATING.has(name)) break;
    }
    // Only the sessions of the dead one ended, and of the others nothing was lost or doubled.
    await until('those of the dead member are told', () => people.filter(isOver).length >= ofVictim);
    expect(people.filter(isOver).length).toBe(ofVictim);
    for (const { heard } of people) expect(heard).toEqual(heard.map((_, index) => String(index)));
    if (REPEATING.has(name)) expect(lost()).toEqual([]);
    else expect(lost().length).toBeGreaterThan(0);
    for (const person of people) if (!person.isOver) person.leave();
    await until('they have left', () => people.every(isOver));
  });
});

function isOver(person: Person): boolean {
  return person.isOver;
}
