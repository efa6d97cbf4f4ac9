import { assert, type ByteString, fault, ok, type Result } from '@boshd/engine/kit';
import { ALL_REASONS, type LinkId, type Reason } from '@boshd/engine/manager';
import type { DialPlan } from '@boshd/engine/site';
import type { AnchorReport, Bindings, LinkState, Why } from '../anchor/protocol/index.ts';
import type { Submit } from '../ports.ts';
import { type Begin, connectTerms, forbiddance, type Trying } from '../upstream/connect/attempt.ts';
import { Dial } from '../upstream/connect/dial.ts';
import type { Winner } from '../upstream/connect/race.ts';
import { createSurroundings, type Surroundings } from '../upstream/connect/surroundings.ts';
import { type Endpoint, endpointText } from '../upstream/kit/endpoint.ts';
import type { Failure } from '../upstream/kit/failure.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';
import type { Upstream, UpstreamStats } from '../upstream/upstream.ts';
import type { AnchorConnection } from './connection.ts';

/** What of a link's window may be used before the anchor is told. */
const GRANTED_AT_ONCE = 32 * 1024;

type Tell = Parameters<Begin<Remote>>[2];

/** What a try of the anchor has connected. */
interface Remote {
  readonly attempt: number;
  readonly bindings: Bindings | undefined;
}

/** A link that is being made. */
interface Dialling {
  readonly dial: Dial<Remote>;
  readonly tries: Map<number, { readonly trying: Trying; readonly settled: Tell }>;
  isReadWanted: boolean;
}

/** A link that the anchor owns. */
interface AnchoredLink {
  readonly remote: string;
  isReadWanted: boolean;
  /** What came while nothing was wanted. */
  readonly unread: Uint8Array[];
  /** Bytes that were used and for which nothing was granted yet. */
  used: number;
}

type LinkReport = Extract<AnchorReport, { link: number }>;

/**
 * The door towards XMPP servers where links are the anchor's: this process finds the servers, judges their addresses and chooses
 * among them, the anchor connects, makes TLS and carries bytes.
 */
export class AnchoredUpstream implements Upstream {
  readonly #anchor: AnchorConnection;
  readonly #around: Surroundings;
  readonly #submit: Submit;
  readonly #dialling = new Map<LinkId, Dialling>();
  readonly #links = new Map<LinkId, AnchoredLink>();
  #lastAttempt = 0;
  #dials = 0;
  #receivedBytes = 0;
  #sentBytes = 0;

  constructor(options: UpstreamOptions, anchor: AnchorConnection, submit: Submit) {
    this.#around = createSurroundings(options);
    this.#anchor = anchor;
    this.#submit = submit;
  }

  get stats(): UpstreamStats {
    return {
      links: this.#links.size,
      dialling: this.#dialling.size,
      closing: 0,
      dials: this.#dials,
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
    };
  }

  dial(link: LinkId, plan: DialPlan): void {
    assert(!this.#links.has(link) && !this.#dialling.has(link), 'a link is dialled once');
    this.#dials += 1;
    const tries: Dialling['tries'] = new Map();
    const begin = (endpoint: Endpoint, of: DialPlan, settled: Tell) =>
      this.#try(link, tries, endpoint, of, settled);
    const finished = (outcome: Result<Winner<Remote>, Failure>) => this.#dialled(link, outcome);
    // A dial begins its tries at once.
    this.#dialling.set(link, {
      dial: new Dial(plan, this.#around, begin, finished),
      tries,
      isReadWanted: true,
    });
  }

  secure(link: LinkId): void {
    if (this.#links.has(link)) this.#anchor.order({ type: 'secure', link });
  }

  send(link: LinkId, bytes: ByteString): void {
    if (!this.#links.has(link)) return;
    this.#sentBytes += bytes.length;
    this.#anchor.order({ type: 'send', link, bytes });
  }

  read(link: LinkId, wanted: boolean): void {
    const held = this.#links.get(link) ?? this.#dialling.get(link);
    if (held === undefined || held.isReadWanted === wanted) return;
    held.isReadWanted = wanted;
    if (!wanted || !('unread' in held)) return;
    for (const bytes of held.unread.splice(0)) this.#use(link, held, bytes);
  }

  close(link: LinkId): void {
    const dialling = this.#dialling.get(link);
    dialling?.dial.giveUp();
    this.#dialling.delete(link);
    if (this.#links.delete(link) || dialling !== undefined) this.#anchor.order({ type: 'close', link });
  }

  /** The anchor sends what is left. */
  async stop(): Promise<void> {
    for (const link of [...this.#dialling.keys(), ...this.#links.keys()]) this.close(link);
    this.#around.dns.close();
    this.#anchor.flush();
  }

  /** A link that comes with a session of another worker. */
  adopt({ link, remote, isBlocked }: LinkState): void {
    this.#links.set(link, { remote, isReadWanted: true, unread: [], used: 0 });
    if (isBlocked) this.#submit({ type: 'link-blocked', link, blocked: true });
  }

  take(report: LinkReport): void {
    const { link } = report;
    switch (report.type) {
      case 'connected':
      case 'failed':
        this.#settle(report);
        break;
      case 'data': {
        const held = this.#links.get(link);
        if (held === undefined) break;
        this.#receivedBytes += report.bytes.length;
        if (held.isReadWanted) this.#use(link, held, report.bytes);
        else held.unread.push(Uint8Array.from(report.bytes));
        break;
      }
      case 'secured':
        if (this.#links.has(link)) this.#submit({ type: 'link-secured', link, bindings: report.bindings });
        break;
      case 'blocked':
        if (this.#links.has(link)) this.#submit({ type: 'link-blocked', link, blocked: report.isBlocked });
        break;
      case 'down':
        this.#down(link, report.why, report.isOfTls);
        break;
      default:
    }
  }

  /** The anchor is gone, and with it every link. */
  lost(): void {
    for (const link of [...this.#links.keys()])
      this.#down(link, { reason: 'link-lost', detail: 'the process that had the link is gone' }, false);
    for (const { dial } of this.#dialling.values()) dial.giveUp();
    this.#dialling.clear();
  }

  #use(link: LinkId, held: AnchoredLink, bytes: Uint8Array): void {
    held.used += bytes.length;
    if (held.used >= GRANTED_AT_ONCE) {
      this.#anchor.order({ type: 'grant', link, bytes: held.used });
      held.used = 0;
    }
    this.#anchor.carefully(
      () => ({ link }),
      () => this.#submit({ type: 'link-data', link, bytes }),
    );
  }

  #down(link: LinkId, { reason, detail }: Why, isOfTls: boolean): void {
    const held = this.#links.get(link);
    if (held === undefined) return;
    // What came before the end is read before it, wanted or not.
    for (const bytes of held.unread.splice(0)) this.#submit({ type: 'link-data', link, bytes });
    this.#links.delete(link);
    // The next dial tries other endpoints first.
    if (isOfTls) this.#around.failed.set(held.remote, true);
    this.#submit({ type: 'link-down', link, reason: reasonOf(reason), detail });
    this.#anchor.order({ type: 'close', link });
  }

  #try(link: LinkId, tries: Dialling['tries'], endpoint: Endpoint, plan: DialPlan, settled: Tell): Trying {
    this.#lastAttempt += 1;
    const attempt = this.#lastAttempt;
    const { address, port } = endpoint;
    this.#anchor.order({
      type: 'try',
      link,
      attempt,
      to: { address, port, ...connectTerms(plan, endpoint) },
    });
    const trying: Trying = {
      endpoint,
      giveUp: () => {
        if (tries.delete(attempt)) this.#anchor.order({ type: 'give-up', link, attempt });
      },
    };
    tries.set(attempt, { trying, settled });
    return trying;
  }

  #settle(report: Extract<AnchorReport, { type: 'connected' | 'failed' }>): void {
    const { link, attempt } = report;
    const tries = this.#dialling.get(link)?.tries;
    const found = tries?.get(attempt);
    if (tries === undefined || found === undefined) return;
    const { trying, settled } = found;
    if (report.type === 'failed') {
      tries.delete(attempt);
      const { reason, detail } = report.why;
      settled(trying, fault({ reason: reasonOf(reason), detail }));
      return;
    }
    // The address that was really reached is judged too.
    const forbidden = forbiddance(trying.endpoint, report.address, this.#around);
    if (forbidden !== undefined) trying.giveUp();
    else tries.delete(attempt);
    settled(trying, forbidden === undefined ? ok({ attempt, bindings: report.bindings }) : fault(forbidden));
  }

  #dialled(link: LinkId, outcome: Result<Winner<Remote>, Failure>): void {
    const isReadWanted = this.#dialling.get(link)?.isReadWanted ?? true;
    this.#dialling.delete(link);
    if (!outcome.ok) {
      this.#submit({ type: 'link-down', link, ...outcome.fault });
      return;
    }
    const { connected, endpoint, hasOthers } = outcome.value;
    const remote = endpointText(endpoint);
    this.#links.set(link, { remote, isReadWanted, unread: [], used: 0 });
    this.#anchor.order({ type: 'choose', link, attempt: connected.attempt });
    this.#submit({
      type: 'link-up',
      link,
      secure: endpoint.isDirectTls,
      remote,
      bindings: connected.bindings,
      next: hasOthers ? 'other' : 'again',
    });
  }
}

/** The anchor may be of another version. */
function reasonOf(word: string): Reason {
  return ALL_REASONS.find((reason) => reason === word) ?? 'link-lost';
}
