import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../support/cluster.ts';
import { startEjabberd } from '../../support/ejabberd.ts';
import { startProsody } from '../../support/prosody.ts';
import { createTestCa } from '../../support/test-ca.ts';
import { ChatSession } from '../../support/xmpp/chat-session.ts';

/**
 * What becomes of messages to people whose member is killed, counted where they arrive: at the recipient, in the session that
 * died or in the next one, or back at the sender as an error. Over real XMPP servers.
 */
const DOMAIN = 'failover.example';
/** Half of them are written to, by the others. */
const PEOPLE = 24;
const VICTIM = 1;
const EVERY_MS = 100;
const BEFORE_MS = 2000;
const AFTER_MS = 3000;
/** Of hibernating streams; Prosody's own default is ten minutes. */
const HIBERNATION_SECONDS = 30;
const LATE_MS = 10_000;
const JITTER_MS = 250;
const TABLE = process.env['FAILOVER_TABLE'];

const SERVERS = {
  'Prosody 0.12, no SASL2': { fast: false, resumption: true, server: 'prosody' },
  'Prosody 0.12 with SASL2 and FAST': { fast: true, resumption: true, server: 'prosody' },
  'Prosody 0.12 with SASL2 and FAST, stream.resumption off': {
    fast: true,
    resumption: false,
    server: 'prosody',
  },
  'ejabberd 23.01': { fast: false, resumption: true, server: 'ejabberd' },
} as const;
type Addressing = 'full' | 'bare';
type Phase = 'before the kill' | 'until the new log-in' | 'from then on';

interface Message {
  readonly phase: Phase;
  readonly addressing: Addressing;
  readonly text: string;
}

/** One who is written to, on the member that dies. */
class Recipient {
  readonly sessions: ChatSession[];
  readonly addressing: Addressing;
  readonly sent: Message[] = [];
  readonly #login: () => Promise<ChatSession>;
  phase: Phase = 'before the kill';
  backMs = 0;

  constructor(session: ChatSession, addressing: Addressing, login: () => Promise<ChatSession>) {
    this.sessions = [session];
    this.addressing = addressing;
    this.#login = login;
  }

  /** The full JID is that of the newest session: senders learn it by presence. */
  get to(): string {
    const jid = this.sessions.at(-1)?.jid ?? '';
    return this.addressing === 'full' ? jid : (jid.split('/')[0] ?? '');
  }

  get heard(): readonly string[] {
    return this.sessions.flatMap(({ inbox }) =>
      inbox.flatMap(({ name, attributes }) =>
        name === 'message' && attributes.get('type') !== 'error' ? [attributes.get('id') ?? ''] : [],
      ),
    );
  }

  async comeBack(killedAt: number): Promise<void> {
    await this.sessions[0]?.ended.catch(() => undefined);
    await sleep(Math.random() * JITTER_MS);
    this.sessions.push(await this.#login());
    this.phase = 'from then on';
    this.backMs = Date.now() - killedAt;
  }
}

async function startServer(name: keyof typeof SERVERS) {
  const ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  const users = Object.fromEntries(Array.from({ length: PEOPLE }, (_, index) => [`u${index}`, 'secret']));
  const hosts = [{ domain: DOMAIN, certificate, users }];
  const { fast, server } = SERVERS[name];
  const program =
    server === 'prosody'
      ? await startProsody({ hosts, fast, extra: `smacks_hibernation_time = ${HIBERNATION_SECONDS}` })
      : await startEjabberd({ hosts });
  return {
    override: { host: '127.0.0.1', port: program.ports.c2s, caFile: ca.caFile },
    mechanism: server === 'prosody' ? ('SCRAM-SHA-1' as const) : ('SCRAM-SHA-256' as const),
    stop: async () => {
      await program.stop();
      await ca.remove();
    },
  };
}

test.each(Object.keys(SERVERS) as (keyof typeof SERVERS)[])('%s', { timeout: 600_000 }, async (name) => {
  const server = await startServer(name);
  const cluster = await startCluster(2, {
    domains: { default: DOMAIN },
    stream: { resumption: SERVERS[name].resumption },
    upstream: { overrides: { [DOMAIN]: server.override } },
  });
  try {
    const login = async (index: number): Promise<ChatSession> => {
      const session = await ChatSession.login({
        url: cluster.balancer.url,
        domain: DOMAIN,
        user: `u${index}`,
        password: 'secret',
        mechanism: server.mechanism,
        wait: 20,
        repeats: true,
      });
      session.send("<presence xmlns='jabber:client'/>");
      return session;
    };
    await run(name, cluster, login);
  } finally {
    await cluster.stop();
    await server.stop();
  }
});

async function run(
  name: string,
  cluster: Cluster,
  login: (index: number) => Promise<ChatSession>,
): Promise<void> {
  const { balancer } = cluster;
  const pairs: Pair[] = [];
  for (let index = 0; index < PEOPLE; index += 2) {
    balancer.choose(() => VICTIM);
    const session = await login(index);
    balancer.choose(() => 0);
    const sender = await login(index + 1);
    expect([await cluster.ownerOf(session), await cluster.ownerOf(sender)]).toEqual([VICTIM, 0]);
    const addressing = index % 4 === 0 ? 'full' : 'bare';
    pairs.push({ recipient: new Recipient(session, addressing, () => login(index)), sender });
  }
  balancer.choose((count, among) => count % among);
  let isSending = true;
  const talking = pairs.map(({ recipient, sender }) => talk(sender, recipient, () => isSending));
  await sleep(BEFORE_MS);
  const killedAt = Date.now();
  for (const { recipient } of pairs) recipient.phase = 'until the new log-in';
  await cluster.members[VICTIM]?.end('SIGKILL');
  await Promise.all(pairs.map(({ recipient }) => recipient.comeBack(killedAt)));
  await sleep(AFTER_MS);
  isSending = false;
  await Promise.all(talking);
  const early = tally(pairs);
  await sleep(HIBERNATION_SECONDS * 1000 + LATE_MS);
  await report(name, pairs, early);
  // Whatever was sent has arrived, or its sender knows that it has not.
  expect([...tally(pairs).values()].map(({ neither }) => neither)).toEqual([...tally(pairs)].map(() => 0));
}

async function talk(sender: ChatSession, recipient: Recipient, isGoingOn: () => boolean): Promise<void> {
  while (isGoingOn()) {
    const { phase, addressing, to, sent } = recipient;
    const text = `${to}-${sent.length}`;
    sent.push({ phase, addressing, text });
    sender.message(to, text, text);
    await sleep(EVERY_MS);
  }
}

type Pair = { readonly recipient: Recipient; readonly sender: ChatSession };
interface Fate {
  sent: number;
  once: number;
  twice: number;
  bounced: number;
  both: number;
  neither: number;
}

/** What became of the messages, by when they were sent and how they were addressed. */
function tally(pairs: readonly Pair[]): ReadonlyMap<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const { recipient, sender } of pairs) {
    const heard = recipient.heard;
    const returned = new Set(
      sender.inbox.flatMap(({ attributes }) =>
        attributes.get('type') === 'error' ? [attributes.get('id') ?? ''] : [],
      ),
    );
    for (const { phase, addressing, text } of recipient.sent) {
      const key = `${addressing} | ${phase}`;
      const fate = fates.get(key) ?? { sent: 0, once: 0, twice: 0, bounced: 0, both: 0, neither: 0 };
      fates.set(key, fate);
      const times = heard.filter((each) => each === text).length;
      fate.sent += 1;
      if (times === 1) fate.once += 1;
      if (times > 1) fate.twice += 1;
      if (returned.has(text)) fate[times > 0 ? 'both' : 'bounced'] += 1;
      if (times === 0 && !returned.has(text)) fate.neither += 1;
    }
  }
  return fates;
}

async function report(name: string, pairs: readonly Pair[], early: ReadonlyMap<string, Fate>): Promise<void> {
  const backMs = pairs.map(({ recipient }) => recipient.backMs).sort((a, b) => a - b);
  const back = `${backMs[0]} to ${backMs.at(-1)}`;
  const rows = [...tally(pairs)].map(([key, { sent, once, twice, bounced, both, neither }]) => {
    const hung = early.get(key)?.neither ?? 0;
    return `| ${[name, key, sent, once, twice, hung, bounced, both, neither, back].join(' | ')} |\n`;
  });
  if (TABLE === undefined) console.info(rows.join(''));
  else await appendFile(`${TABLE}-recipients`, rows.join(''));
}
