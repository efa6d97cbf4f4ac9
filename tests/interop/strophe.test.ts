import { setTimeout as sleep } from 'node:timers/promises';
import { JSDOM } from 'jsdom';
import { $msg, $pres, Strophe } from 'strophe.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { domainOf, type Servers, startServers, USERS } from './servers.ts';

const DOMAIN = domainOf('prosody', 'override-starttls');

let servers: Servers;
let dom: JSDOM;
beforeAll(async () => {
  servers = await startServers(['prosody']);
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  // The XMLHttpRequest of a page of the same origin; all else that Strophe wants of a browser its Node build brings.
  dom = new JSDOM('', { url: servers.boshd.origin });
  Object.assign(globalThis, { XMLHttpRequest: dom.window.XMLHttpRequest });
});
afterAll(async () => {
  dom.window.close();
  await servers.stop();
});

type Connection = InstanceType<typeof Strophe.Connection>;

/** Of Strophe's BOSH, what it does not tell in its types. */
interface Bosh {
  readonly sid: string;
  readonly rid: number;
  _abortAllRequests(): void;
}

/** A Strophe connection, what it received, and how it is going. */
class StropheUser {
  readonly connection: Connection = new Strophe.Connection(servers.boshd.url);
  readonly messages: string[] = [];
  readonly statuses: number[] = [];
  condition: string | null = null;
  #waiting: (() => void)[] = [];

  readonly onStatus = (status: number, condition?: string | null): void => {
    this.statuses.push(status);
    this.condition = condition ?? null;
    this.#changed();
  };

  login(user: keyof typeof USERS): Promise<void> {
    this.connection.connect(`${user}@${DOMAIN}`, USERS[user], this.onStatus);
    return this.reach(Strophe.Status.CONNECTED);
  }

  /** What came within a round trip of the goodbye is in doubt, and would be delivered again at the next log-in. */
  async logout(): Promise<void> {
    await sleep(500);
    this.connection.disconnect('bye');
    await this.reach(Strophe.Status.DISCONNECTED);
  }

  listen(): void {
    this.connection.addHandler(
      (stanza: Element) => {
        this.messages.push(stanza.getElementsByTagName('body')[0]?.textContent ?? '');
        this.#changed();
        return true;
      },
      null,
      'message',
      'chat',
    );
    this.connection.send($pres());
  }

  say(to: Connection, text: string): void {
    this.connection.send($msg({ to: to.jid, type: 'chat' }).c('body').t(text));
  }

  reach(status: number): Promise<void> {
    return this.#until(() => this.statuses.includes(status));
  }

  receive(count: number): Promise<void> {
    return this.#until(() => this.messages.length >= count);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const TEXTS = Array.from({ length: 100 }, (_, index) => `${index}: <ça va?> 😀 & "so on"`);

test('two users log in, chat both ways in order, log out', async () => {
  const [alice, bob] = [new StropheUser(), new StropheUser()];
  await Promise.all([alice.login('alice'), bob.login('bob')]);
  alice.listen();
  bob.listen();
  for (const text of TEXTS) {
    alice.say(bob.connection, text);
    bob.say(alice.connection, text);
  }
  await Promise.all([alice.receive(TEXTS.length), bob.receive(TEXTS.length)]);
  expect(alice.messages).toEqual(TEXTS);
  expect(bob.messages).toEqual(TEXTS);
  await Promise.all([alice.logout(), bob.logout()]);
  const ended = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended');
  const { CONNECTED, DISCONNECTED } = Strophe.Status;
  for (const { statuses } of [alice, bob]) {
    expect(statuses.filter((status) => status === CONNECTED || status === DISCONNECTED)).toEqual([
      CONNECTED,
      DISCONNECTED,
    ]);
  }
  expect(ended).toMatchObject([{ reason: 'client-terminated' }, { reason: 'client-terminated' }]);
});

test('a wrong password is told as such', async () => {
  const alice = new StropheUser();
  alice.connection.connect(`alice@${DOMAIN}`, 'wrong', alice.onStatus);
  await alice.reach(Strophe.Status.AUTHFAIL);
  await alice.logout();
});

test('a page that was reloaded goes on with its session', async () => {
  const [before, bob] = [new StropheUser(), new StropheUser()];
  await Promise.all([before.login('alice'), bob.login('bob')]);
  before.listen();
  bob.listen();
  before.say(bob.connection, 'before');
  await bob.receive(1);
  // A request that is aborted before it leaves is a gap in the rids, which no attach closes: the page comes to rest first.
  await sleep(1000);

  // A reload aborts what is open, without a word, which `reset` by itself does not; Strophe keeps these three for the next page.
  const { jid } = before.connection;
  const old = before.connection._proto as unknown as Bosh;
  const { sid, rid } = old;
  old._abortAllRequests();
  before.connection.reset();
  bob.say(before.connection, 'while the page loads');

  const after = new StropheUser();
  after.connection.attach(jid, sid, rid, after.onStatus);
  await after.reach(Strophe.Status.ATTACHED);
  after.listen();
  after.say(bob.connection, 'after');
  await Promise.all([after.receive(1), bob.receive(2)]);
  expect(after.messages).toEqual(['while the page loads']);
  expect(bob.messages).toEqual(['before', 'after']);
  await Promise.all([after.logout(), bob.logout()]);
});
