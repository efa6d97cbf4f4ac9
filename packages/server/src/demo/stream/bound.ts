import { randomBytes } from 'node:crypto';
import { ascii, type ByteString, join } from '@boshd/engine/kit';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '@boshd/engine/wire';
import type { Account } from '../domain/accounts.ts';
import { bindResource, leaveSession, take } from '../domain/domain.ts';
import type { Session, StreamError } from '../domain/session.ts';
import { element } from '../domain/stanza.ts';
import type { DomainState } from '../domain/state.ts';
import { readCount, Unacknowledged } from './unacknowledged.ts';

/** The domain, and the streams that can be resumed by how the client calls them (XEP-0198 §5 previd). */
export interface StreamState extends DomainState {
  readonly resumable: Map<string, BoundStream>;
}

/** Why a stream must end; `detail`: the condition of the extension that says so (RFC 6120 §4.9.4). */
export interface StreamFault {
  readonly condition: StreamError;
  readonly detail?: XmlElement;
}

/** What a bound stream needs of the connection that carries it. */
export interface Carrier {
  send(bytes: ByteString): void;
  end(condition: StreamError, detail?: XmlElement): void;
}

const REQUEST = ascii(`<r xmlns='${NS.streamManagement}'/>`);

/** Binds a resource for a client (RFC 6120 §7); undefined: its account has enough. */
export function bindStream(
  state: StreamState,
  account: Account,
  asked: string | undefined,
  carrier: Carrier,
): BoundStream | undefined {
  let stream: BoundStream | undefined;
  const session = bindResource(state, account, asked, {
    send: (bytes) => stream?.send(bytes),
    end: (condition) => stream?.end(condition),
  });
  if (session === undefined) return undefined;
  stream = new BoundStream(state, session, carrier);
  return stream;
}

/**
 * The stream of a bound resource, which outlives its connection when the client has asked for that (XEP-0198): then
 * everything is kept until it is acknowledged, and waits for the client to come back on another connection.
 */
export class BoundStream {
  readonly session: Session;
  readonly #state: StreamState;
  /** Undefined while its connection is lost. */
  #carrier: Carrier | undefined;
  #unacknowledged: Unacknowledged | undefined;
  /** How the client calls it to resume it. */
  #id: string | undefined;
  #resumeMs = 0;
  #expiry: NodeJS.Timeout | undefined;
  /** `<r/>` was sent and not answered. */
  #isAsking = false;
  #isOverrun = false;
  #isOver = false;

  constructor(state: StreamState, session: Session, carrier: Carrier) {
    this.#state = state;
    this.session = session;
    this.#carrier = carrier;
  }

  /** A stanza for the client. */
  send(stanza: ByteString): void {
    const kept = this.#unacknowledged;
    if (kept === undefined) {
      this.#carrier?.send(stanza);
      return;
    }
    kept.keep(stanza);
    this.#carrier?.send(this.#isAsking ? stanza : join(stanza, REQUEST));
    this.#isAsking = true;
    const { unackedMax, unackedBytesMax } = this.#state.limits;
    if (this.#isOverrun || (kept.stanzas.length <= unackedMax && kept.bytes <= unackedBytesMax)) return;
    this.#isOverrun = true;
    // Not here: its end is told to all, which may overrun the next one, and so on within one call.
    setImmediate(() => this.end('resource-constraint'));
  }

  end(condition: StreamError): void {
    if (this.#carrier === undefined) this.#finish();
    else this.#carrier.end(condition);
  }

  /** Does with a payload of the client what it asks for. */
  take(payload: Payload): StreamFault | undefined {
    if (payload.namespace === NS.streamManagement) {
      return this.#manage(payload.name, readElement(payload.bytes, this.#state.toolbox));
    }
    const condition = take(this.#state, this.session, payload);
    if (condition !== undefined) return { condition };
    this.#unacknowledged?.countReceived();
    return undefined;
  }

  /** The client's h in `<resume/>`: what it has is not sent again. */
  acknowledge(text: string | undefined): StreamFault | undefined {
    const kept = this.#unacknowledged;
    if (kept === undefined) return { condition: 'unsupported-stanza-type' };
    const h = readCount(text);
    if (h === undefined) return { condition: 'bad-format' };
    if (!kept.acknowledge(h)) return tooHigh(h, kept.sent);
    this.#isAsking = false;
    return undefined;
  }

  /** Goes on over another connection, if the old one is not known to be lost in its stead. Returns `<resumed/>`. */
  takeOver(carrier: Carrier): XmlElement {
    const old = this.#carrier;
    this.#carrier = carrier;
    clearTimeout(this.#expiry);
    old?.end('conflict');
    const h = String(this.#unacknowledged?.received ?? 0);
    return element('resumed', NS.streamManagement, { previd: this.#id, h });
  }

  /** `<resumed/>` is sent: what the client does not have goes again (XEP-0198 §5). */
  sendAgain(): void {
    const stanzas = this.#unacknowledged?.stanzas ?? [];
    if (stanzas.length === 0) return;
    this.#carrier?.send(join(...stanzas.map(({ bytes }) => bytes)));
    this.#ask();
  }

  /** A connection is gone: without a goodbye where `isLost`. One that carries the stream no more does not matter. */
  leave(carrier: Carrier, isLost: boolean): void {
    if (carrier !== this.#carrier) return;
    this.#carrier = undefined;
    this.#isAsking = false;
    if (!isLost || this.#id === undefined) this.#finish();
    else this.#expiry = setTimeout(() => this.#finish(), this.#resumeMs);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    if (this.#id !== undefined) this.#state.resumable.delete(this.#id);
    leaveSession(this.#state, this.session, this.#unacknowledged?.stanzas ?? []);
  }

  #manage(name: string, tree: XmlElement): StreamFault | undefined {
    if (name === 'enable' && this.#unacknowledged === undefined) this.#enable(tree);
    else if (name === 'enable' || name === 'resume') this.#write(refusal('unexpected-request'));
    else if (name === 'a') return this.#hearOf(tree);
    else if (name !== 'r' || this.#unacknowledged === undefined)
      return { condition: 'unsupported-stanza-type' };
    else this.#write(element('a', NS.streamManagement, { h: String(this.#unacknowledged.received) }));
    return undefined;
  }

  /** XEP-0198 §4. Where the client is getting on and not done, it is asked again. */
  #hearOf({ attributes }: XmlElement): StreamFault | undefined {
    const before = this.#unacknowledged?.stanzas.length ?? 0;
    const fault = this.acknowledge(attributes.get('h'));
    const after = this.#unacknowledged?.stanzas.length ?? 0;
    if (fault === undefined && after > 0 && after < before) this.#ask();
    return fault;
  }

  /** XEP-0198 §3 */
  #enable({ attributes }: XmlElement): void {
    this.#unacknowledged = new Unacknowledged();
    const resume = attributes.get('resume');
    if (resume !== 'true' && resume !== '1') {
      this.#write(element('enabled', NS.streamManagement));
      return;
    }
    const asked = Number(attributes.get('max') ?? Number.NaN) * 1000;
    const { resumeMs } = this.#state.limits;
    this.#resumeMs = asked > 0 && asked < resumeMs ? asked : resumeMs;
    const id = randomBytes(16).toString('hex');
    this.#id = id;
    this.#state.resumable.set(id, this);
    const max = String(Math.ceil(this.#resumeMs / 1000));
    this.#write(element('enabled', NS.streamManagement, { id, resume: 'true', max }));
  }

  #ask(): void {
    this.#isAsking = true;
    this.#carrier?.send(REQUEST);
  }

  #write(tree: XmlElement): void {
    this.#carrier?.send(writeElement(tree, this.#state.toolbox));
  }
}

/** `<failed/>` (XEP-0198 §5 and §6). */
export function refusal(condition: 'item-not-found' | 'unexpected-request'): XmlElement {
  return element('failed', NS.streamManagement, {}, element(condition, NS.stanzaErrors));
}

/** XEP-0198 §6 */
function tooHigh(h: number, sent: number): StreamFault {
  const counts = { h: String(h), 'send-count': String(sent) };
  return {
    condition: 'undefined-condition',
    detail: element('handled-count-too-high', NS.streamManagement, counts),
  };
}
