import type { Reason } from '../../reasons.ts';
import type { Memory } from '../../session/index.ts';
import { addressGroup } from '../admission/address-group.ts';
import type { Refusal } from '../admission/admission.ts';
import type { AdmissionLimits } from '../admission/limits.ts';

/*
 * Theory of operation
 *
 * Every session, WebSocket and memory of an ended session is a holding: it has a number of bytes, counted anew whenever something
 * about it changes, in two scopes: the process, and the address of its client. A scope that holds more than it may is
 * relieved at the end of the turn, in this order, and no further than it must:
 *
 *   1. memories of ended sessions are forgotten, the oldest first
 *   2. sessions before log-in are ended, those that hold most first
 *   3. reading from the servers of all its sessions stops; and what the servers have not acknowledged (XEP-0198) is not kept any more,
 *      since they cannot acknowledge it then
 *   4. sessions are not created, until it holds an eighth less than it may
 *
 * Replies that the client has not confirmed stay, whatever comes: they are bounded by the limits of each session.
 */

type Limits = Pick<AdmissionLimits, 'memoryBytesMax' | 'memoryBytesPerAddressMax'>;

/** Who holds something: a session or a WebSocket. */
export interface Holder {
  readonly holding: Holding;
  readonly isLoggedIn: boolean;
  /** It has been told that it is over: it cannot be ended any more. */
  readonly isOver: boolean;
  /** Neither side ends it. */
  endByOthers(reason: Reason, detail: string): void;
  /** Its servers are not read (true), or they are again, as far as the client reads. */
  holdBack(isHeldBack: boolean): void;
}

/** What is counted of a holder, or of a memory. */
export interface Holding {
  /** As counted last. */
  heldBytes: number;
  /** Of the client's address; undefined: no limit of one address applies. */
  account: Scope | undefined;
}

/** The memory of an ended session as it is counted. */
export interface RememberedMemory extends Holding {
  readonly memory: Memory;
}

/** The process, or one address. */
interface Scope {
  /** Of the address; undefined: the process. */
  readonly group: string | undefined;
  bytes: number;
  /** Reading has stopped, and no session is created. */
  isShort: boolean;
  /** Sessions before log-in are looked through again when it holds so much: looking at all of them at every turn would cost more. */
  lookAt: number;
  readonly live: Set<Holder>;
  readonly memories: Set<RememberedMemory>;
}

/** What a scope has done for it. */
export interface Relief {
  forget(memory: RememberedMemory): void;
  warn(detail: string): void;
}

/** A scope is short until it holds so much less than it may: else it would change with every stanza. */
const SLACK = 8;
/** A look through the sessions before log-in pays when so much has come since the last one. */
const LOOK_SLACK = 64;
const RETRY_SECONDS = 30;
const MIB = 1024 * 1024;

function newScope(group: string | undefined): Scope {
  return { group, bytes: 0, isShort: false, lookAt: 0, live: new Set(), memories: new Set() };
}

/** Counts what all sessions hold, and relieves what holds too much. */
export class Budget {
  #limits: Limits;
  readonly #process = newScope(undefined);
  readonly #accounts = new Map<string, Scope>();
  /** Scopes that hold too much, or that are short and may not be any more. */
  readonly #due = new Set<Scope>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** All that is held. */
  get bytes(): number {
    return this.#process.bytes;
  }

  get bytesMax(): number {
    return this.#limits.memoryBytesMax;
  }

  get isDue(): boolean {
    return this.#due.size > 0;
  }

  change(limits: Limits): void {
    this.#limits = limits;
    for (const scope of [this.#process, ...this.#accounts.values()]) this.#due.add(scope);
  }

  /** A session or WebSocket of an address begins. */
  open(group: string | undefined): Holding {
    return { heldBytes: 0, account: this.#accountOf(group) };
  }

  /** A session counts for another address from now on. */
  move(holder: Holder, group: string | undefined): void {
    const { holding } = holder;
    const { account: before, heldBytes } = holding;
    const wasHeldBack = this.holdsBack(holder);
    const account = this.#accountOf(group);
    before?.live.delete(holder);
    if (before !== undefined) this.#add(before, -heldBytes);
    this.#close(before);
    holding.account = account;
    account?.live.add(holder);
    if (account !== undefined) this.#add(account, heldBytes);
    const isHeldBack = this.holdsBack(holder);
    if (isHeldBack !== wasHeldBack) holder.holdBack(isHeldBack);
  }

  enter(holder: Holder): void {
    this.#process.live.add(holder);
    holder.holding.account?.live.add(holder);
  }

  leave(holder: Holder): void {
    const { holding } = holder;
    this.#process.live.delete(holder);
    holding.account?.live.delete(holder);
    this.count(holding, 0);
    this.#close(holding.account);
  }

  remember(memory: RememberedMemory, bytes: number): void {
    this.#process.memories.add(memory);
    memory.account?.memories.add(memory);
    if (memory.account?.group !== undefined) this.#accounts.set(memory.account.group, memory.account);
    this.count(memory, bytes);
  }

  forgotten(memory: RememberedMemory): void {
    this.#process.memories.delete(memory);
    memory.account?.memories.delete(memory);
    this.count(memory, 0);
    this.#close(memory.account);
  }

  /** Something about a holding has changed: it has so many bytes now. */
  count(holding: Holding, bytes: number): void {
    const change = bytes - holding.heldBytes;
    if (change === 0) return;
    holding.heldBytes = bytes;
    const { account } = holding;
    this.#add(this.#process, change);
    if (account !== undefined) this.#add(account, change);
  }

  /** Why an address gets no session now. */
  refusalOf(address: string): Refusal | undefined {
    const group = addressGroup(address);
    const account = group === undefined ? undefined : this.#accounts.get(group);
    if (!this.#process.isShort && account?.isShort !== true) return undefined;
    const whose = this.#process.isShort ? 'the process' : 'this address';
    return { reason: 'memory-short', detail: `of ${whose}`, retryAfterSeconds: RETRY_SECONDS };
  }

  /** Whether the servers of a holder are not to be read. */
  holdsBack({ holding }: Holder): boolean {
    return this.#process.isShort || holding.account?.isShort === true;
  }

  /** Does what is due. */
  relieve(relief: Relief): void {
    const due = [...this.#due].sort(
      (one, other) => Number(one.group === undefined) - Number(other.group === undefined),
    );
    this.#due.clear();
    for (const scope of due) this.#relieve(scope, relief);
  }

  #accountOf(group: string | undefined): Scope | undefined {
    if (group === undefined) return undefined;
    const known = this.#accounts.get(group);
    if (known !== undefined) return known;
    const account = newScope(group);
    this.#accounts.set(group, account);
    return account;
  }

  #maxOf({ group }: Scope): number {
    const { memoryBytesMax, memoryBytesPerAddressMax } = this.#limits;
    if (group === undefined) return memoryBytesMax;
    return memoryBytesPerAddressMax === 0 ? Number.POSITIVE_INFINITY : memoryBytesPerAddressMax;
  }

  #add(scope: Scope, change: number): void {
    scope.bytes += change;
    if (change > 0 ? scope.bytes > this.#maxOf(scope) : scope.isShort) this.#due.add(scope);
  }

  /** An address for which nothing is held needs no account. */
  #close(account: Scope | undefined): void {
    if (account?.group === undefined || account.live.size + account.memories.size > 0) return;
    this.#accounts.delete(account.group);
    this.#due.delete(account);
  }

  #relieve(scope: Scope, relief: Relief): void {
    const most = this.#maxOf(scope);
    forget(scope, most, relief);
    if (scope.bytes > most && scope.bytes >= scope.lookAt) {
      endBeforeLogin(scope, most, relief);
      scope.lookAt = scope.bytes + most / LOOK_SLACK;
    }
    if (scope.bytes > most) this.#shorten(scope, relief);
    else if (scope.bytes <= most - most / SLACK) this.#reopen(scope, relief);
  }

  #shorten(scope: Scope, relief: Relief): void {
    if (scope.isShort) return;
    scope.isShort = true;
    relief.warn(`${inMib(scope)} for ${nameOf(scope)}: no session is created, and servers are not read`);
    for (const holder of scope.live) holder.holdBack(true);
  }

  #reopen(scope: Scope, relief: Relief): void {
    scope.lookAt = 0;
    if (!scope.isShort) return;
    scope.isShort = false;
    relief.warn(`${inMib(scope)} for ${nameOf(scope)}: it goes on`);
    for (const holder of scope.live) if (!this.holdsBack(holder)) holder.holdBack(false);
  }
}

function inMib({ bytes }: Scope): string {
  return `${Math.round(bytes / MIB)} MiB are held`;
}

/** The address itself is personal data, and the sessions that end name it. */
function nameOf({ group }: Scope): string {
  return group === undefined ? 'all sessions' : 'the sessions of one address';
}

/** The oldest first. */
function forget(scope: Scope, most: number, relief: Relief): void {
  for (const memory of scope.memories) {
    if (scope.bytes <= most) return;
    relief.forget(memory);
  }
}

/** Those that hold most first; what is left of one may be its memory. */
function endBeforeLogin(scope: Scope, most: number, relief: Relief): void {
  const strangers = [...scope.live].filter(
    (holder) => !holder.isLoggedIn && !holder.isOver && holder.holding.heldBytes > 0,
  );
  strangers.sort((one, other) => other.holding.heldBytes - one.holding.heldBytes);
  for (const stranger of strangers) {
    if (scope.bytes <= most) return;
    stranger.endByOthers('memory-short', `${inMib(scope)} for ${nameOf(scope)}`);
    forget(scope, most, relief);
  }
}
