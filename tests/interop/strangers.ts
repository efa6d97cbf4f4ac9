import { expect } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { type RunningProgram, until } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa } from '../support/test-ca.ts';
import { NativeClient } from '../support/xmpp/native-client.ts';
import type { LogIn } from './receivers.ts';
import { type ServerName, USERS } from './servers.ts';

const domainOf = (server: ServerName): string => `strangers.${server}.example`;
const roomsOf = (server: ServerName): string => `rooms.${server}.example`;

export interface Strangers {
  readonly boshd: Boshd;
  /** Where a native client gets in, past boshd. */
  readonly ports: Readonly<Record<ServerName, number>>;
  stop(): Promise<void>;
}

/** Both servers, with rooms and an archive, and one boshd in front of them. */
export async function startStrangers(settings: Readonly<Record<string, unknown>> = {}): Promise<Strangers> {
  const ca = await createTestCa();
  const hostOf = async (server: ServerName) => {
    const domain = domainOf(server);
    return { domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS };
  };
  const extra = `Component ${JSON.stringify(roomsOf('prosody'))} "muc"\nmuc_room_locking = false\n`;
  const [prosody, ejabberd] = await Promise.all([
    startProsody({ hosts: [await hostOf('prosody')], extra, archive: true }),
    startEjabberd({ hosts: [await hostOf('ejabberd')], rooms: roomsOf('ejabberd'), archive: true }),
  ]);
  const overrides = Object.fromEntries(
    Object.entries({ [domainOf('prosody')]: prosody, [domainOf('ejabberd')]: ejabberd }).map(
      ([domain, { ports }]) => [domain, { host: '127.0.0.1', port: ports.c2s, caFile: ca.caFile }],
    ),
  );
  const boshd = await startBoshd({
    ...settings,
    upstream: { allowNetworks: ['127.0.0.0/8'], overrides },
  });
  return {
    boshd,
    ports: { prosody: prosody.ports.directTls, ejabberd: ejabberd.ports.directTls },
    stop: async () => {
      await Promise.all([boshd, prosody, ejabberd].map((program: RunningProgram) => program.stop()));
      await ca.remove();
    },
  };
}

const deep = (depth: number): string => '<d>'.repeat(depth) + '</d>'.repeat(depth);
const many = (count: number, name: string): string =>
  Array.from({ length: count }, (_, index) => ` ${name}${index}='${index}'`).join('');

/** What both servers store and let through; with a text, since archives and rooms keep nothing else. */
const STORED: readonly string[] = [
  `<x xmlns='u'>${deep(70)}</x><body>x</body>`,
  `<x xmlns='u'${many(70, 'a')}/><body>x</body>`,
  `<x xmlns='u'${many(70, 'xmlns:p')}/><body>x</body>`,
  `<x xmlns='u'><${'n'.repeat(600)}/></x><body>x</body>`,
  "<x xmlns='u' xml:foo='1'/><body>x</body>",
  `<body>${"'".repeat(245_000)}</body>`,
];
/** What is beyond boshd's own limits, as well. */
const LIVE: readonly string[] = [
  ...STORED,
  `<x xmlns='u'>${deep(210)}</x><body>x</body>`,
  `<x xmlns='u'>${deep(400)}</x><body>x</body>`,
  `<x xmlns='u'${many(17_000, 'a')}/><body>x</body>`,
];

const message = (to: string, type: string, content: string): string =>
  `<message to='${to}' type='${type}'>${content}</message>`;
const common = (to: string, type: string, text: string): string => message(to, type, `<body>${text}</body>`);

/** Bob logs in once with a client, and gets the common message behind all that ended sessions: stored, live, out of his archive, in a room. */
export async function takesAllRows(
  { boshd, ports }: Strangers,
  server: ServerName,
  name: string,
  logIn: LogIn,
): Promise<void> {
  const domain = domainOf(server);
  const bob = `bob@${domain}`;
  const alice = await NativeClient.logIn(ports[server], domain, 'alice', USERS.alice);
  const comes = (texts: () => readonly string[], text: string) =>
    until(`${text} for ${name}`, () => texts().includes(text));
  for (const content of STORED) alice.send(message(bob, 'chat', content));
  alice.send(common(bob, 'chat', `stored ${name}`));
  await alice.settle();

  const receiver = await logIn(boshd, domain, server);
  await comes(() => receiver.texts, `stored ${name}`);
  for (const content of LIVE) alice.send(message(receiver.jid, 'chat', content));
  alice.send(`<iq to='${receiver.jid}' type='get' id='deep'><x xmlns='u'>${deep(210)}</x></iq>`);
  alice.send(common(receiver.jid, 'chat', `live ${name}`));
  await comes(() => receiver.texts, `live ${name}`);

  receiver.askArchive();
  await comes(() => receiver.archived, `live ${name}`);
  expect(receiver.archived).toContain(`stored ${name}`);

  const room = `${name.replace(/\W/g, '')}@${roomsOf(server)}`.toLowerCase();
  await alice.ask(
    `<presence to='${room}/alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    '</presence>',
  );
  for (const content of STORED) alice.send(message(room, 'groupchat', content));
  receiver.join(room);
  alice.send(common(room, 'groupchat', `history of ${name}`));
  await comes(() => receiver.texts, `history of ${name}`);
  for (const content of LIVE) alice.send(message(room, 'groupchat', content));
  alice.send(common(room, 'groupchat', `room of ${name}`));
  await comes(() => receiver.texts, `room of ${name}`);

  const lines = await boshd.lines();
  // They came to boshd, and were not passed on: the server did not hold them back.
  const skipped = lines.filter(({ key, to }) => key === 'limits.serverDepthMax' && to === receiver.jid);
  expect(skipped.length).toBeGreaterThanOrEqual(2);
  const ended = lines.filter(({ event, domain: of }) => event === 'session-ended' && of === domain);
  expect(ended.filter(({ reason }) => reason !== 'client-terminated')).toEqual([]);
  await receiver.logOut();
  await alice.logOut();
}
