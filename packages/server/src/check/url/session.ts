import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteString, Toolbox } from '@boshd/engine/kit';
import { attribute, decodeReply, NS, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { nodeToolbox } from '../../toolbox.ts';
import type { Around } from './around.ts';
import { type Answer, header, type NoAnswer } from './exchange.ts';
import type { UrlReport } from './url-report.ts';

/** What a large stanza makes of a request; below what boshd takes before a log-in (64 KiB). */
const LARGE_BODY_BYTES = 48 * 1024;
/** Time for a request to be held before the next is sent: a round trip to the other end of the world, and some. */
const SETTLE_MS = 700;
/** A reply that was set free is here within a round trip; this is ten of them. */
const LATE_MS = 3000;
/** Beyond the wait that was granted: what a slow network adds. */
const PATIENCE_MS = 8000;
/** XEP-0124 §14.1: a rid leaves room for all that follow. */
const FIRST_RID_MAX = 1 << 30;

interface SessionWishes {
  readonly domain: string;
  readonly waitSeconds: number;
  /** Called when something takes its time. */
  readonly progress: (text: string) => void;
}

const UNKNOWN: UrlReport['wait'] = { granted: undefined, held: undefined, advised: undefined };

/** Creates a session, and holds polls in it, as a client does, as far as it gets without an account. */
export async function checkSession(around: Around, wishes: SessionWishes): Promise<UrlReport['wait']> {
  const talk = new Talk(around);
  const created = await talk.create(wishes);
  if (created === undefined) return UNKNOWN;
  const poll = await twoAtOnce(around, talk);
  if (poll === undefined) return { ...UNKNOWN, granted: created.wait };
  const { wait } = created;
  wishes.progress(`A poll is held, for up to ${wait} s ...`);
  const answer = await poll;
  const heldSeconds = Math.round(answer.tookMs / 100) / 10;
  const isCut = answer.status !== 200;
  if (isCut) {
    const how =
      answer.status === undefined ? `the connection broke (${answer.error})` : `status ${answer.status}`;
    around.found(
      'poll',
      'poll-cut',
      answer.tookMs,
      `a poll may hang for ${wait} s, and was cut after ${heldSeconds} s: ${how}`,
    );
  } else {
    judgeHeaders(around, answer);
    around.good('poll', answer.tookMs, `held for ${heldSeconds} s of ${wait} s`);
  }
  await talk.end();
  const advised = isCut ? Math.max(Math.floor(heldSeconds * 0.8), 0) : wait;
  return { granted: wait, held: heldSeconds, advised };
}

/**
 * A large poll, which is held, and a second one, which must set it free (XEP-0124 §11). Returns the one that is held in the
 * end; undefined when there is none.
 */
async function twoAtOnce(around: Around, talk: Talk): Promise<Promise<Answer | NoAnswer> | undefined> {
  let largeRid = talk.nextRid();
  let large = watched(talk.poll(largeRid, LARGE_BODY_BYTES));
  await Promise.race([large.answer, sleep(SETTLE_MS)]);
  if (large.now()?.status === 200) {
    // What the server still had to say, such as its features, came with it.
    largeRid = talk.nextRid();
    large = watched(talk.poll(largeRid, LARGE_BODY_BYTES));
    await Promise.race([large.answer, sleep(SETTLE_MS)]);
  }
  const early = large.now();
  if (early !== undefined && early.status !== 200) {
    const how = early.status ?? early.error;
    around.found(
      'large body',
      'body-limit',
      early.tookMs,
      `a request of ${LARGE_BODY_BYTES / 1024} KiB was answered ${how}`,
    );
    talk.again(largeRid);
  }
  const sentMs = performance.now();
  const second = watched(talk.poll(talk.nextRid(), 0));
  if (early?.status === 200) return second.answer;
  await Promise.race([second.answer, large.answer, sleep(LATE_MS)]);
  const refused = second.now();
  if (refused !== undefined && refused.status !== 200) {
    const how = refused.status ?? refused.error;
    around.found(
      'two requests',
      'one-at-a-time',
      refused.tookMs,
      `while one request was held, a second was answered ${how}`,
    );
    return large.answer;
  }
  if (early === undefined) judgeFreed(around, large, performance.now() - sentMs);
  return second.answer;
}

function judgeFreed(around: Around, large: Watched, sinceMs: number): void {
  const freed = large.now();
  if (freed === undefined) {
    around.found(
      'two requests',
      'late-replies',
      sinceMs,
      'the second request did not bring the first one back',
    );
  } else if (freed.status !== 200) {
    around.found(
      'large body',
      'body-limit',
      freed.tookMs,
      `a request of ${LARGE_BODY_BYTES / 1024} KiB was answered ${freed.status ?? freed.error}`,
    );
  } else {
    around.good('two requests', sinceMs, `at once, one of ${LARGE_BODY_BYTES / 1024} KiB`);
  }
}

interface Watched {
  readonly answer: Promise<Answer | NoAnswer>;
  now(): Answer | NoAnswer | undefined;
}

function watched(answer: Promise<Answer | NoAnswer>): Watched {
  let come: Answer | NoAnswer | undefined;
  answer.then((value) => {
    come = value;
  });
  return { answer, now: () => come };
}

function judgeHeaders(around: Around, answer: Answer): void {
  if (header(answer, 'connection')?.toLowerCase() === 'close') {
    around.found('connection', 'connection-closed', undefined, 'each reply closes its connection');
  }
  const coding = header(answer, 'content-encoding');
  if (coding !== undefined) around.found('compression', 'compressed', undefined, `replies come in ${coding}`);
  const age = header(answer, 'age');
  if (age !== undefined) around.found('cache', 'cached', undefined, `a reply says that it is ${age} s old`);
}

/** The requests of one session. */
class Talk {
  readonly #around: Around;
  readonly #toolbox: Toolbox = nodeToolbox();
  #rid = randomInt(1, FIRST_RID_MAX);
  #sid = '' as ByteString;
  #waitMs = 0;

  constructor(around: Around) {
    this.#around = around;
  }

  /** Undefined: there is no session, and the report says why. */
  async create({ domain, waitSeconds }: SessionWishes): Promise<{ readonly wait: number } | undefined> {
    const name = attribute('to', domain, this.#toolbox);
    const answer = await this.#post(
      this.#rid,
      `${name} wait='${waitSeconds}' hold='1' ver='1.6' xml:lang='en' xmpp:version='1.0' xmlns:xmpp='${NS.xbosh}'`,
    );
    const { tookMs } = answer;
    const reply = answer.status === 200 ? this.#read(answer) : undefined;
    if (answer.status === undefined || reply === undefined) {
      const what = answer.status === undefined ? answer.error : `status ${answer.status}`;
      this.#around.found(
        'POST',
        'not-bosh',
        tookMs,
        `a session's first request was answered with ${what}, not with a <body/>`,
      );
      return undefined;
    }
    const sid = reply.get('sid');
    const condition = reply.get('condition');
    if (sid === undefined || condition !== undefined) {
      this.#around.found(
        'POST',
        'session-refused',
        tookMs,
        `no session for ${domain}: ${condition ?? 'without a reason'}`,
      );
      return undefined;
    }
    this.#sid = attribute('sid', sid, this.#toolbox);
    const wait = Number(reply.get('wait') ?? waitSeconds);
    this.#waitMs = wait * 1000;
    this.#around.good('session', tookMs, `for ${domain}, wait ${wait} s`);
    return { wait };
  }

  nextRid(): number {
    this.#rid += 1;
    return this.#rid;
  }

  poll(rid: number, paddingBytes: number): Promise<Answer | NoAnswer> {
    return this.#post(rid, `${this.#sid}${' '.repeat(paddingBytes)}`);
  }

  /** In the place of one that was refused on its way: the session waits for its rid. Its reply is nobody's matter. */
  again(rid: number): void {
    this.poll(rid, 0).catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.#post(this.nextRid(), `${this.#sid} type='terminate'`);
  }

  #post(rid: number, attributes: string): Promise<Answer | NoAnswer> {
    return this.#around.ask(this.#around.url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: `<body xmlns='${NS.httpbind}' rid='${rid}'${attributes.startsWith(' ') ? '' : ' '}${attributes}/>`,
      withinMs: Math.max(this.#waitMs, 20_000) + PATIENCE_MS,
    });
  }

  #read({ body }: Answer): ReadonlyMap<string, string> | undefined {
    const decoded = decodeReply(body, SERVER_XML_LIMITS, this.#toolbox);
    return decoded.ok ? decoded.value.attributes : undefined;
  }
}
