import { earlier, type Instant, type Timed, TimerTable } from '../kit/index.ts';
import { bytesHeldByMemory, type Memory, memoryOf, type RequestId } from '../session/index.ts';
import type { SocketId } from '../socket/index.ts';
import type { BoshClient } from './bosh-client.ts';
import type { ClientSide } from './client-side.ts';
import type { Budget, RememberedMemory } from './memory/budget.ts';
import type { WebSocketClient } from './websocket-client.ts';

interface Remembered extends Timed, RememberedMemory {}

/**
 * Every client that lives, and what is left of sessions that ended, found by what an input names: a sid, a creation request,
 * a WebSocket.
 */
export class Clients {
  readonly #timers = new TimerTable<ClientSide>();
  #endedMax: number;
  readonly #bySid = new Map<string, BoshClient>();
  /** Creation requests until the second request: their abort or loss names no sid. */
  readonly #byCreation = new Map<RequestId, BoshClient>();
  readonly #bySocket = new Map<SocketId, WebSocketClient>();
  /** By sid, in the order in which they ended. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #forgetting = new TimerTable<Remembered>();

  readonly #budget: Budget;

  constructor(endedMax: number, budget: Budget) {
    this.#endedMax = endedMax;
    this.#budget = budget;
  }

  /** When the next client is due, or the next memory to be forgotten. */
  get deadline(): Instant | undefined {
    return earlier(this.#timers.earliest, this.#forgetting.earliest);
  }

  /** Ended sessions that are remembered. */
  get remembered(): number {
    return this.#remembered.size;
  }

  /** Sessions that live. */
  get sessions(): Iterable<BoshClient> {
    return this.#bySid.values();
  }

  /** WebSockets that are open. */
  get sockets(): Iterable<WebSocketClient> {
    return this.#bySocket.values();
  }

  /** Those with a short name, which nearly always is one. */
  named(name: string): readonly (BoshClient | WebSocketClient)[] {
    return [...this.sessions, ...this.sockets].filter(({ facts }) => facts.name === name);
  }

  ofSid(sid: string): BoshClient | undefined {
    return this.#bySid.get(sid);
  }

  memoryOf(sid: string): Memory | undefined {
    return this.#remembered.get(sid)?.memory;
  }

  ofRequest(request: RequestId, sid: string | undefined): BoshClient | undefined {
    return sid === undefined ? this.#byCreation.get(request) : this.#bySid.get(sid);
  }

  ofSocket(id: SocketId): WebSocketClient | undefined {
    return this.#bySocket.get(id);
  }

  /** A client whose time has come. */
  due(now: Instant): ClientSide | undefined {
    return this.#timers.due(now);
  }

  addSession(client: BoshClient, creation: RequestId): void {
    this.#bySid.set(client.session.sid, client);
    this.#byCreation.set(creation, client);
    client.creationRequest = creation;
    this.#budget.enter(client);
  }

  /** One that another process had: its client knows its sid. */
  addRestored(client: BoshClient): void {
    this.#bySid.set(client.session.sid, client);
    this.#budget.enter(client);
  }

  addSocket(client: WebSocketClient): void {
    this.#bySocket.set(client.id, client);
    this.#budget.enter(client);
  }

  /** The client knows its sid. */
  creationConfirmed(client: BoshClient): void {
    if (client.creationRequest !== undefined) this.#byCreation.delete(client.creationRequest);
    client.creationRequest = undefined;
  }

  schedule(client: ClientSide, deadline: Instant | undefined): void {
    client.deadline = deadline;
    this.#timers.moved(client);
  }

  removeSocket(client: WebSocketClient): void {
    this.#bySocket.delete(client.id);
    this.#budget.leave(client);
    this.#timers.drop(client);
  }

  /** Keeps of an ended session only the memory, so that a late request hears why. */
  bury(client: BoshClient): void {
    const { session } = client;
    client.isEnded = true;
    this.creationConfirmed(client);
    this.#bySid.delete(session.sid);
    this.#timers.drop(client);
    const { account } = client.holding;
    // In this order the account of its address is never empty, which would end it, short as it may be.
    this.remember(memoryOf(session), account);
    this.#budget.leave(client);
    this.#forgetSurplus();
  }

  /** @param account of the client's address, where it is known */
  remember(memory: Memory, account?: Remembered['account']): void {
    const remembered = { memory, account, heldBytes: 0, deadline: memory.forgetAt, scheduled: undefined };
    this.#remembered.set(memory.sid, remembered);
    this.#budget.remember(remembered, bytesHeldByMemory(memory));
    this.#forgetting.moved(remembered);
  }

  /** From now on so many ended sessions are remembered. */
  keep(endedMax: number): void {
    this.#endedMax = endedMax;
    this.#forgetSurplus();
  }

  /** Forgets the memories whose time is over. */
  forgetDue(now: Instant): void {
    const timers = this.#forgetting;
    for (let due = timers.due(now); due !== undefined; due = timers.due(now)) {
      this.#remembered.delete(due.memory.sid);
      this.#budget.forgotten(due);
    }
  }

  /** A late request hears item-not-found from now on. */
  forget({ memory: { sid } }: RememberedMemory): void {
    const remembered = this.#remembered.get(sid);
    if (remembered !== undefined) this.#forget(sid, remembered);
  }

  #forget(sid: string, remembered: Remembered): void {
    this.#remembered.delete(sid);
    this.#forgetting.drop(remembered);
    this.#budget.forgotten(remembered);
  }

  /** The oldest come first in a map. */
  #forgetSurplus(): void {
    if (this.#remembered.size <= this.#endedMax) return;
    for (const [sid, oldest] of this.#remembered) {
      this.#forget(sid, oldest);
      if (this.#remembered.size <= this.#endedMax) return;
    }
  }
}
