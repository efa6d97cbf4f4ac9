import { type ConnectOptions, connect, type Session, xml } from '@boshd/client';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWholeChromium } from '../support/chromium.ts';
import { until } from '../support/program.ts';
import { DEMO_DOMAIN, type Demo, startDemo } from './demo.ts';
import { type PageServer, startPageServer } from './page-server.ts';

let browser: Browser;
let demo: Demo;
let server: PageServer;
/** Somebody else, whom the pages write to. */
let other: Session;
const received: string[] = [];
/** Addresses that signed out. */
const gone: string[] = [];

beforeAll(async () => {
  [browser, demo] = await Promise.all([startWholeChromium(), startDemo()]);
  server = await startPageServer(demo.port);
  other = connect({ url: demo.url, domain: DEMO_DOMAIN });
  await other.ready;
  void listen();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  received.length = 0;
});
afterAll(async () => {
  await other.close();
  await browser.close();
  await server.close();
  await demo.stop();
});

async function listen(): Promise<void> {
  for await (const stanza of other) {
    if (stanza.name === 'message') received.push(stanza.child('body')?.text ?? '');
    const isGone = stanza.name === 'presence' && stanza.attributes['type'] === 'unavailable';
    if (isGone) gone.push(stanza.attributes['from'] ?? '');
  }
}

/** A tab with the page. */
class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  static async open(context?: BrowserContext): Promise<Tab> {
    const page = await (context ?? (await browser.newContext())).newPage();
    await page.goto(server.origin);
    return new Tab(page);
  }

  /** The full JID. */
  start(options: Partial<ConnectOptions> = {}): Promise<string> {
    const all = JSON.stringify({ domain: DEMO_DOMAIN, ...options });
    return this.page.evaluate<string>(`chat.start(${all})`);
  }

  async say(...texts: readonly string[]): Promise<void> {
    const to = JSON.stringify(other.jid);
    await this.page.evaluate(texts.map((text) => `chat.say(${to}, ${JSON.stringify(text)})`).join(';'));
  }

  async hears(text: string): Promise<void> {
    await this.page.waitForFunction(`chat.messages.includes(${JSON.stringify(text)})`);
  }

  messages(): Promise<readonly string[]> {
    return this.page.evaluate<readonly string[]>('chat.messages');
  }

  states(): Promise<readonly string[]> {
    return this.page.evaluate<readonly string[]>('chat.states');
  }

  sendings(): Promise<readonly string[]> {
    return this.page.evaluate<readonly string[]>('chat.sendings.map(({ state }) => state.name)');
  }

  async reaches(state: string): Promise<void> {
    await this.page.waitForFunction(`chat.states.at(-1) === ${JSON.stringify(state)}`);
  }
}

const tell = (to: string, text: string) =>
  other.send(xml('message', { to, type: 'chat' }, xml('body', {}, text))).done;

describe('a page', () => {
  it('chats both ways', async () => {
    const tab = await Tab.open();
    const jid = await tab.start();
    await tab.say('from the page \u{1f339}');
    await until('it is here', () => received.includes('from the page \u{1f339}'));
    await tell(jid, 'to the page');
    await tab.hears('to the page');
  });

  it.each([
    ['is closed', (page: Page) => page.close({ runBeforeUnload: true })],
    ['is left', (page: Page) => page.goto(`${server.origin}/elsewhere`)],
    ['is reloaded', (page: Page) => page.reload()],
  ])('that %s signs out at once, with what it had just sent', async (_what, act) => {
    const tab = await Tab.open();
    const jid = await tab.start();
    await tab.say('last words');
    await act(tab.page);
    await until('it is gone', () => gone.includes(jid));
    expect(received).toEqual(['last words']);
  });

  it('that comes back from the back/forward cache signs in again', async () => {
    const tab = await Tab.open();
    await tab.start();
    await tab.page.goto(`${server.origin}/elsewhere`);
    await tab.page.goBack();
    const isRestored = await tab.page.evaluate<boolean>('chat.session !== undefined');
    const jid = isRestored ? await other.ready : await tab.start();
    expect(jid).toBeDefined();
    await tab.reaches('new');
    await tab.say('back');
    await until('it is here', () => received.includes('back'));
  });

  it('shows "sending" while offline, then "sent", and loses nothing', async () => {
    const tab = await Tab.open();
    const jid = await tab.start();
    await tab.say('before');
    await until('it is here', () => received.includes('before'));
    await tab.page.waitForFunction(`chat.sendings[0].state.name === 'sent'`);
    await tab.page.context().setOffline(true);
    await tab.say('one', 'two');
    await tab.reaches('interrupted');
    expect(await tab.sendings()).toEqual(['sent', 'sending', 'sending']);
    const told = tell(jid, 'while you were away');
    await tab.page.context().setOffline(false);
    await tab.reaches('online');
    await tab.hears('while you were away');
    await told;
    await tab.page.waitForFunction(`chat.sendings.every(({ state }) => state.name === 'sent')`);
    expect(received).toEqual(['before', 'one', 'two']);
    expect(await tab.messages()).toEqual(['while you were away']);
    expect(await tab.states()).toEqual(['connecting', 'new', 'interrupted', 'online']);
  });

  it('that was frozen goes on', async () => {
    const tab = await Tab.open();
    const jid = await tab.start();
    const devtools = await tab.page.context().newCDPSession(tab.page);
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    const told = tell(jid, 'while frozen');
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await tab.hears('while frozen');
    await told;
    await tab.say('thawed');
    await until('it is here', () => received.includes('thawed'));
    expect(await tab.messages()).toEqual(['while frozen']);
  });
});

describe("with keep: 'session'", () => {
  const KEEP = { keep: 'session' } as const;

  it('a reload goes on, and nothing is lost or doubled', async () => {
    const tab = await Tab.open();
    const keep = { ...KEEP, keepSeconds: 20 };
    const jid = await tab.start(keep);
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    for (const line of lines) {
      await tab.say(line);
      const told = tell(jid, line);
      if (Number(line.slice(5)) % 5 === 4) {
        await tab.page.reload();
        expect(await tab.start(keep)).toBe(jid);
        expect(await tab.states()).toEqual(['connecting', 'online']);
      }
      await told;
    }
    await until('all are here', () => received.length >= lines.length);
    expect(received).toEqual(lines);
    await tab.page.waitForFunction(`localStorage.heard.includes('line 19')`);
    expect(await tab.page.evaluate('localStorage.heard')).toBe(lines.map((line) => `${line};`).join(''));
    expect(gone).not.toContain(jid);
  });

  it('a tab that is closed has signed out after keepSeconds, long before the inactivity is over', async () => {
    const tab = await Tab.open();
    const jid = await tab.start({ ...KEEP, keepSeconds: 1 });
    await tab.page.close({ runBeforeUnload: true });
    await until('it is gone', () => gone.includes(jid));
  });

  it('the next page of the tab needs no password, and without a session says so', async () => {
    const tab = await Tab.open();
    const login = { jid: `romeo@${DEMO_DOMAIN}`, ...KEEP };
    const jid = await tab.start({ ...login, password: 'demo' });
    await tab.page.goto(`${server.origin}/elsewhere`);
    await tab.page.goto(server.origin);
    expect(await tab.start(login)).toBe(jid);
    await tab.page.evaluate('chat.session.close()');
    await tab.page.reload();
    await expect(tab.start(login)).rejects.toThrow('no session to go on with');
  });

  it('a duplicated tab makes its own session', async () => {
    const tab = await Tab.open();
    const jid = await tab.start(KEEP);
    const opened = tab.page.context().waitForEvent('page');
    await tab.page.evaluate('void window.open(location.href)');
    const second = new Tab(await opened);
    await second.page.waitForLoadState();
    expect(await second.page.evaluate<number>('sessionStorage.length')).toBe(1);
    const secondJid = await second.start(KEEP);
    expect(secondJid).not.toBe(jid);
    await tell(jid, 'to the first');
    await tell(secondJid, 'to the second');
    await tab.hears('to the first');
    await second.hears('to the second');
    expect([await tab.messages(), await second.messages()]).toEqual([['to the first'], ['to the second']]);
  });
});

describe('with shareTabs', () => {
  const SHARE = { shareTabs: true } as const;

  async function tabs(count: number): Promise<{ readonly all: readonly Tab[]; readonly jid: string }> {
    const context = await browser.newContext();
    const all: Tab[] = [];
    const jids = new Set<string>();
    for (let index = 0; index < count; index += 1) {
      const tab = await Tab.open(context);
      all.push(tab);
      jids.add(await tab.start(SHARE));
    }
    const [jid = ''] = jids;
    expect([...jids]).toEqual([jid]);
    return { all, jid };
  }

  it('ten tabs have one session, and no message comes twice', async () => {
    const before = server.sids.size;
    const { all, jid } = await tabs(10);
    for (const [index, tab] of all.entries()) await tab.say(`from tab ${index}`);
    await until('all are here', () => received.length >= all.length);
    expect([...received].sort()).toEqual(all.map((_, index) => `from tab ${index}`).sort());
    await tell(jid, 'to all');
    for (const tab of all) {
      await tab.hears('to all');
      expect(await tab.messages()).toEqual(['to all']);
      await tab.page.waitForFunction(`chat.sendings.every(({ state }) => state.name === 'sent')`);
    }
    expect(server.sids.size - before).toBe(1);
  });

  it.each([
    ['is closed', (page: Page) => page.close({ runBeforeUnload: true })],
    ['crashes', (page: Page) => page.goto('chrome://crash').catch(() => undefined)],
  ])('another tab goes on when the one that leads %s', async (_what, act) => {
    const before = server.sids.size;
    const { all, jid } = await tabs(3);
    const [leader, ...others] = all;
    if (leader === undefined) throw new Error('no tab');
    for (const tab of others) await tab.say('while it lives');
    await until('they are here', () => received.length >= 2);
    await Promise.all([...others.map((tab) => tab.say('while it dies')), act(leader.page)]);
    await until('they are here', () => received.length >= 4);
    await tell(jid, 'after it');
    for (const tab of others) await tab.hears('after it');
    for (const tab of others) await tab.say('after it');
    await until('they are here', () => received.length >= 6);
    expect(received).toEqual(['while it lives', 'while it dies', 'after it'].flatMap((text) => [text, text]));
    expect(server.sids.size - before).toBe(1);
    expect(gone).not.toContain(jid);
  });

  it('signing out is for all', async () => {
    const { all, jid } = await tabs(2);
    await all[1]?.page.evaluate('chat.session.close()');
    for (const tab of all) await tab.reaches('ended');
    await until('it is gone', () => gone.includes(jid));
  });

  it.each([
    ['that leads by then', ''],
    // It has the lock, as far as the browser knows, and was not told yet.
    [
      'before it was told to lead',
      `{
      const { locks } = navigator;
      const request = locks.request.bind(locks);
      locks.request = (name) => request(name, () => new Promise(() => undefined));
    }`,
    ],
  ])('the last tab that is closed, %s, signs out', async (_when, script) => {
    const { all, jid } = await tabs(1);
    const [first] = all;
    if (first === undefined) throw new Error('no tab');
    const last = await Tab.open(first.page.context());
    await last.page.evaluate(script);
    expect(await last.start(SHARE)).toBe(jid);
    for (const { page } of [first, last]) {
      await Promise.all([page.waitForEvent('close'), page.close({ runBeforeUnload: true })]);
    }
    await until('it is gone', () => gone.includes(jid));
  });
});

describe('with a WebSocket', () => {
  const socketUrl = (path: string) => `${server.origin.replace('http', 'ws')}${path}`;

  it('chats over it, and knows what was sent', async () => {
    const before = server.sids.size;
    const tab = await Tab.open();
    const jid = await tab.start({ webSocket: socketUrl('/xmpp-websocket') });
    await tab.say('over a WebSocket');
    await until('it is here', () => received.includes('over a WebSocket'));
    await tell(jid, 'back');
    await tab.hears('back');
    await tab.page.waitForFunction(`chat.sendings.every(({ state }) => state.name === 'sent')`);
    await tab.page.evaluate('chat.session.close()');
    await until('it is gone', () => gone.includes(jid));
    expect(server.sids.size).toBe(before);
  });

  it.each(['/ws-hangs', '/ws-page', '/ws-swallowed'])('%s: goes on over BOSH', async (path) => {
    const before = server.sids.size;
    const tab = await Tab.open();
    const jid = await tab.start({ webSocket: socketUrl(path) });
    await tell(jid, 'all the same');
    await tab.hears('all the same');
    expect(server.sids.size - before).toBe(1);
  });
});
