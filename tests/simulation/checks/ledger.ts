import { NS } from '@boshd/engine/wire';

/** Something went against what boshd promises. */
export class Broken extends Error {
  override readonly name = 'Broken';
  /** Whose session it is about. */
  readonly actor: string;

  constructor(actor: string, what: string) {
    super(`${actor}: ${what}`);
    this.actor = actor;
  }
}

const DEFAULT_NAMESPACE = " xmlns='jabber:client'";
const STREAM_PREFIX = ` xmlns:stream='${NS.stream}'`;

/** A payload as both sides know it: boshd adds a stanza's namespace, the client what is declared on <body/>, and features are made anew. */
export function printOf(payload: string): string {
  if (payload.startsWith('<stream:features')) return '<stream:features>';
  return payload.replace(DEFAULT_NAMESPACE, '').replace(STREAM_PREFIX, '');
}

const ID = / id='([^']*)'/;

export const idOf = (payload: string): string => ID.exec(payload)?.[1] ?? '';

/** What one session was given to carry, and what it brought: exactly once and in order, both ways (docs/testing.md). */
export class Ledger {
  readonly #actor: string;
  readonly #fromClient: string[] = [];
  readonly #fromServer: string[] = [];
  readonly #returned = new Set<string>();
  /** Of the client's, those that came back to it as errors. */
  readonly #sentBack = new Set<string>();
  /** Kept by the server, for it was never acknowledged (XEP-0198). */
  readonly #kept = new Set<string>();
  /** Acknowledged as the manager's own: it gives them to the client, or back. */
  readonly #owed = new Set<string>();
  #toServer = 0;
  /** The first of the client's payloads that the server did not get although it got later ones. */
  #lacking: number | undefined;
  #toClient = 0;
  /** How many of the server's payloads came to the manager whole. */
  #handedOver = 0;

  constructor(actor: string) {
    this.#actor = actor;
  }

  get isEven(): boolean {
    return this.#toServer === this.#fromClient.length && this.#toClient === this.#fromServer.length;
  }

  get carried(): number {
    return this.#toServer + this.#toClient;
  }

  get fromServerCount(): number {
    return this.#fromServer.length;
  }

  clientSent(payload: string): void {
    this.#fromClient.push(printOf(payload));
  }

  serverSent(payload: string): void {
    this.#fromServer.push(printOf(payload));
  }

  /** Another stream is opened for the session: what the one before said died with the process, and came to nobody. */
  streamIsNew(): void {
    if (this.#toClient > 0) throw new Broken(this.#actor, 'a stream that the client knows was opened anew');
    this.#fromServer.length = 0;
    this.#handedOver = 0;
  }

  /** The bytes of the server's first `count` payloads were given to the manager. */
  handedOver(count: number): void {
    this.#handedOver = count;
  }

  /** `mayLack`: a terminate has overtaken requests that never came; the client must be told so. */
  serverGot(payload: string, mayLack: boolean): void {
    const expected = this.#fromClient[this.#toServer];
    const got = printOf(payload);
    const at = mayLack ? this.#fromClient.indexOf(got, this.#toServer) : this.#toServer;
    if (this.#fromClient[at] !== got)
      throw new Broken(this.#actor, `the server got ${got} and not ${expected ?? 'nothing'}`);
    if (at > this.#toServer) this.#lacking ??= this.#toServer;
    this.#toServer = at + 1;
  }

  /** `mayLack`: the client was away for too long, or said goodbye, and gets only the error that ended the stream. */
  clientGot(payload: string, mayLack: boolean): void {
    const expected = this.#fromServer[this.#toClient];
    const got = printOf(payload);
    if (mayLack && got.startsWith('<stream:error')) return;
    if (this.#comesBack(got)) return;
    if (got !== expected)
      throw new Broken(this.#actor, `the client got ${got} and not ${expected ?? 'nothing'}`);
    this.#toClient += 1;
  }

  /** An error for a stanza of the client, each once: the server may have got it all the same. */
  #comesBack(got: string): boolean {
    const id = idOf(got);
    const isAnError = got.includes("type='error'");
    if (!isAnError || !this.#fromClient.some((each) => isForSomebody(each) && idOf(each) === id))
      return false;
    if (this.#sentBack.has(id)) throw new Broken(this.#actor, `${id} came back twice`);
    this.#sentBack.add(id);
    return true;
  }

  /** The manager gave a stanza back: it says that the client did not get it. */
  serverGotBack(payload: string): void {
    const id = idOf(payload);
    if (this.#returned.has(id)) throw new Broken(this.#actor, `${id} was given back twice`);
    const at = this.#fromServer.findIndex((each) => idOf(each) === id);
    if (at < 0) throw new Broken(this.#actor, `${id} was given back, but never sent`);
    this.#returned.add(id);
  }

  /** boshd acknowledged it: the client has it, or it was given back where that can be. */
  mustBeSettled(place: number, isExcused: (id: string) => boolean): void {
    const payload = this.#fromServer[place] ?? '';
    const isSettled = place < this.#toClient || this.#returned.has(idOf(payload)) || !isReturnable(payload);
    if (!isSettled && !isExcused(idOf(payload)))
      throw new Broken(this.#actor, `${idOf(payload)} was acknowledged, and came to nobody`);
  }

  owed(place: number): void {
    this.#owed.add(idOf(this.#fromServer[place] ?? ''));
  }

  isOwed(id: string): boolean {
    return this.#owed.has(id);
  }

  /** The stream ended before it was acknowledged. */
  serverKept(place: number): void {
    const id = idOf(this.#fromServer[place] ?? '');
    if (this.#returned.has(id)) throw new Broken(this.#actor, `${id} was given back, and not acknowledged`);
    this.#kept.add(id);
  }

  /** Stanzas that were given back although the client got them. */
  get doubled(): readonly string[] {
    return this.#fromServer
      .slice(0, this.#toClient)
      .map(idOf)
      .filter((id) => this.#returned.has(id) || this.#kept.has(id));
  }

  /**
   * The session ended in order: nobody may wait for what is neither here nor there. What the client was told to be in
   * doubt or unsent is the end of what it sent.
   */
  settleClient(inDoubt: readonly string[], unsent: readonly string[]): void {
    const told = [...inDoubt, ...unsent].map(printOf);
    const sure = this.#fromClient.length - told.length;
    const last = this.#fromClient.slice(sure);
    if (last.join() !== told.join())
      throw new Broken(this.#actor, 'what is in doubt or unsent is not what was sent last');
    const complete = this.#lacking ?? this.#toServer;
    if (complete < sure)
      throw new Broken(
        this.#actor,
        `the server never got ${this.#fromClient[complete]}, which was confirmed`,
      );
    if (this.#toServer > this.#fromClient.length - unsent.length)
      throw new Broken(this.#actor, 'the server got what was never sent');
  }

  /** The stream ended and could not be resumed: what its server never got came back to the client. */
  settleLost(inDoubt: readonly string[], unsent: readonly string[]): void {
    const sure = this.#fromClient.length - inDoubt.length - unsent.length;
    for (const payload of this.#fromClient.slice(this.#toServer, sure)) {
      if (isForSomebody(payload) && !this.#sentBack.has(idOf(payload)))
        throw new Broken(this.#actor, `the server never got ${payload}, and it did not come back`);
    }
  }

  /** What the manager had got from the server came to the client, or went back where it can. */
  settleServer(isExcused: (id: string) => boolean): void {
    for (const payload of this.#fromServer.slice(this.#toClient, this.#handedOver)) {
      const id = idOf(payload);
      if (isReturnable(payload) && !this.#returned.has(id) && !this.#kept.has(id) && !isExcused(id))
        throw new Broken(this.#actor, `${id} came to nobody`);
    }
  }
}

/** A message or request of the client: who sent it waits for what becomes of it. */
function isForSomebody(payload: string): boolean {
  return payload.startsWith('<message') || /^<iq[^>]* type='(?:get|set)'/.test(payload);
}

/** XEP-0206 §7: messages and requests go back, the rest is dropped. */
function isReturnable(payload: string): boolean {
  if (payload.startsWith('<message'))
    return payload.includes(' from=') && !payload.includes("type='headline'");
  return payload.startsWith('<iq') && /type='(?:get|set)'/.test(payload);
}
