import {
  BoshClient,
  type ClientEnd,
  type ClientInput,
  type ClientOptions,
  type ClientSnapshot,
  type ClientWork,
  type ExchangeId,
  type OutgoingPayload,
  PAGE_CLIENT_OPTIONS,
} from '@boshd/engine/client';
import type { Duration, Instant } from '@boshd/engine/kit';
import type { Transport, TransportUser } from '../transport/transport.ts';
import { Clock } from './clock.ts';
import { reasonOf, troubleOf } from './reasons.ts';
import { toolbox } from './toolbox.ts';

/** Where a BOSH service is, and what is asked of it. */
export interface BoshOptions extends Partial<Omit<ClientOptions, 'to' | 'keys'>> {
  readonly url: string;
  /** The XMPP domain. */
  readonly to: string;
  /** Whether cookies go to another origin: as for `fetch`. Default `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /** A session to go on with, which somebody else made or this page before its reload. */
  readonly attach?: ConstructorParameters<typeof BoshClient>[2];
  /** Called before each request leaves: what must be kept to go on after a reload is final now. */
  readonly onProgress?: ((snapshot: ClientSnapshot | undefined) => void) | undefined;
}

/** With three bytes a character, within the 64 KiB that browsers allow (Fetch §4.5). */
const KEEPALIVE_LENGTH_MAX = 21_000;

/** A BOSH session (XEP-0124, XEP-0206) over `fetch`: what the engine decided is done here, and nothing else. */
export class BoshTransport implements Transport {
  readonly #options: BoshOptions;
  readonly #user: TransportUser;
  readonly #client: BoshClient;
  readonly #clock: Clock;
  readonly #exchanges = new Map<ExchangeId, AbortController>();
  readonly #inputs: ClientInput[] = [];
  #isBusy = false;
  #isAbandoned = false;
  #isTroubled = false;
  #retryAfter: Duration | undefined;

  constructor(options: BoshOptions, user: TransportUser) {
    const { url: _url, credentials: _credentials, attach, onProgress: _onProgress, ...asked } = options;
    this.#options = options;
    this.#user = user;
    this.#client = new BoshClient({ ...PAGE_CLIENT_OPTIONS, ...asked }, toolbox, attach);
    this.#clock = new Clock((now, isLate) => this.#tick(now, isLate));
  }

  get snapshot(): ClientSnapshot | undefined {
    return this.#client.snapshot;
  }

  open(): void {
    this.#take({ type: 'open' });
  }

  send(payloads: readonly OutgoingPayload[]): void {
    this.#take({ type: 'send', payloads });
  }

  restart(): void {
    this.#take({ type: 'restart' });
  }

  close(): void {
    this.#take({ type: 'terminate' });
  }

  farewell(): void {
    this.#take({ type: 'farewell' });
  }

  /** XEP-0124 §10: as long as the service allows. */
  freeze(): void {
    this.#take({ type: 'pause', length: Number.MAX_SAFE_INTEGER as Duration });
  }

  wake(): void {
    this.#take({ type: 'resume' });
    this.#take({ type: 'wake' });
  }

  abandon(pause?: Duration): void {
    for (const exchange of this.#exchanges.values()) exchange.abort();
    this.#exchanges.clear();
    // Browsers send it to the end, although its page is gone.
    if (pause !== undefined) this.#take({ type: 'leave', length: pause });
    this.#isAbandoned = true;
    this.#clock.stop();
    this.#exchanges.clear();
  }

  #tick(now: Instant, isLate: boolean): void {
    if (isLate) this.wake();
    else this.#turn(this.#client.advance(now));
  }

  #take(input: ClientInput): void {
    if (this.#isAbandoned) return;
    this.#inputs.push(input);
    if (this.#isBusy) return;
    const next = this.#inputs.shift();
    if (next !== undefined) this.#turn(this.#client.handle(next, this.#clock.now));
  }

  /** Carries out what follows, in order; what its user does meanwhile comes after it. */
  #turn(first: readonly ClientWork[]): void {
    this.#isBusy = true;
    let work = first;
    for (;;) {
      // The rids are taken before they are used, and replies done with before they are delivered: a page that is gone in
      // between would leave a gap, or hand them out twice.
      this.#options.onProgress?.(this.#client.snapshot);
      for (const each of work) this.#carryOut(each);
      const input = this.#inputs.shift();
      if (input === undefined) break;
      work = this.#client.handle(input, this.#clock.now);
    }
    this.#isBusy = false;
    this.#clock.arm(this.#isAbandoned ? undefined : this.#client.deadline);
  }

  #carryOut(work: ClientWork): void {
    switch (work.type) {
      case 'request':
        void this.#post(work);
        break;
      case 'abort':
        this.#exchanges.get(work.exchange)?.abort();
        this.#exchanges.delete(work.exchange);
        break;
      case 'stream':
        this.#user.started();
        break;
      case 'deliver':
        this.#user.received(work.payloads);
        break;
      case 'sent':
        this.#user.sent(work.ids);
        break;
      case 'refused':
        this.#user.refused(work.payloads);
        break;
      case 'closed':
        this.#end(work.end);
        break;
      case 'created':
        break;
    }
  }

  #end(end: ClientEnd): void {
    this.#clock.stop();
    const { inDoubt, unsent } = end;
    this.#user.ended({ reason: reasonOf(end, this.#options.url, this.#retryAfter), inDoubt, unsent });
  }

  async #post({ exchange, body, kind }: Extract<ClientWork, { type: 'request' }>): Promise<void> {
    const { url, credentials = 'same-origin' } = this.#options;
    const controller = new AbortController();
    this.#exchanges.set(exchange, controller);
    // Browsers send these to the end although their page is frozen or gone meanwhile.
    const keepalive = kind !== 'plain' && body.length < KEEPALIVE_LENGTH_MAX;
    if (kind === 'farewell' && beacon(url, body)) return;
    try {
      // A string makes it text/plain, so that another origin need not be asked first (Fetch, CORS-safelisted).
      const response = await fetch(url, {
        method: 'POST',
        body,
        credentials,
        cache: 'no-store',
        keepalive,
        signal: controller.signal,
      });
      const text = await response.text();
      const { status } = response;
      if (!this.#exchanges.delete(exchange)) return;
      this.#tell(status === 200 ? undefined : status);
      const retryAfter = secondsUntil(response.headers.get('Retry-After'));
      this.#retryAfter = retryAfter;
      this.#take({ type: 'reply', exchange, status, text, retryAfter });
    } catch {
      if (!this.#exchanges.delete(exchange)) return;
      this.#tell(0);
      this.#take({ type: 'failed', exchange });
    }
  }

  /** `status`: what went wrong, 0 for no answer at all. */
  #tell(status: number | undefined): void {
    const isTroubled = status !== undefined;
    if (isTroubled === this.#isTroubled) return;
    this.#isTroubled = isTroubled;
    // Before the session is there, a failure is its end, with its reason.
    if (this.#client.session.phase === 'open') this.#user.troubled(troubleOf(status, this.#options.url));
  }
}

/** For browsers whose `fetch` ends with its page (Firefox before 133). */
function beacon(url: string, body: string): boolean {
  if (typeof Request !== 'function' || 'keepalive' in Request.prototype) return false;
  return typeof navigator === 'object' && 'sendBeacon' in navigator && navigator.sendBeacon(url, body);
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function secondsUntil(header: string | null): Duration | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? (ms as Duration) : undefined;
}
