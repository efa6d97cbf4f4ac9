import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finch, startFinch } from '../support/finch.ts';
import { until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { domainOf, type Servers, startServers, USERS } from './servers.ts';

const DOMAIN = domainOf('prosody', 'override-starttls');
const BOB = `bob@${DOMAIN}/finch`;

let servers: Servers;
let alice: ChatSession;
beforeAll(async () => {
  servers = await startServers(['prosody']);
  alice = await ChatSession.login({
    url: servers.boshd.url,
    domain: DOMAIN,
    user: 'alice',
    password: USERS.alice,
    mechanism: 'PLAIN',
  });
});
afterAll(async () => {
  await alice.logout();
  await servers.stop();
});

/** A finch of Bob's that has received a first message, with the window of the conversation in front. */
async function chattingFinch(url: string): Promise<Finch> {
  const finch = await startFinch({ url, jid: `bob@${DOMAIN}`, password: USERS.bob });
  await until('finch is logged in', async () => {
    const asked = `<iq xmlns='jabber:client' type='get' id='there' to='${BOB}'><query xmlns='jabber:iq:version'/></iq>`;
    alice.send(asked);
    const answer = await alice.next('an answer', ({ attributes }) => attributes.get('id') === 'there');
    return answer.attributes.get('type') === 'result';
  });
  // What comes before finch has its roster opens no window; and that of the buddies is in front until another is asked for.
  await until('the window of the conversation is in front', async () => {
    alice.message(BOB, 'there?');
    await finch.press('M-n');
    await sleep(1000);
    return (await finch.screen()).includes('there?');
  });
  return finch;
}

const logins = async (): Promise<number> =>
  (await servers.boshd.lines()).filter(({ event }) => event === 'logged-in').length;

test('finch logs in, chats both ways, logs out', async () => {
  const finch = await chattingFinch(servers.boshd.url);
  try {
    alice.message(BOB, 'grüße&<so>on');
    await finch.shows('grüße&<so>on');
    // Words, since its window breaks lines between them; so few that none scrolls away.
    const lines = ['one', 'two', 'three', 'four', 'five'].map((word) => `line-${word}`);
    for (const line of lines) alice.message(BOB, line);
    for (const line of lines) await finch.shows(line);
    for (const line of lines) {
      await finch.type(`${line}-too`);
      await finch.press('Enter');
    }
    for (const line of lines) expect(await alice.nextMessage()).toBe(`${line}-too`);
    await finch.press('M-q');
    await servers.boshd.line({ event: 'session-ended', reason: 'client-terminated' });
  } finally {
    await finch.stop();
  }
});

/** Elements around each other, `depth` of them with the <body/> of the reply and the message. */
function nested(depth: number): string {
  const inside = depth - 2;
  return `<message xmlns='jabber:client' type='chat' from='alice@${DOMAIN}/deep'><body>${depth}</body>${"<x xmlns='urn:x'>".repeat(inside)}${'</x>'.repeat(inside)}</message>`;
}

test('finch reads replies that are 257 elements deep, and loses a reply that is deeper', async () => {
  let added = '';
  let changes = 0;
  // Between finch and boshd, so that no limit of boshd or Prosody counts.
  const proxy = createServer(async (request, response) => {
    const body = await text(request);
    const reply = await (await fetch(servers.boshd.url, { method: 'POST', body })).text();
    const isFor = reply.includes('-deep?');
    const changed = isFor ? reply.replace(/<\/body>$/, `${added}</body>`) : reply;
    if (isFor) changes += 1;
    response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(changed) });
    response.end(changed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const finch = await chattingFinch(`http://127.0.0.1:${port}/http-bind`);
  try {
    const before = await logins();
    added = nested(257);
    alice.message(BOB, '257-deep?');
    await finch.shows('257-deep?');
    added = nested(258);
    alice.message(BOB, '258-deep?');
    await until('finch was sent it', () => changes === 2);
    alice.message(BOB, 'and-now?');
    await finch.shows('and-now?');
    expect(await finch.screen()).not.toContain('258-deep?');
    expect(await logins()).toBe(before);
  } finally {
    await finch.stop();
    proxy.closeAllConnections();
    proxy.close();
  }
});
