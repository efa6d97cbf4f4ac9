import { afterEach, beforeEach, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { noMoreFilesThan, openFiles } from '../support/open-files.ts';
import { until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';
import { cpuMs, quantile, roundTrips, SlowClients, type Slowness } from './slow-clients.ts';

/** `npm run slow-clients` asks for 2,000, and prints what it saw; the suite is content with fewer. */
const SOCKETS = Number(process.env['SLOW_SOCKETS'] ?? 200);
const MESSAGES = Number(process.env['SLOW_MESSAGES'] ?? 50);
const isMeasured = process.env['SLOW_SOCKETS'] !== undefined;

const DOMAIN = 'peer.example';

let peer: XmppPeer;
let boshd: Boshd;

beforeEach(async () => {
  peer = await startXmppPeer();
  boshd = await startBoshd({
    log: { level: 'warn', format: 'json' },
    // In the suite all is cut off soon; when it is measured, the defaults are.
    ...(isMeasured ? {} : { http: { headTime: '1s', bodyTime: '1s', keepAlive: '2s', replyTime: '2s' } }),
    upstream: { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
  });
});

afterEach(async () => {
  await boshd.stop();
  await peer.close();
});

async function measured(what: string, session: ChatSession): Promise<void> {
  const [cpu, started] = [await cpuMs(boshd.pid), performance.now()];
  const times = await roundTrips(session, MESSAGES);
  const seconds = (performance.now() - started) / 1000;
  if (!isMeasured) return;
  const used = (await cpuMs(boshd.pid)) - cpu;
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)].map((ms) => ms.toFixed(2));
  const share = ((used / seconds / 1000) * 100).toFixed(0);
  const each = ((used * 1000) / MESSAGES).toFixed(0);
  console.log(`${what}: p50 ${p50} ms, p99 ${p99} ms; boshd used ${share} % of a core, ${each} us a message`);
}

test.each<[string, readonly Slowness[]]>([
  ['heads that never end', ['head']],
  ['bodies that never end', ['body']],
  ['connections on which nothing comes', ['silence']],
])(`${SOCKETS} ${'%s'} do not keep an honest client from chatting`, async (what, kinds) => {
  const session = await ChatSession.login({ url: boshd.url, domain: DOMAIN });
  await measured(`before ${what}`, session);
  const files = openFiles(boshd.pid);
  const crowd = new SlowClients(boshd.port, SOCKETS, kinds);
  try {
    await until('all of them to be connected', () => crowd.connected + crowd.cutOff >= SOCKETS);
    await measured(`during ${what}`, session);
    const late = await ChatSession.login({ url: boshd.url, domain: DOMAIN });
    await roundTrips(late, 5);
    await late.logout();
    if (!isMeasured) await until('each of them to be cut off', () => crowd.cutOff >= SOCKETS);
  } finally {
    crowd.stop();
  }
  if (!isMeasured) await noMoreFilesThan(files, boshd.pid);
  await session.logout();
});
