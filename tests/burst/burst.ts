import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningProgram, until } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { NativeClient } from '../support/xmpp/native-client.ts';

/*
 * More than tests/interop/burst.test.ts has time for: 20,000 messages as fast as the server takes them, to a client that is 100 ms
 * away, and a client that pauses for five minutes (XEP-0124 §10) in a room where twenty messages a second are said.
 */
const STANZAS = Number(process.env['BURST_STANZAS'] ?? 20_000);
const PAUSE_SECONDS = Number(process.env['BURST_PAUSE'] ?? 300);
/** A client comes back a little before its pause is over. */
const EARLY_SECONDS = 10;
const SAID_EVERY_MS = 50;
const AWAY_MS = 100;
const SLICE = 1000;
/** As long as 20,000 messages may take to arrive in all. */
const ARRIVE_MS = 300_000;
const LONG = { timeout: 900_000 };
const SERVERS = ['prosody', 'ejabberd'] as const;
type Server = (typeof SERVERS)[number];
const USERS = { alice: 'secret', bob: 'secret' };

const domainOf = (server: Server): string => `long.${server}.example`;
const roomsOf = (server: Server): string => `rooms.${domainOf(server)}`;

let ca: TestCa;
let boshd: Boshd;
let admin = '';
const programs = new Map<Server, RunningProgram & { readonly ports: { c2s: number; directTls: number } }>();

beforeAll(async () => {
  ca = await createTestCa();
  for (const server of SERVERS) {
    const domain = domainOf(server);
    const rooms = roomsOf(server);
    const hosts = [{ domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS }];
    programs.set(
      server,
      server === 'prosody'
        ? await startProsody({ hosts, extra: `Component "${rooms}" "muc"` })
        : await startEjabberd({ hosts, rooms }),
    );
  }
  const overrides = Object.fromEntries(
    [...programs].map(([server, { ports }]) => [
      domainOf(server),
      { host: '127.0.0.1', port: ports.c2s, caFile: ca.caFile },
    ]),
  );
  const port = await freePort();
  admin = `http://127.0.0.1:${port}`;
  boshd = await startBoshd({ upstream: { overrides }, admin: { listen: [`127.0.0.1:${port}`] } });
});
afterAll(async () => {
  await boshd.stop();
  for (const program of programs.values()) await program.stop();
  await ca.remove();
});

function login(server: Server, options: { idleMs?: number; away?: Promise<void> }): Promise<ChatSession> {
  const own = { domain: domainOf(server), user: 'bob', password: USERS.bob, mechanism: 'PLAIN' } as const;
  return ChatSession.login({ url: boshd.url, ...own, ...options });
}

function native(server: Server): Promise<NativeClient> {
  const port = programs.get(server)?.ports.directTls ?? 0;
  return NativeClient.logIn(port, domainOf(server), 'alice', USERS.alice);
}

interface Live {
  readonly domain: string;
  readonly queued: number;
  readonly queuedBytes: number;
}

/** What waits in boshd for the client of a server. */
async function waiting(server: Server): Promise<Live | undefined> {
  const reply = await fetch(`${admin}/sessions.json?text=${domainOf(server)}`);
  const members = (await reply.json()) as readonly { readonly sessions: readonly Live[] }[];
  return members[0]?.sessions[0];
}

/** The texts of the next messages, in order; whatever ends the session is an error. */
async function arrive(session: ChatSession, texts: readonly string[]): Promise<number> {
  const startedAt = Date.now();
  for (const text of texts) expect(await session.nextMessage(ARRIVE_MS)).toBe(text);
  return Date.now() - startedAt;
}

/**
 * From ejabberd at most 2,000 stanzas ahead of what boshd has read: it looks at an acknowledgement only behind the stanzas that it
 * already has to write, so that on busy cores it ends a native client as well (see the comparison below).
 */
test.each(SERVERS)('a burst of messages from %s to a client that is 100 ms away', LONG, async (server) => {
  const bob = await login(server, { idleMs: AWAY_MS });
  bob.send("<presence xmlns='jabber:client'/>");
  const alice = await native(server);
  const texts = Array.from({ length: STANZAS }, (_, index) => `${index} of a burst`);
  const to = `<message to='${bob.jid}' type='chat'><body>`;
  const slice = server === 'ejabberd' ? SLICE : STANZAS;
  for (let sent = 0; sent < STANZAS; sent += slice) {
    // What is between the two counts is on its way to the client, and is counted a moment later.
    await until(
      'what was sent to be read',
      async () => bob.inbox.length + ((await waiting(server))?.queued ?? 0) >= sent - slice,
    );
    alice.send(
      texts
        .slice(sent, sent + slice)
        .map((text) => `${to}${text}</body></message>`)
        .join(''),
    );
  }
  const tookMs = await arrive(bob, texts);
  console.info(`${server}: ${STANZAS} messages arrived once, in order, after ${tookMs} ms`);
  await bob.logout();
  await alice.logOut();
});

/** To compare with: on ejabberd it is ended with `Too many unacked stanzas` before all has come. */
test.each(SERVERS)(
  'the same from %s to a native client that acknowledges all at once',
  LONG,
  async (server) => {
    let count = 0;
    let isCounting = false;
    let ended = '';
    const port = programs.get(server)?.ports.directTls ?? 0;
    const bob = await NativeClient.logIn(port, domainOf(server), 'bob', USERS.bob, (text, client) => {
      if (!isCounting) return;
      count += text.split('</message>').length - 1;
      if (text.includes('<r ')) client.send(`<a xmlns='urn:xmpp:sm:3' h='${count}'/>`);
      if (text.includes('<stream:error')) ended = text.slice(text.indexOf('<stream:error'));
    });
    await bob.ask('<presence/>', '<presence');
    isCounting = true;
    await bob.ask("<enable xmlns='urn:xmpp:sm:3'/>", '<enabled');
    const alice = await native(server);
    const to = `<message to='bob@${domainOf(server)}/native' type='chat'><body>`;
    for (let index = 0; index < STANZAS; index += 1) alice.send(`${to}${index} of a burst</body></message>`);
    await until('all of it, or an end', () => count === STANZAS || ended !== '');
    console.info(`${server}: ${count} of ${STANZAS} messages came to a native client ${ended}`);
  },
);

test('a client of each server that pauses in a busy room', LONG, async () => {
  await Promise.all(SERVERS.map(pauseInRoom));
});

async function pauseInRoom(server: Server): Promise<void> {
  let comeBack = (): void => undefined;
  const away = new Promise<void>((resolve) => {
    comeBack = resolve;
  });
  const room = `busy@${roomsOf(server)}`;
  const alice = await native(server);
  await alice.ask(
    `<presence to='${room}/alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    '<subject',
  );
  await alice.ask(
    `<iq type='set' id='open' to='${room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
    'open',
  );
  const bob = await login(server, { away });
  const joined = `<presence xmlns='jabber:client' to='${room}/bob'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`;
  const inRoom = alice.ask(' ', '/bob');
  bob.send(joined);
  await inRoom;
  const paused = await bob.client.next('', { pause: PAUSE_SECONDS }).reply;
  expect([paused.status, paused.type]).toEqual([200, undefined]);

  const texts: string[] = [];
  const until300 = Date.now() + (PAUSE_SECONDS - EARLY_SECONDS) * 1000;
  while (Date.now() < until300) {
    const text = `${texts.length} in the room`;
    texts.push(text);
    alice.send(`<message to='${room}' type='groupchat'><body>${text}</body></message>`);
    await sleep(SAID_EVERY_MS);
  }
  await alice.settle();
  const most = await waiting(server);
  comeBack();
  const tookMs = await arrive(bob, texts);
  console.info(
    `${server}: ${texts.length} messages in a room while paused for ${PAUSE_SECONDS - EARLY_SECONDS} s; ${most?.queued} stanzas (${most?.queuedBytes} bytes) waited in boshd; all arrived once, in order, within ${tookMs} ms`,
  );
  alice.send(`<message to='${room}' type='groupchat'><body>afterwards</body></message>`);
  expect(await bob.nextMessage()).toBe('afterwards');
  await bob.logout();
  await alice.logOut();
}
