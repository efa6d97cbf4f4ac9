/**
 * What a log-in costs the engine alone: `node bench/dist/micro-login.js` after a build. Create, SASL PLAIN, restart, bind, terminate, one
 * after the other at one manager; processor time of the process, the best and the median of its rounds.
 */
import { type Instant, instantOf } from '@boshd/engine/kit';
import { ConnectionManager, type Input, type LinkId, type Output } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, NS, readRequest } from '@boshd/engine/wire';
import { nodeToolbox } from 'boshd/toolbox';
import { plainConfig } from './micro-config.ts';

const ROUNDS = 15;
const LOG_INS = 2000;
/** Longer than ended sessions are remembered. */
const BETWEEN_MS = 200_000;

const XBOSH = "xmlns:xmpp='urn:xmpp:xbosh'";
const HEADER = `<?xml version='1.0'?><stream:stream id='s' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`;
const MECHANISMS = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms>`;
const SAID = {
  offer: Buffer.from(`${HEADER}<stream:features>${MECHANISMS}</stream:features>`),
  success: Buffer.from(`<success xmlns='${NS.sasl}'/>`),
  bind: Buffer.from(`${HEADER}<stream:features><bind xmlns='${NS.bind}'/></stream:features>`),
  bound: Buffer.from(
    `<iq type='result' id='b'><bind xmlns='${NS.bind}'><jid>juliet@example.org/y</jid></bind></iq>`,
  ),
};

const toolbox = nodeToolbox();
const manager = new ConnectionManager(
  plainConfig({ sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 }),
  toolbox,
);
let steps = 0;
let restedMs = 0;
let link: LinkId = 0;
let sid = '';
let logIns = 0;

const now = (): Instant => instantOf(Math.trunc(steps / 100) + restedMs);

function submit(input: Input): void {
  steps += 1;
  take(manager.handle(input, now()));
}

function take(outputs: readonly Output[]): void {
  for (const output of outputs) {
    if (output.type === 'dial') link = output.link;
    else if (output.type === 'respond') sid ||= / sid='([^']*)'/.exec(output.reply.body)?.[1] ?? '';
    else if (output.type === 'log' && output.event.event === 'logged-in') logIns += 1;
  }
}

function ask(rid: number, attributes: string, content = ''): void {
  const text = `<body rid='${rid}' xmlns='${NS.httpbind}'${attributes}>${content}</body>`;
  const body = readRequest(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
  if (!body.ok) throw new Error(body.fault.detail);
  const from = { site: 'default', secure: true, address: '192.0.2.1' };
  submit({ type: 'request', request: steps + 1, ...from, body: body.value });
}

const say = (bytes: Buffer): void => submit({ type: 'link-data', link, bytes });

function logIn(): void {
  sid = '';
  ask(1, ` to='example.org' wait='60' hold='1' ver='1.6' xml:lang='en' xmpp:version='1.0' ${XBOSH}`);
  submit({ type: 'link-up', link, secure: true, remote: '192.0.2.9:5222' });
  say(SAID.offer);
  const of = ` sid='${sid}'`;
  ask(2, of, `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth>`);
  say(SAID.success);
  ask(3, `${of} to='example.org' xmpp:restart='true' ${XBOSH}`);
  say(SAID.bind);
  ask(4, of, `<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='${NS.bind}'/></iq>`);
  say(SAID.bound);
  ask(5, `${of} type='terminate'`, "<presence type='unavailable' xmlns='jabber:client'/>");
}

const rounds = Array.from({ length: ROUNDS }, () => {
  const before = process.cpuUsage();
  for (let left = LOG_INS; left > 0; left -= 1) logIn();
  const { user, system } = process.cpuUsage(before);
  restedMs += BETWEEN_MS;
  take(manager.advance(now()));
  return (user + system) / LOG_INS;
}).sort((one, other) => one - other);
if (logIns !== ROUNDS * LOG_INS) throw new Error(`${logIns} log-ins`);
console.log(`a log-in  ${rounds[0]?.toFixed(1)} us, median ${rounds[ROUNDS >> 1]?.toFixed(1)} us`);
