import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { errorsOf, showUp, whatWaits } from '../support/xmpp/what-waits.ts';

/* boshd in front of the demo server, as `boshd demo` has it, and the connection between them breaks. */

const CUTS = 5;
const EACH = 40;

let server: DemoServer;
let relay: Relay;
let boshd: Boshd;
beforeAll(async () => {
  server = await startDemoServer();
  relay = await startRelay(server.port);
  boshd = await startBoshd({
    session: { inactivity: '5s' },
    upstream: {
      overrides: { [server.domain]: { host: '127.0.0.1', port: relay.port, tls: 'insecure-none' } },
    },
  });
});
afterAll(async () => {
  await boshd.stop();
  await relay.close();
  await server.close();
});

function logIn(user?: string): Promise<ChatSession> {
  const account = user === undefined ? {} : { user, password: 'demo' };
  return ChatSession.login({ url: boshd.url, domain: server.domain, ...account });
}

async function count(event: string): Promise<number> {
  return (await boshd.lines()).filter((line) => line['event'] === event).length;
}

it('a guest and an account chat on over cut connections, and nothing is lost or doubled', async () => {
  const [romeo, guest] = [await logIn('romeo'), await logIn()];
  await Promise.all([showUp(romeo), showUp(guest)]);
  const texts = (name: string) => Array.from({ length: CUTS * EACH }, (_, index) => `${name} ${index}`);
  const [fromRomeo, fromGuest] = [texts('romeo'), texts('guest')];
  for (let cuts = 0; cuts < CUTS; cuts++) {
    for (let at = cuts * EACH; at < (cuts + 1) * EACH; at++) {
      romeo.message(guest.jid, `romeo ${at}`, `romeo ${at}`);
      guest.message(romeo.jid, `guest ${at}`, `guest ${at}`);
      // Some of them are under way, and some are not sent yet.
      if (at === cuts * EACH + EACH / 2) expect(relay.cut()).toBe(2);
    }
    await until('both streams to go on', async () => (await count('stream-resumed')) >= 2 * (cuts + 1));
  }
  const [toGuest, toRomeo]: [string[], string[]] = [[], []];
  while (toGuest.length < fromRomeo.length) toGuest.push(await guest.nextMessage());
  while (toRomeo.length < fromGuest.length) toRomeo.push(await romeo.nextMessage());
  expect([toGuest, toRomeo]).toEqual([fromRomeo, fromGuest]);
  expect([...errorsOf(romeo), ...errorsOf(guest)]).toEqual([]);
  expect(await count('session-ended')).toBe(0);
  await romeo.logout();
  const again = await logIn('romeo');
  expect(await whatWaits(again, guest)).toEqual([]);
  await Promise.all([again.logout(), guest.logout()]);
});

it('a browser that vanishes has its messages stored for the account', async () => {
  const [romeo, guest] = [await logIn('romeo'), await logIn()];
  await Promise.all([showUp(romeo), showUp(guest)]);
  romeo.vanish();
  const before = await count('session-ended');
  for (let at = 0; at < 10; at++) guest.message(romeo.jid, `late ${at}`, `late ${at}`);
  await until('the session to end', async () => (await count('session-ended')) > before);
  const again = await logIn('romeo');
  expect(await whatWaits(again, guest)).toEqual(Array.from({ length: 10 }, (_, at) => `late ${at}`));
  expect(errorsOf(guest)).toEqual([]);
  await Promise.all([again.logout(), guest.logout()]);
});
