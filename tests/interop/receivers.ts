import { type XmlNode, xml, client as xmppClient } from '@xmpp/client';
import { JSDOM } from 'jsdom';
import { createClient } from 'stanza';
import { $iq, $pres, Strophe } from 'strophe.js';
import type { Boshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { child, type XmlElement } from '../support/xmpp/xml.ts';
import { SCRAM, type ServerName, USERS } from './servers.ts';

/** The user Bob, with one of the clients that people use. */
export interface Receiver {
  readonly jid: string;
  /** Of the messages that came, in their order; an empty one for each without a text. */
  readonly texts: readonly string[];
  /** Of those that came out of the archive (XEP-0313). */
  readonly archived: readonly string[];
  join(room: string): void;
  /** Asks for the newest messages of Bob's archive. */
  askArchive(): void;
  logOut(): Promise<void>;
}

export type LogIn = (boshd: Boshd, domain: string, server: ServerName) => Promise<Receiver>;

const MUC = 'http://jabber.org/protocol/muc';
const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';
export const ARCHIVE_PAGE = 20;

/** The XMLHttpRequest of a page of boshd's origin; all else that Strophe wants of a browser its Node build brings. */
function browserOf(boshd: Boshd): JSDOM {
  const dom = new JSDOM('', { url: boshd.origin });
  Object.assign(globalThis, { XMLHttpRequest: dom.window.XMLHttpRequest });
  return dom;
}

async function strophe(service: string, domain: string, close = (): void => undefined): Promise<Receiver> {
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  const connection = new Strophe.Connection(service);
  const texts: string[] = [];
  const archived: string[] = [];
  const statuses: number[] = [];
  connection.connect(`bob@${domain}`, USERS.bob, (status: number) => void statuses.push(status));
  await until('Strophe', () => statuses.includes(Strophe.Status.CONNECTED));
  connection.addHandler(
    (stanza: Element) => {
      const text = stanza.getElementsByTagName('body')[0]?.textContent ?? '';
      (stanza.getElementsByTagName('result').length > 0 ? archived : texts).push(text);
      return true;
    },
    null,
    'message',
  );
  connection.send($pres());
  return {
    jid: connection.jid,
    texts,
    archived,
    join: (room) => connection.send($pres({ to: `${room}/bob` }).c('x', { xmlns: MUC })),
    askArchive: () => {
      const query = $iq({ type: 'set', id: 'archive' }).c('query', { xmlns: MAM });
      connection.send(query.c('set', { xmlns: RSM }).c('max', {}, String(ARCHIVE_PAGE)).c('before'));
    },
    logOut: async () => {
      connection.disconnect('bye');
      await until('its end', () => statuses.includes(Strophe.Status.DISCONNECTED));
      close();
    },
  };
}

const byStropheBosh: LogIn = (boshd, domain) => {
  const dom = browserOf(boshd);
  return strophe(boshd.url, domain, () => dom.window.close());
};
const byStropheWebSocket: LogIn = (boshd, domain) => strophe(socketOf(boshd), domain);

const socketOf = ({ port }: Boshd): string => `ws://127.0.0.1:${port}/xmpp-websocket`;

const byStanza: LogIn = async (boshd, domain) => {
  const agent = createClient({
    jid: `bob@${domain}`,
    password: USERS.bob,
    transports: { bosh: boshd.url, websocket: false },
  });
  const texts: string[] = [];
  const archived: string[] = [];
  agent.on('message', ({ body, archive }) => {
    if (archive === undefined) texts.push(body ?? '');
    else archived.push(archive.item.message?.body ?? '');
  });
  const started = new Promise<void>((resolve) => agent.once('session:started', () => resolve()));
  agent.connect();
  await started;
  agent.sendPresence();
  return {
    jid: agent.jid,
    texts,
    archived,
    join: (room) => void agent.joinRoom(room, 'bob').catch(() => undefined),
    askArchive: () =>
      void agent.searchHistory({ paging: { before: '', max: ARCHIVE_PAGE } }).catch(() => undefined),
    logOut: async () => {
      const over = new Promise<void>((resolve) => agent.once('disconnected', () => resolve()));
      agent.disconnect();
      await over;
    },
  };
};

const byXmppJs: LogIn = async (boshd, domain) => {
  const one = xmppClient({ service: socketOf(boshd), domain, username: 'bob', password: USERS.bob });
  const texts: string[] = [];
  const archived: string[] = [];
  one.on('error', () => undefined);
  one.on('stanza', (node: XmlNode) => {
    if (!node.is('message')) return;
    const inside = node.getChild('result')?.getChild('forwarded')?.getChild('message');
    if (inside === undefined) texts.push(node.getChildText('body') ?? '');
    else archived.push(inside.getChildText('body') ?? '');
  });
  const jid = (await one.start()).toString();
  await one.send(xml('presence'));
  return {
    jid,
    texts,
    archived,
    join: (room) => void one.send(xml('presence', { to: `${room}/bob` }, xml('x', { xmlns: MUC }))),
    askArchive: () => {
      const page = xml('set', { xmlns: RSM }, xml('max', {}, String(ARCHIVE_PAGE)), xml('before'));
      void one.send(xml('iq', { type: 'set', id: 'archive' }, xml('query', { xmlns: MAM }, page)));
    },
    logOut: async () => void (await one.stop()),
  };
};

const byBosh: LogIn = async (boshd, domain, server) => {
  const session = await ChatSession.login({
    url: boshd.url,
    domain,
    user: 'bob',
    password: USERS.bob,
    mechanism: SCRAM[server],
  });
  session.send("<presence xmlns='jabber:client'/>");
  const messages = (): readonly XmlElement[] => session.inbox.filter(({ name }) => name === 'message');
  const bodyOf = (message: XmlElement | undefined): string =>
    (message === undefined ? undefined : child(message, 'body')?.text) ?? '';
  return {
    jid: session.jid,
    get texts() {
      return messages().flatMap((each) => (child(each, 'result') === undefined ? [bodyOf(each)] : []));
    },
    get archived() {
      return messages().flatMap((each) => {
        const result = child(each, 'result');
        const forwarded = result === undefined ? undefined : child(result, 'forwarded');
        return forwarded === undefined ? [] : [bodyOf(child(forwarded, 'message'))];
      });
    },
    join: (room) =>
      session.send(`<presence xmlns='jabber:client' to='${room}/bob'><x xmlns='${MUC}'/></presence>`),
    askArchive: () =>
      session.send(
        `<iq xmlns='jabber:client' type='set' id='archive'><query xmlns='${MAM}'><set xmlns='${RSM}'><max>${ARCHIVE_PAGE}</max><before/></set></query></iq>`,
      ),
    logOut: () => session.logout(),
  };
};

/** Those that need no browser. */
export const CLIENTS: readonly (readonly [name: string, logIn: LogIn])[] = [
  ['a plain BOSH client', byBosh],
  ['Strophe over BOSH', byStropheBosh],
  ['stanza over BOSH', byStanza],
  ['Strophe over WebSocket', byStropheWebSocket],
  ['xmpp.js over WebSocket', byXmppJs],
];
