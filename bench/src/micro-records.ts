/**
 * What the records of sessions cost the engine: `node bench/dist/micro-records.js` after a build. Bytes of the records of a session that
 * is idle, and of one that chats; and the time of an echo (a message, the server's answer, the next poll) with records over that
 * without, taken in turns in one process, since the ratio says more than the time.
 */
import { type Instant, instantOf } from '@boshd/engine/kit';
import { ConnectionManager, type Input, type LinkId, type Output } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, NS, readRequest } from '@boshd/engine/wire';
import { nodeToolbox } from 'boshd/toolbox';
import { plainConfig } from './micro-config.ts';

const ROUNDS = 60;
const ECHOES = 1000;
const RID = 1_573_741_820;
const TEXT = 'Wherefore art thou, Romeo? Deny thy father and refuse thy name; or, if not, be but sworn';
const HEADER = `<?xml version='1.0'?><stream:stream id='s' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`;

const toolbox = nodeToolbox();
const CONFIG = plainConfig({
  bytesPerSessionPerSecond: 0,
  payloadsPerSessionPerSecond: 0,
  bytesPerAddressPerSecond: 0,
  payloadsPerAddressPerSecond: 0,
});

/** One session that is logged in, and its server. */
class Chat {
  readonly #manager: ConnectionManager;
  #link: LinkId = 0;
  #now = 0;
  #rid = RID;
  #request = 0;
  #sid = '';
  #isAsked = false;
  #sent = 0;
  /** Bytes of the records since it was looked at, and their number. */
  bytes = 0;
  records = 0;

  constructor(isRecorded: boolean) {
    const vault = { seal: <Bytes>(plain: Bytes) => plain, open: <Bytes>(sealed: Bytes) => sealed };
    const survival = isRecorded ? { firstLink: 1, vault } : undefined;
    this.#manager = new ConnectionManager({ ...CONFIG, survival }, toolbox);
    this.#logIn();
  }

  /** A message of the client, the server's answer, the next poll. */
  echo(): void {
    this.#sent += 1;
    this.#ask(
      `<message to='romeo@example.org' type='chat' id='a' xmlns='jabber:client'><body>${TEXT}</body></message>`,
    );
    this.#say(
      `<message from='romeo@example.org/x' to='juliet@example.org/y' type='chat' id='a'><body>${TEXT}</body></message>`,
    );
    this.#ask('');
  }

  /** Polls that nothing comes for. */
  poll(): void {
    for (let left = 60; left > 0; left -= 1) {
      this.#now += 1000;
      this.#take(this.#manager.advance(this.#instant));
      this.#say(' ');
    }
    this.#ask('');
  }

  #logIn(): void {
    this.#ask(
      '',
      "to='example.org' wait='60' hold='1' ver='1.6' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'",
    );
    this.#submit({ type: 'link-up', link: this.#link, secure: true, remote: '192.0.2.9:5222' });
    this.#say(
      `${HEADER}<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    );
    this.#ask(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth>`);
    this.#say(`<success xmlns='${NS.sasl}'/>`);
    this.#ask('', "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'");
    this.#say(
      `${HEADER}<stream:features><bind xmlns='${NS.bind}'/><sm xmlns='${NS.streamManagement}'/></stream:features>`,
    );
    this.#ask(`<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='${NS.bind}'/></iq>`);
    this.#say(
      `<iq type='result' id='b'><bind xmlns='${NS.bind}'><jid>juliet@example.org/y</jid></bind></iq>`,
    );
    this.#say(`<enabled xmlns='${NS.streamManagement}'/>`);
    this.#ask('');
  }

  get #instant(): Instant {
    return instantOf(this.#now);
  }

  #ask(content: string, attributes = `sid='${this.#sid}'`): void {
    this.#now += 3;
    const sid = this.#sid === '' ? '' : ` sid='${this.#sid}'`;
    const more = attributes.startsWith('sid=') ? '' : ` ${attributes}`;
    const text = `<body rid='${this.#rid}' xmlns='http://jabber.org/protocol/httpbind'${sid}${more}>${content}</body>`;
    this.#rid += 1;
    this.#request += 1;
    const body = readRequest(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
    if (!body.ok) throw new Error(body.fault.detail);
    const from = { site: 'default', secure: true, address: '192.0.2.1' };
    this.#submit({ type: 'request', request: this.#request, ...from, body: body.value });
  }

  #say(text: string): void {
    this.#submit({ type: 'link-data', link: this.#link, bytes: Buffer.from(text) });
  }

  #submit(input: Input): void {
    this.#now += 1;
    this.#take(this.#manager.handle(input, this.#instant));
    if (!this.#isAsked) return;
    this.#isAsked = false;
    this.#say(`<a xmlns='${NS.streamManagement}' h='${this.#sent}'/>`);
  }

  #take(outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.type === 'dial') this.#link = output.link;
      else if (output.type === 'send' && output.bytes.includes('<r xmlns')) this.#isAsked = true;
      else if (output.type === 'respond') this.#sid ||= / sid='([^']*)'/.exec(output.reply.body)?.[1] ?? '';
      else if (output.type === 'log' && output.event.event === 'session-ended')
        throw new Error(`${output.event.reason} ${output.event.detail}`);
      else if (output.type === 'keep') {
        this.bytes += output.record.length;
        this.records += 1;
      }
    }
  }
}

function sizeOf(chat: Chat, act: () => void): string {
  chat.bytes = 0;
  chat.records = 0;
  for (let left = 20; left > 0; left -= 1) act();
  return `${Math.round(chat.bytes / chat.records)} B a record, ${chat.records / 20} records`;
}

function timeOf(chat: Chat): number {
  const since = performance.now();
  for (let left = ECHOES; left > 0; left -= 1) chat.echo();
  return ((performance.now() - since) * 1000) / ECHOES;
}

const recorded = new Chat(true);
console.log(`an echo   ${sizeOf(recorded, () => recorded.echo())}`);
console.log(`a poll    ${sizeOf(recorded, () => recorded.poll())}`);

const plain = new Chat(false);
const times: { plain: number; recorded: number }[] = [];
for (let round = 0; round < ROUNDS; round += 1)
  times.push({ plain: timeOf(plain), recorded: timeOf(recorded) });
const best = (of: 'plain' | 'recorded'): number => Math.min(...times.map((each) => each[of]));
const ratio = best('recorded') / best('plain');
console.log(
  `an echo   ${best('plain').toFixed(1)} us without records, ${best('recorded').toFixed(1)} us with: ${ratio.toFixed(2)} times`,
);
