import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { noMoreFilesThan, openFiles } from '../support/open-files.ts';
import { until } from '../support/program.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';
import { PLAIN_FEATURES, streamRoot } from '../support/xmpp/server-texts.ts';

/** Of the JavaScript heap: a process with so much died of seven sessions of the first of these servers. */
const HEAP_MIB = 512;
/** Heap, stacks, code, buffers of sockets. */
const RESIDENT_MIB_MAX = HEAP_MIB + 256;
const SESSIONS = 12;
const ROUNDS = 2;

const BIND = "<iq type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('');
const message = (bytes: number): string => `<message><body>${'x'.repeat(bytes)}</body></message>`;
const client = [...'jabber:client'].map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join('');

/** What a server says first, and then again and again as long as it is read. */
const ATTACKS: readonly (readonly [what: string, first: string, again: string])[] = [
  [
    'a root that declares 7,800 bytes',
    streamRoot(` xmlns:p='${'x'.repeat(7800)}'`) + PLAIN_FEATURES,
    '<p:a/>'.repeat(10_000),
  ],
  [
    'a prefix of 900 bytes in use',
    streamRoot(` xmlns:p='${'x'.repeat(900)}'`) + PLAIN_FEATURES + BIND,
    '<p:a/>'.repeat(10_000),
  ],
  [
    'many prefixes in use',
    streamRoot(many(30, (index) => ` xmlns:p${index}='urn:${index}'`)) + PLAIN_FEATURES + BIND,
    `<a${many(30, (index) => ` p${index}:b=''`)}/>`.repeat(300),
  ],
  [
    'a default namespace that is written long',
    streamRoot('').replace("'jabber:client'", `'${client}'`) + PLAIN_FEATURES + BIND,
    '<a/>'.repeat(15_000),
  ],
  [
    'a language of 8 KB',
    streamRoot(` xml:lang='${'x'.repeat(7000)}'`) + PLAIN_FEATURES,
    '<a/>'.repeat(15_000),
  ],
  ['features, again and again', streamRoot('') + PLAIN_FEATURES, PLAIN_FEATURES.repeat(400)],
  [
    'features before and behind a log-in',
    streamRoot(` xmlns:p='${'x'.repeat(900)}'`) + PLAIN_FEATURES + BIND,
    PLAIN_FEATURES.repeat(400),
  ],
  [
    'results that might be a log-in',
    streamRoot('') + PLAIN_FEATURES,
    "<iq type='result'><a/></iq>".repeat(2000),
  ],
  ['long stanzas', streamRoot('') + PLAIN_FEATURES + BIND, message(900_000)],
  ['a stanza without an end', streamRoot('') + PLAIN_FEATURES + BIND, '<message><body>'.padEnd(60_000, 'x')],
];

let boshd: Boshd | undefined;
let server: LoopbackServer | undefined;

afterEach(async () => {
  await boshd?.stop();
  await server?.close();
});

async function attackedBy(first: string, again: string): Promise<void> {
  server = await listen((socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(again));
    };
    socket.on('drain', more).write(first, more);
  });
  boshd = await startBoshd(
    {
      upstream: {
        overrides: { 'h.example': { host: '127.0.0.1', port: server.port, tls: 'insecure-none' } },
      },
      // Less than these sessions could hold, and what is fetched by nobody ends soon.
      limits: { memoryBytesMax: '64MiB' },
      session: { queueFull: '2s', inactivity: '5s' },
    },
    undefined,
    { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
  );
}

async function ask(attributes: string): Promise<string> {
  const body = `<body ${attributes} xmlns='http://jabber.org/protocol/httpbind'/>`;
  return await new Promise((resolve, reject) => {
    // Each on a connection of its own, which is closed behind the reply.
    const sent = request(boshd?.url ?? '', { method: 'POST', agent: false }, (reply) =>
      text(reply).then(resolve, reject),
    );
    sent.on('error', reject).end(body);
  });
}

/** A session that fetches a few replies and then lets everything lie. */
async function session(): Promise<string> {
  const created = await ask("rid='1' to='h.example' wait='5' hold='1' ver='1.6'");
  const sid = /sid='([^']*)'/.exec(created)?.[1];
  let last = created;
  for (let rid = 2; sid !== undefined && rid < 2 + ROUNDS && !last.includes("'terminate'"); rid += 1)
    last = await ask(`rid='${rid}' sid='${sid}'`);
  return last;
}

async function residentMib(pid: number): Promise<number> {
  const [, kib = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

test.each(ATTACKS)(`${SESSIONS} sessions of a server that sends %s`, async (_what, first, again) => {
  await attackedBy(first, again);
  const files = openFiles(boshd?.pid);
  const replies = await Promise.all(Array.from({ length: SESSIONS }, session));
  for (const reply of replies) expect(reply.length).toBeLessThan(1024 * 1024 * 1.2);
  expect(boshd?.isRunning()).toBe(true);
  expect(await residentMib(boshd?.pid ?? 0)).toBeLessThan(RESIDENT_MIB_MAX);
  // When they are over, a session can be had again.
  await until('a session that is not refused for want of memory', async () => {
    const reply = await ask("rid='1' to='h.example' wait='1' hold='1' ver='1.6'");
    return !reply.includes("condition='policy-violation'") || reply.includes('sid=');
  });
  for (const socket of server?.sockets ?? []) socket.destroy();
  await noMoreFilesThan(files, boshd?.pid);
});
