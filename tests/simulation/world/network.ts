import type { ExchangeId } from '@boshd/engine/client';
import type { Reply, RequestId } from '@boshd/engine/manager';
import type { Random } from './random.ts';
import type { Actor, Realm } from './realm.ts';
import type { Sky } from './weather.ts';

/** The client's end of its connections. */
export interface ClientSide {
  reply(exchange: ExchangeId, status: number, body: string): void;
  failed(exchange: ExchangeId): void;
}

interface Exchange {
  readonly id: ExchangeId;
  readonly body: string;
  readonly copies: Copy[];
  /** The client has its reply, or does not wait for it any more, or its connection is broken. */
  isOver: boolean;
}

/** A request as the front sees it: usually one for an exchange. */
interface Copy {
  readonly request: RequestId;
  isAnswered: boolean;
  /** The front was told, or will be, that its connection is closed. */
  isTold: boolean;
}

const DELAY_MS = 20;
const TELL_MS = 80;
const PROXY_RETRY_MS = 300;
const STALE_MS = 90_000;
const CUT_MS = 20_000;
const ERROR_PAGE = '<html><head><title>502 Bad Gateway</title></head><body>nobody is here</body></html>';

/** The way between one client and the front: proxies, broken connections and all. */
export class Network {
  readonly #world: Realm;
  readonly #actor: Actor;
  readonly #client: ClientSide;
  readonly #random: Random;
  readonly #sky: Sky;
  readonly #exchanges = new Map<ExchangeId, Exchange>();
  #requestsUnderWay = 0;
  #repliesUnderWay = 0;

  constructor(world: Realm, actor: Actor, client: ClientSide, random: Random, sky: Sky) {
    this.#world = world;
    this.#actor = actor;
    this.#client = client;
    this.#random = random;
    this.#sky = sky;
  }

  /** Nothing is under way: one request is at the manager, and has no reply yet. */
  get isHeld(): boolean {
    const [only] = this.#exchanges.values();
    const copy = only?.isOver === false ? only.copies.at(-1) : undefined;
    const isAtManager = copy?.isAnswered === false && this.#world.waits(copy.request);
    return isAtManager && this.#exchanges.size === 1 && this.#requestsUnderWay + this.#repliesUnderWay === 0;
  }

  post(id: ExchangeId, body: string): void {
    const random = this.#random;
    const weather = this.#sky.at(this.#world.now);
    const exchange: Exchange = { id, body, copies: [], isOver: false };
    this.#exchanges.set(id, exchange);
    if (random.chance(weather.requestLost)) {
      this.#fail(exchange);
      return;
    }
    if (random.chance(weather.badGateway)) {
      this.#reply(exchange, random.pick([200, 502, 503]), ERROR_PAGE);
      if (random.chance(0.5)) return;
    }
    const isStale = random.chance(weather.requestStale);
    const delayMs = isStale ? random.between(1000, STALE_MS) : random.around(DELAY_MS);
    this.#arriveLater(exchange, delayMs);
    // A second creation request makes a second session, so proxies send none (docs/decisions/proxies.md).
    if (random.chance(weather.duplicated) && sidOf(exchange) !== undefined)
      this.#arriveLater(exchange, delayMs + random.around(PROXY_RETRY_MS));
    if (random.chance(weather.cut)) this.#world.later(random.around(CUT_MS), () => this.#cut(exchange));
  }

  /** The client closes an exchange's connection. */
  abort(id: ExchangeId): void {
    const exchange = this.#exchanges.get(id);
    if (exchange !== undefined) this.#close(exchange);
  }

  /** The page is reloaded: every connection is closed, and the front sees it at once. */
  reload(): void {
    for (const exchange of this.#exchanges.values()) {
      exchange.isOver = true;
      for (const copy of exchange.copies) {
        if (copy.isTold || copy.isAnswered) continue;
        copy.isTold = true;
        this.#world.lost('request-aborted', copy.request, sidOf(exchange), this.#actor);
      }
    }
    this.#exchanges.clear();
  }

  /** The client is gone. */
  vanish(): void {
    for (const exchange of [...this.#exchanges.values()]) this.#close(exchange);
  }

  #arriveLater(exchange: Exchange, delayMs: number): void {
    this.#requestsUnderWay += 1;
    this.#world.later(delayMs, () => {
      this.#requestsUnderWay -= 1;
      this.#arrive(exchange);
    });
  }

  #arrive(exchange: Exchange): void {
    const older = exchange.copies.at(-1);
    const copy: Copy = { request: this.#world.newRequest(), isAnswered: false, isTold: false };
    exchange.copies.push(copy);
    this.#world.request(copy.request, this.#actor, exchange.body, (reply) =>
      this.#answered(exchange, copy, reply),
    );
    // A proxy that sends again has given up the older one; a connection may be closed before its request is read.
    if (older !== undefined) this.#tell(exchange, older);
    if (exchange.isOver) this.#tell(exchange, copy);
  }

  #answered(exchange: Exchange, copy: Copy, reply: Reply | undefined): void {
    copy.isAnswered = true;
    if (exchange.isOver || exchange.copies.at(-1) !== copy) return;
    const weather = this.#sky.at(this.#world.now);
    if (reply === undefined || this.#random.chance(weather.replyLost)) {
      this.#fail(exchange);
      this.#tell(exchange, copy);
    } else {
      this.#reply(exchange, reply.status, reply.body);
    }
  }

  #reply(exchange: Exchange, status: number, body: string): void {
    this.#repliesUnderWay += 1;
    this.#world.later(this.#random.around(DELAY_MS), () => {
      this.#repliesUnderWay -= 1;
      if (exchange.isOver) return;
      this.#end(exchange);
      this.#client.reply(exchange.id, status, body);
    });
  }

  #end(exchange: Exchange): void {
    exchange.isOver = true;
    this.#exchanges.delete(exchange.id);
  }

  /** The exchange is over for the client, which may hear of it or not. */
  #fail(exchange: Exchange): void {
    const isTold = this.#random.chance(this.#sky.at(this.#world.now).told);
    const wasOver = exchange.isOver;
    exchange.isOver = true;
    if (!isTold || wasOver) return;
    this.#world.later(this.#random.around(DELAY_MS), () => {
      if (!this.#exchanges.delete(exchange.id)) return;
      this.#client.failed(exchange.id);
    });
  }

  /** The connection breaks. */
  #cut(exchange: Exchange): void {
    if (exchange.isOver) return;
    this.#fail(exchange);
    for (const copy of exchange.copies) this.#tell(exchange, copy);
  }

  #close(exchange: Exchange): void {
    this.#end(exchange);
    for (const copy of exchange.copies) this.#tell(exchange, copy);
  }

  /** The front may learn, after a while, that a connection is closed. */
  #tell(exchange: Exchange, copy: Copy): void {
    if (copy.isTold || !this.#random.chance(this.#sky.at(this.#world.now).told)) return;
    copy.isTold = true;
    const isLate = this.#random.chance(0.5);
    this.#world.later(this.#random.around(TELL_MS), () => {
      const type = copy.isAnswered && !isLate ? 'reply-lost' : 'request-aborted';
      this.#world.lost(type, copy.request, sidOf(exchange), this.#actor);
    });
  }
}

/** The sid in the request's body: none in a creation request. */
function sidOf({ body }: Exchange): string | undefined {
  return / sid='([^']*)'/.exec(body)?.[1];
}
