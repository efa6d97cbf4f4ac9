import type { LinkId, LogEvent, Reply } from '@boshd/engine/manager';
import { NS } from '@boshd/engine/wire';
import { Link, type LinkUser } from '../world/link.ts';
import type { Random } from '../world/random.ts';
import type { Actor, LinkEnd, Realm } from '../world/realm.ts';

const PAUSE_MS = 1500;
const OPEN = `<body xmlns='${NS.httpbind}'`;
const STANZA = "<message xmlns='jabber:client' to='romeo@example.org'><body>x</body></message>";
const HEADER = `<stream:stream id='r' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`;

/** What a server may say that is as bad as the client. */
const BAD_WORDS: readonly string[] = [
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  '<stream:stream>',
  `${HEADER}${HEADER}`,
  `${HEADER}<stream:features/></stream:stream>`,
  `${HEADER}<stream:features/><message from='romeo@example.org'>${'x'.repeat(20_000)}</message>`,
  `${HEADER}<message from='romeo@example.org'/>`,
  `${HEADER}<stream:features/><!-- no --><iq/>`,
  `${HEADER}<stream:features/>${"<presence from='a@b'/>".repeat(100)}`,
];

/** Breaks every rule it can think of, with a server that does the same. Its requests are answered all the same. */
export class Rogue implements Actor, LinkUser {
  readonly name: string;
  readonly #world: Realm;
  readonly #random: Random;
  readonly #untilMs: number;
  #sid: string | undefined;
  #rid = 1;
  #isReady = false;

  constructor(name: string, world: Realm, random: Random, untilMs: number) {
    this.name = name;
    this.#world = world;
    this.#random = random;
    this.#untilMs = untilMs;
    world.enter(this);
    this.#actLater();
  }

  dialled(link: LinkId): LinkEnd {
    const end = new Link(this.#world, this, link, this.#random.fork(`link${link}`), this);
    this.#world.later(this.#random.around(50), () => {
      if (this.#random.chance(0.1)) end.down('connect-refused');
      else end.up(true);
      this.#isReady = !end.isGone;
      this.#babble(end);
    });
    return end;
  }

  logged(_event: LogEvent): void {}
  requested(): void {}
  aborted(): void {}
  crashed(): void {}

  check(): void {}
  underWay(): void {}

  arrived(): void {}
  secured(): void {}
  gone(): void {}
  handedOver(): void {}

  replied(_request: number, reply: Reply | undefined): void {
    this.#sid = / sid='([0-9a-f]+)'/.exec(reply?.body ?? '')?.[1] ?? this.#sid;
  }

  #actLater(): void {
    this.#world.later(this.#random.around(PAUSE_MS), () => {
      if (this.#world.now >= this.#untilMs) return;
      for (let left = this.#random.between(1, 4); left > 0; left -= 1) this.#act();
      this.#actLater();
    });
  }

  #act(): void {
    if (this.#sid === undefined || this.#random.chance(0.05)) this.#create();
    else this.#send(this.#random.pick(this.#tricks(this.#sid)));
  }

  #create(): void {
    const random = this.#random;
    this.#rid = random.pick([0, 1, random.between(1, 2 ** 40), Number.MAX_SAFE_INTEGER]);
    const hold = random.pick(['', " hold='0'", " hold='1'", " hold='99'"]);
    const wait = random.pick(['', " wait='0'", " wait='5'", " wait='86400'"]);
    const ver = random.pick(['', " ver='1.11'", " ver='9.9'"]);
    const extra = random.pick(['', " ack='1'", " newkey='00'", STANZA]);
    const inside = extra === STANZA ? `>${STANZA.repeat(random.between(1, 500))}</body>` : `${extra}/>`;
    this.#send(`${OPEN} rid='${this.#rid}' to='example.org'${hold}${wait}${ver}${inside}`);
  }

  /** One of these, at random, is sent next; `rid` goes on only where the trick is not about it. */
  #tricks(sid: string): readonly string[] {
    const random = this.#random;
    const start = `${OPEN} sid='${sid}'`;
    const next = this.#rid + 1;
    const far = next + random.between(1, 20);
    return [
      `${start} rid='${next}'/>`,
      `${start} rid='${next}'>${STANZA.repeat(random.between(1, 300))}</body>`,
      `${start} rid='${next}' xmpp:restart='true'/>`,
      `${start} rid='${next}' pause='${random.pick([0, 10, 100_000])}'/>`,
      `${start} rid='${next}' type='terminate'/>`,
      `${start} rid='${next}' ack='${far}' key='${random.between(0, 9)}'/>`,
      `${start} rid='${next}' stream='other'>${STANZA}</body>`,
      `${start} rid='${this.#rid}'/>`,
      `${start} rid='${this.#rid}' key='1'/>`,
      `${start} rid='${far}'/>`,
      `${start} rid='${far}' type='terminate'/>`,
      `${start} rid='${Math.max(0, this.#rid - random.between(1, 20))}'/>`,
      `${start} rid='-1'/>`,
      `${start} rid='${next}'>text</body>`,
      `${start} rid='${next}'><unclosed></body>`,
      `${OPEN} sid='0000' rid='${next}'/>`,
    ];
  }

  #send(body: string): void {
    const rid = Number(/ rid='(\d+)'/.exec(body)?.[1] ?? -1);
    if (rid === this.#rid + 1) this.#rid = rid;
    const request = this.#world.newRequest();
    let isOpen = true;
    this.#world.request(request, this, body, () => {
      isOpen = false;
    });
    if (!this.#random.chance(0.2)) return;
    const sid = / sid='([^']*)'/.exec(body)?.[1];
    const type = isOpen ? 'request-aborted' : this.#random.pick(['request-aborted', 'reply-lost'] as const);
    this.#world.lost(type, request, sid, this);
  }

  #babble(link: Link): void {
    if (link.isGone || this.#world.now >= this.#untilMs) return;
    if (this.#isReady) link.write(this.#random.pick([HEADER, `${HEADER}<stream:features/>`, ...BAD_WORDS]));
    this.#isReady = false;
    this.#world.later(this.#random.around(3000), () => {
      if (this.#random.chance(0.05)) link.down('link-lost');
      else if (this.#random.chance(0.8)) link.write(STANZA.repeat(this.#random.between(1, 100)));
      this.#babble(link);
    });
  }
}
