import { randomBytes } from 'node:crypto';
import { ClientError, type ClientErrorCode } from '@boshd/client/login';
import { type Duration, instantOf, type Toolbox } from '@boshd/engine/kit';
import type { Reply, RequestId } from '@boshd/engine/manager';
import {
  CLAIM_COOKIE,
  type OrderReply,
  orderRefused,
  type PrebindOrder,
  readOrder,
} from '../orders/index.ts';
import type { FrontPort, Submit } from '../ports.ts';
import { type AttemptLimits, Attempts } from './attempts.ts';
import { type LineDoor, LoginLine } from './line.ts';

/** What a site says about sessions that are logged in for its pages. */
interface PrebindSite extends AttemptLimits {
  /** How long a page has to claim one. */
  readonly claim: Duration;
  /** Whether the page has to show a cookie, too. */
  readonly cookie: boolean;
}

interface PrebindParts {
  readonly submit: Submit;
  readonly toolbox: Toolbox;
  /** Undefined: there is no such site. */
  readonly siteOf: (name: string) => PrebindSite | undefined;
}

/** Requests of the front have numbers below. */
const FIRST_REQUEST: RequestId = 2 ** 52;
/** Log-ins in progress: an XMPP server that is silent must not gather them. */
const OPEN_MAX = 1000;
/** A web application does not wait longer, and dialling takes 10 s at most. */
const LOGIN_MS_MAX = 30_000;
const RETRY_SECONDS = 5;
const DEFAULT_SITE = 'default';

/** What is wrong with an order, or went wrong with its log-in; everything else is a 502: the XMPP server's fault. */
const STATUSES: Readonly<Partial<Record<ClientErrorCode, number>>> = {
  'not-authorized': 401,
  'unknown-domain': 400,
  'not-xml': 400,
  busy: 503,
  'shut-down': 503,
  'session-lost': 503,
  timeout: 504,
};

/** Has the connection manager make sessions and logs them in, for pages that are to go on with them (docs/attach.md). */
export class Prebind {
  readonly #parts: PrebindParts;
  readonly #attempts = new Attempts();
  readonly #lines = new Map<RequestId, LoginLine>();
  #open = 0;
  #lastRequest = FIRST_REQUEST;

  constructor(parts: PrebindParts) {
    this.#parts = parts;
  }

  /**
   * Carries out an order in JSON. `ofSite`: the site whose secret came with it; undefined: it came by the admin listener, and
   * may name any.
   */
  async order(text: string, ofSite: string | undefined): Promise<OrderReply> {
    const read = readOrder(text);
    if (!read.ok) return orderRefused(400, 'bad-order', read.fault);
    const order = read.value;
    const name = ofSite ?? order.site ?? DEFAULT_SITE;
    if (order.site !== undefined && order.site !== name)
      return orderRefused(403, 'forbidden', 'the secret is that of another site');
    const site = this.#parts.siteOf(name);
    if (site === undefined) return orderRefused(400, 'bad-order', 'there is no such site');
    const waitSeconds =
      order.account === undefined
        ? undefined
        : this.#attempts.take(`${name} ${order.account}`, site, clock());
    if (waitSeconds !== undefined)
      return orderRefused(429, 'busy', 'too many log-ins of this address were tried', waitSeconds);
    if (this.#open >= OPEN_MAX)
      return orderRefused(503, 'busy', 'too many log-ins are in progress', RETRY_SECONDS);
    this.#open += 1;
    try {
      return await this.#logIn(order, name, site);
    } finally {
      this.#open -= 1;
    }
  }

  /** The front, with the replies to these requests taken out. */
  before(front: FrontPort): FrontPort {
    return {
      respond: (request, reply) => {
        if (request < FIRST_REQUEST) front.respond(request, reply);
        else this.#replied(request, reply);
      },
      decode: (request) => front.decode(request),
      drop: (request) => front.drop(request),
      sockets: front.sockets,
    };
  }

  async #logIn(order: PrebindOrder, name: string, site: PrebindSite): Promise<OrderReply> {
    const { submit, toolbox } = this.#parts;
    const cookie = site.cookie ? newCookie() : undefined;
    const line = new LoginLine(this.#doorOf(name, cookie), order.domain, toolbox);
    const late = setTimeout(() => {
      line.login.fail(new ClientError('timeout', 'the XMPP server did not answer in time'));
    }, LOGIN_MS_MAX);
    try {
      const loggedIn = line.login.run(order.login, true);
      line.create();
      const jid = await loggedIn;
      const session = line.handOver();
      submit({ type: 'offer', sid: session.sid, within: site.claim });
      const expires = new Date(Date.now() + site.claim).toISOString();
      return sessionReply({ jid, ...session, expires, cookie: setCookie(cookie, site.claim) });
    } catch (error) {
      line.end();
      if (!(error instanceof ClientError)) throw error;
      const { code, message, retryAfterMs } = error;
      const status = STATUSES[code] ?? 502;
      const seconds = status === 503 ? Math.ceil((retryAfterMs ?? RETRY_SECONDS * 1000) / 1000) : undefined;
      return orderRefused(status, code, asciiOf(message), seconds);
    } finally {
      clearTimeout(late);
    }
  }

  /** What comes of this process is of no address, and so under no limit of one. */
  #doorOf(site: string, cookie: string | undefined): LineDoor {
    const { submit } = this.#parts;
    return {
      submit: (line, body) => {
        this.#lastRequest += 1;
        const request = this.#lastRequest;
        this.#lines.set(request, line);
        const isCreation = body.attributes.sid === undefined;
        const forPage = isCreation ? { forPage: { cookie } } : {};
        submit({ type: 'request', request, site, secure: false, address: '', body, ...forPage });
        return request;
      },
      hangUp: (request, sid) => {
        this.#lines.delete(request);
        submit({ type: 'request-aborted', request, sid });
      },
    };
  }

  /** Later: a reply may come before the request has its number. */
  #replied(request: RequestId, reply: Reply): void {
    const line = this.#lines.get(request);
    this.#lines.delete(request);
    queueMicrotask(() => line?.replied(reply));
  }
}

/** JSON in ASCII: names may have any letters. */
function sessionReply(session: object): OrderReply {
  const text = JSON.stringify(session).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { status: 200, text: `${text}\n`, retryAfterSeconds: undefined };
}

/** What an XMPP server says is no part of it: its words may be in any language. */
function asciiOf(message: string): string {
  return message.replace(/[^\x20-\x7e]/g, '?');
}

/** With a name of its own, for several pages may be opened at once. */
function newCookie(): string {
  return `${CLAIM_COOKIE}${randomBytes(4).toString('hex')}=${randomBytes(16).toString('hex')}`;
}

function setCookie(cookie: string | undefined, claim: Duration): string | undefined {
  if (cookie === undefined) return undefined;
  return `${cookie}; Path=/; Max-Age=${Math.ceil(claim / 1000)}; HttpOnly; SameSite=Strict`;
}

function clock() {
  return instantOf(Math.trunc(performance.now()));
}
