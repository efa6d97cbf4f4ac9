import { JSDOM } from 'jsdom';
import { $iq, $msg, Strophe } from 'strophe.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

/*
 * Stanzas as operators reported them, byte for byte but for the receiver's JID, from a scripted server, by boshd's default limits,
 * to Strophe: its parser is a browser's.
 */

const DOMAIN = 'peer.example';
/** The peer gives it to everyone. */
const USER = 'someone@peer/1';

const POISON = `<message to='${USER}' from='peer@test.example/r' id='bad' type='chat'><body>x</body><x xmlns='u'>${'<y>'.repeat(70)}${'</y>'.repeat(70)}</x></message>`;
const ITEMS = 9_000;
const ROSTER = `<iq type='result' id='ro' to='${USER}'><query xmlns='jabber:iq:roster'>${Array.from(
  { length: ITEMS },
  (_, index) =>
    `<item jid='user${String(index).padStart(6, '0')}@test.example' name='User Number ${index}' subscription='both'><group>All of the company</group></item>`,
).join('')}</query></iq>`;

let peer: XmppPeer;
let boshd: Boshd;
/** One whose limit the roster is beyond. */
let strict: Boshd;
const pages: JSDOM[] = [];
beforeAll(async () => {
  peer = await startXmppPeer({
    onMessage: () =>
      `${POISON}<message to='${USER}' from='peer@test.example/r' type='chat'><body>common</body></message>`,
    onIq: (iq) => (/\sid=['"]ro['"]/.test(iq) ? ROSTER : undefined),
  });
  const upstream = { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } };
  [boshd, strict] = await Promise.all([
    startBoshd({ upstream }),
    startBoshd({ upstream, limits: { serverStanzaBytesMax: '512KiB' } }),
  ]);
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
});
afterAll(async () => {
  for (const { window } of pages) window.close();
  await Promise.all([boshd, strict].map((each) => each.stop()));
  await peer.close();
});

/** What it received, as elements, and how it ends its session. */
interface User {
  readonly connection: InstanceType<typeof Strophe.Connection>;
  readonly stanzas: readonly Element[];
  logOut(): Promise<void>;
}

async function logIn(service: string, origin: string): Promise<User> {
  const dom = new JSDOM('', { url: origin });
  pages.push(dom);
  Object.assign(globalThis, { XMLHttpRequest: dom.window.XMLHttpRequest });
  const connection = new Strophe.Connection(service);
  const stanzas: Element[] = [];
  const statuses: number[] = [];
  connection.connect(`someone@${DOMAIN}`, 'secret', (status: number) => void statuses.push(status));
  await until('Strophe', () => statuses.includes(Strophe.Status.CONNECTED));
  connection.addHandler((stanza: Element) => stanzas.push(stanza) > 0, null, null);
  return {
    connection,
    stanzas,
    logOut: async () => {
      connection.disconnect('bye');
      await until('its end', () => statuses.includes(Strophe.Status.DISCONNECTED));
    },
  };
}

const TRANSPORTS: readonly (readonly [name: string, service: (of: Boshd) => string])[] = [
  ['BOSH', ({ url }) => url],
  ['WebSocket', ({ port }) => `ws://127.0.0.1:${port}/xmpp-websocket`],
];
const bodyOf = (stanza: Element): string => stanza.getElementsByTagName('body')[0]?.textContent ?? '';
const answerIn = ({ stanzas }: User): Element | undefined =>
  stanzas.find((stanza) => stanza.getAttribute('id') === 'ro');
const askRoster = ({ connection }: User): void =>
  connection.send($iq({ type: 'get', id: 'ro' }).c('query', { xmlns: 'jabber:iq:roster' }));
const say = ({ connection }: User): void =>
  connection.send($msg({ to: 'peer@test.example/r', type: 'chat' }).c('body').t('go on'));

describe.each(TRANSPORTS)('over %s', (_name, service) => {
  test('a message of 70 nested elements arrives, and the common one behind it', async () => {
    const user = await logIn(service(boshd), boshd.origin);
    say(user);
    await until('the common one', () => user.stanzas.map(bodyOf).includes('common'));
    expect(user.stanzas.map(bodyOf)).toEqual(['x', 'common']);
    expect(user.stanzas[0]?.getElementsByTagName('y').length).toBe(70);
    await user.logOut();
  });

  test('a roster of 9,000 entries arrives', async () => {
    const user = await logIn(service(boshd), boshd.origin);
    askRoster(user);
    await until('the roster', () => answerIn(user) !== undefined);
    const query = answerIn(user)?.getElementsByTagName('query')[0];
    // Item by item takes jsdom seconds.
    expect(query?.getElementsByTagName('item').length).toBe(ITEMS);
    expect(query?.textContent).toBe('All of the company'.repeat(ITEMS));
    await user.logOut();
  });

  test('beyond a limit its client hears an error, the log names the key, and the session goes on', async () => {
    const user = await logIn(service(strict), strict.origin);
    askRoster(user);
    await until('the error', () => answerIn(user) !== undefined);
    expect(answerIn(user)?.getAttribute('type')).toBe('error');
    expect(answerIn(user)?.getElementsByTagName('policy-violation').length).toBe(1);
    await strict.line({ event: 'stanza-skipped', key: 'limits.serverStanzaBytesMax' });
    say(user);
    await until('the common one', () => user.stanzas.map(bodyOf).includes('common'));
    await user.logOut();
  });
});

test('no session ended but by its user', async () => {
  for (const each of [boshd, strict]) {
    const ended = (await each.lines()).filter(({ event }) => event === 'session-ended');
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.filter(({ reason }) => reason !== 'client-terminated')).toEqual([]);
  }
});
