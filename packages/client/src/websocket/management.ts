import { type OutgoingPayload, type XmlNode, xml } from '@boshd/engine/client';
import { NS } from '../xmpp/namespaces.ts';

const SM = 'urn:xmpp:sm:3';
/** A count has 32 bits and begins again (XEP-0198 §4). */
const MODULUS = 2 ** 32;
/** So long an answer to <r/> may take before the connection counts as dead, and so often one is asked for. */
const ANSWER_MAX_MS = 15_000;
const ASK_EVERY_MS = 60_000;

interface ManagementUser {
  write(text: string): void;
  sent(ids: readonly number[]): void;
  /** The other end does not answer any more. */
  silent(): void;
}

/** The acknowledgements of XEP-0198 on one stream: who has what. Without resumption: the session begins anew. */
export class StreamManagement {
  readonly #user: ManagementUser;
  #isOffered = false;
  #isOn = false;
  #received = 0;
  #acknowledged = 0;
  /** Sent since it was switched on, not acknowledged, oldest first. */
  #open: OutgoingPayload[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;

  constructor(user: ManagementUser) {
    this.#user = user;
  }

  send(payloads: readonly OutgoingPayload[]): void {
    for (const { xml: text } of payloads) this.#user.write(text);
    if (!this.#isOn) {
      this.#user.sent(payloads.map(({ id }) => id));
      return;
    }
    this.#open.push(...payloads);
    this.#ask();
  }

  /** False for what is not its affair. */
  take(node: XmlNode): boolean {
    if (node.namespace === SM) {
      this.#takeNonza(node);
      return true;
    }
    if (node.name === 'features') this.#isOffered = node.child('sm', SM) !== undefined;
    if (node.namespace !== NS.client) return false;
    if (this.#isOn) this.#received = (this.#received + 1) % MODULUS;
    // XEP-0198 §3: after the resource is bound.
    else if (this.#isOffered && node.child('bind', NS.bind) !== undefined) this.#enable();
    return false;
  }

  /** Whether the other end is there. */
  probe(): void {
    if (this.#isOn) this.#ask();
  }

  /** Before `<close/>`: what came is acknowledged, so that the server keeps none of it. */
  finish(): void {
    if (this.#isOn) this.#user.write(this.#answer());
  }

  /** What nobody acknowledged. */
  end(): readonly OutgoingPayload[] {
    clearTimeout(this.#timer);
    return this.#open.splice(0);
  }

  #enable(): void {
    this.#isOffered = false;
    // What is sent from here on counts, whether <enabled/> came or not (XEP-0198 §3).
    this.#isOn = true;
    this.#user.write(xml('enable', { xmlns: SM }).toString());
    this.#later(ASK_EVERY_MS);
  }

  #takeNonza({ name, attributes }: XmlNode): void {
    if (name === 'r') this.#user.write(this.#answer());
    if (name === 'a') this.#acknowledge(Number(attributes['h']));
    if (name !== 'failed') return;
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#user.sent(this.#open.splice(0).map(({ id }) => id));
  }

  #acknowledge(h: number): void {
    this.#isAsking = false;
    this.#later(ASK_EVERY_MS);
    const count = (h - this.#acknowledged + MODULUS) % MODULUS;
    if (!(count <= this.#open.length)) return;
    this.#acknowledged = h;
    const ids = this.#open.splice(0, count).map(({ id }) => id);
    if (ids.length > 0) this.#user.sent(ids);
    if (this.#open.length > 0) this.#ask();
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#user.write(`<r xmlns='${SM}'/>`);
    this.#later(ANSWER_MAX_MS);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isAsking) this.#user.silent();
      else this.#ask();
    }, ms);
  }

  #answer(): string {
    return `<a xmlns='${SM}' h='${this.#received}'/>`;
  }
}
