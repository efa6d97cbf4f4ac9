import { type XmlNode, xml, client as xmppClient } from '@xmpp/client';
import { createClient } from 'stanza';
import { $pres, Strophe } from 'strophe.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { type RunningProgram, until } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { NativeClient } from '../support/xmpp/native-client.ts';
import { child } from '../support/xmpp/xml.ts';
import { SCRAM, USERS } from './servers.ts';

/*
 * A native client of the same server sends what ended sessions of boshd once, stored for a user who is not there, then to the
 * user's client, then into a room. The user gets in with every client, and gets the common messages.
 */

const SERVERS = ['prosody', 'ejabberd'] as const;
type ServerName = (typeof SERVERS)[number];
const domainOf = (server: ServerName): string => `strangers.${server}.example`;
const ROOMS = 'rooms.prosody.example';

let ca: TestCa;
let boshd: Boshd;
const programs: Partial<Record<ServerName, RunningProgram & { ports: { c2s: number; directTls: number } }>> =
  {};

beforeAll(async () => {
  ca = await createTestCa();
  const hosts = await Promise.all(
    SERVERS.map(async (server) => {
      const domain = domainOf(server);
      return { domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS };
    }),
  );
  const [ofProsody, ofEjabberd] = hosts;
  if (ofProsody === undefined || ofEjabberd === undefined) throw new Error('two servers have two hosts');
  const extra = `Component ${JSON.stringify(ROOMS)} "muc"\nmuc_room_locking = false\n`;
  programs.prosody = await startProsody({ hosts: [ofProsody], extra });
  programs.ejabberd = await startEjabberd({ hosts: [ofEjabberd] });
  const overrides = Object.fromEntries(
    SERVERS.map((server) => [
      domainOf(server),
      { host: '127.0.0.1', port: programs[server]?.ports.c2s, caFile: ca.caFile },
    ]),
  );
  boshd = await startBoshd({ upstream: { allowNetworks: ['127.0.0.0/8'], overrides } });
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
});
afterAll(async () => {
  await boshd.stop();
  await Promise.all(Object.values(programs).map((program) => program.stop()));
  await ca.remove();
});

const nativeOf = (server: ServerName, user: keyof typeof USERS): Promise<NativeClient> =>
  NativeClient.logIn(programs[server]?.ports.directTls ?? 0, domainOf(server), user, USERS[user]);

const deep = (depth: number): string => '<d>'.repeat(depth) + '</d>'.repeat(depth);
const many = (count: number, name: string): string =>
  Array.from({ length: count }, (_, index) => ` ${name}${index}='${index}'`).join('');

/** What both servers store and let through. */
const STORED: readonly string[] = [
  `<x xmlns='u'>${deep(70)}</x>`,
  `<x xmlns='u'${many(70, 'a')}/>`,
  `<x xmlns='u'${many(70, 'xmlns:p')}/>`,
  `<x xmlns='u'><${'n'.repeat(600)}/></x>`,
  "<x xmlns='u' xml:foo='1'/>",
  `<body>${"'".repeat(245_000)}</body>`,
];
/** What is beyond boshd's own limits, as well. */
const LIVE: readonly string[] = [
  ...STORED,
  `<x xmlns='u'>${deep(210)}</x>`,
  `<x xmlns='u'>${deep(400)}</x>`,
  `<x xmlns='u'${many(17_000, 'a')}/>`,
];

const message = (to: string, type: string, content: string): string =>
  `<message to='${to}' type='${type}'>${content}</message>`;
const common = (to: string, type: string, text: string): string => message(to, type, `<body>${text}</body>`);

interface Receiver {
  readonly jid: string;
  readonly texts: readonly string[];
  join(room: string): void;
  logOut(): Promise<void>;
}

async function byStrophe(domain: string): Promise<Receiver> {
  const connection = new Strophe.Connection(`ws://127.0.0.1:${boshd.port}/xmpp-websocket`);
  const texts: string[] = [];
  const statuses: number[] = [];
  connection.connect(`bob@${domain}`, USERS.bob, (status: number) => void statuses.push(status));
  await until('Strophe', () => statuses.includes(Strophe.Status.CONNECTED));
  connection.addHandler(
    (stanza: Element) => {
      texts.push(stanza.getElementsByTagName('body')[0]?.textContent ?? '');
      return true;
    },
    null,
    'message',
  );
  connection.send($pres());
  return {
    jid: connection.jid,
    texts,
    join: (room) =>
      connection.send($pres({ to: `${room}/bob` }).c('x', { xmlns: 'http://jabber.org/protocol/muc' })),
    logOut: async () => {
      connection.disconnect('bye');
      await until('its end', () => statuses.includes(Strophe.Status.DISCONNECTED));
    },
  };
}

async function byStanza(domain: string): Promise<Receiver> {
  const agent = createClient({
    jid: `bob@${domain}`,
    password: USERS.bob,
    transports: { bosh: boshd.url, websocket: false },
  });
  const texts: string[] = [];
  agent.on('message', ({ body }) => void texts.push(body ?? ''));
  const started = new Promise<void>((resolve) => agent.once('session:started', () => resolve()));
  agent.connect();
  await started;
  agent.sendPresence();
  return {
    jid: agent.jid,
    texts,
    join: (room) => void agent.joinRoom(room, 'bob').catch(() => undefined),
    logOut: async () => {
      const over = new Promise<void>((resolve) => agent.once('disconnected', () => resolve()));
      agent.disconnect();
      await over;
    },
  };
}

async function byXmppJs(domain: string): Promise<Receiver> {
  const service = `ws://127.0.0.1:${boshd.port}/xmpp-websocket`;
  const one = xmppClient({ service, domain, username: 'bob', password: USERS.bob });
  const texts: string[] = [];
  one.on('error', () => undefined);
  one.on('stanza', (node: XmlNode) => {
    if (node.is('message')) texts.push(node.getChildText('body') ?? '');
  });
  const jid = (await one.start()).toString();
  await one.send(xml('presence'));
  return {
    jid,
    texts,
    join: (room) =>
      void one.send(
        xml('presence', { to: `${room}/bob` }, xml('x', { xmlns: 'http://jabber.org/protocol/muc' })),
      ),
    logOut: async () => void (await one.stop()),
  };
}

async function byBosh(domain: string, server: ServerName): Promise<Receiver> {
  const session = await ChatSession.login({
    url: boshd.url,
    domain,
    user: 'bob',
    password: USERS.bob,
    mechanism: SCRAM[server],
  });
  session.send("<presence xmlns='jabber:client'/>");
  return {
    jid: session.jid,
    get texts() {
      return session.inbox.flatMap((each) =>
        each.name === 'message' ? [child(each, 'body')?.text ?? ''] : [],
      );
    },
    join: (room) =>
      void session.send(
        `<presence xmlns='jabber:client' to='${room}/bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
      ),
    logOut: () => session.logout(),
  };
}

type LogIn = (domain: string, server: ServerName) => Promise<Receiver>;
const CLIENTS: readonly (readonly [string, LogIn])[] = [
  ['a plain BOSH client', byBosh],
  ['stanza over BOSH', byStanza],
  ['Strophe over WebSocket', byStrophe],
  ['xmpp.js over WebSocket', byXmppJs],
];

describe.each(SERVERS)('%s', (server) => {
  test.each(CLIENTS)(
    '%s gets in and stays: stored, live, in a room',
    { timeout: 120_000 },
    async (name, logIn) => {
      const domain = domainOf(server);
      const bob = `bob@${domain}`;
      const alice = await nativeOf(server, 'alice');
      const has = (receiver: Receiver, text: string) =>
        until(`${text} for ${name}`, () => receiver.texts.includes(text));
      for (const content of STORED) alice.send(message(bob, 'chat', content));
      alice.send(common(bob, 'chat', `stored ${name}`));
      await alice.settle();

      const receiver = await logIn(domain, server);
      await has(receiver, `stored ${name}`);
      for (const content of LIVE) alice.send(message(receiver.jid, 'chat', content));
      alice.send(`<iq to='${receiver.jid}' type='get' id='deep'><x xmlns='u'>${deep(210)}</x></iq>`);
      alice.send(common(receiver.jid, 'chat', `live ${name}`));
      await has(receiver, `live ${name}`);

      if (server === 'prosody') {
        const room = `${name.replace(/\W/g, '')}@${ROOMS}`.toLowerCase();
        await alice.ask(
          `<presence to='${room}/alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
          '</presence>',
        );
        for (const content of STORED) alice.send(message(room, 'groupchat', `${content}<body>x</body>`));
        receiver.join(room);
        alice.send(common(room, 'groupchat', `history of ${name}`));
        await has(receiver, `history of ${name}`);
        for (const content of LIVE) alice.send(message(room, 'groupchat', content));
        alice.send(common(room, 'groupchat', `room of ${name}`));
        await has(receiver, `room of ${name}`);
      }
      const lines = await boshd.lines();
      // It came to boshd, and was not passed on: the server did not hold it back.
      const skipped = lines.filter(({ key }) => key === 'limits.serverDepthMax');
      expect(skipped.filter(({ to }) => to === receiver.jid).length).toBeGreaterThanOrEqual(2);
      const ended = lines.filter(({ event }) => event === 'session-ended');
      expect(ended.filter(({ reason }) => reason !== 'client-terminated')).toEqual([]);
      await receiver.logOut();
      await alice.logOut();
    },
  );
});
