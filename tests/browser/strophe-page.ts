import type { Page } from 'playwright-core';
import { packageFile, type SiteOptions } from '../support/site.ts';

/** Runs in the page, on top of the unmodified Strophe: what a site's own chat would do. */
const SCRIPT = `
  const { Strophe, $msg, $pres } = window;
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  const chat = { statuses: [], messages: [], connection: undefined };
  chat.connect = (url, jid, password) => {
    chat.connection = new Strophe.Connection(url);
    chat.connection.connect(jid, password, (status) => {
      chat.statuses.push(status);
      if (status !== Strophe.Status.CONNECTED) return;
      chat.connection.addHandler((stanza) => {
        chat.messages.push(stanza.getElementsByTagName('body')[0].textContent);
        return true;
      }, null, 'message', 'chat');
      chat.connection.send($pres());
    });
  };
  chat.say = (to, text) => chat.connection.send($msg({ to, type: 'chat' }).c('body').t(text));
  window.chat = chat;
`;

/** Files of a page that chats with Strophe. */
export async function stropheFiles(): Promise<SiteOptions['files']> {
  return {
    'index.html':
      '<!doctype html><meta charset="utf-8"><title>Chat</title><script src="strophe.js"></script><script src="chat.js"></script>',
    'strophe.js': await packageFile('strophe.js/dist/strophe.umd.min.js'),
    'chat.js': `(() => {${SCRIPT}})();`,
  };
}

/** Strophe's numbers (Strophe.Status). */
export const STATUS = { connected: 5, disconnected: 6 } as const;

/** A tab with the page, driven from the test. */
export class StrophePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async connect(url: string, jid: string, password: string): Promise<void> {
    await this.page.evaluate(`chat.connect(${list(url, jid, password)})`);
  }

  /** The full JID. */
  async login(url: string, jid: string, password: string): Promise<string> {
    await this.connect(url, jid, password);
    await this.reach(STATUS.connected);
    return await this.page.evaluate<string>('chat.connection.jid');
  }

  async reach(status: number): Promise<void> {
    await this.page.waitForFunction(`chat.statuses.includes(${status})`);
  }

  statuses(): Promise<readonly number[]> {
    return this.page.evaluate<readonly number[]>('chat.statuses');
  }

  async say(to: string, text: string): Promise<void> {
    await this.page.evaluate(`chat.say(${list(to, text)})`);
  }

  /** Waits for so many messages. */
  async messages(count: number): Promise<readonly string[]> {
    await this.page.waitForFunction(`chat.messages.length >= ${count}`);
    return await this.page.evaluate<readonly string[]>('chat.messages');
  }

  async logout(): Promise<void> {
    await this.page.evaluate('chat.connection.disconnect()');
    await this.reach(STATUS.disconnected);
  }
}

function list(...values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
