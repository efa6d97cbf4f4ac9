import {
  type Bucket,
  fullBucket,
  type Instant,
  isEnough,
  secondsUntilOne,
  spend,
  takeOne,
} from '../../kit/index.ts';
import type { Reason } from '../../reasons.ts';
import { addressGroup, networksOf } from './address-group.ts';
import { Addresses, type Usage } from './addresses.ts';
import type { AdmissionLimits } from './limits.ts';
import { Places } from './places.ts';
import { fullTraffic, type Rates, ratesOf, spendTraffic, type TrafficLeft } from './rates.ts';

/** Why a session may not be had, or may not go on. */
export interface Refusal {
  readonly reason: Reason;
  /** For logs. */
  readonly detail: string;
  /** When it makes sense to try again. */
  readonly retryAfterSeconds: number;
}

/** What is counted of one session. */
export interface Guest {
  /** What limits of one address are counted by; undefined: there are none. */
  group: string | undefined;
  readonly traffic: TrafficLeft;
  /** Ends the session, when its place is needed for another. Only while nobody has logged in. */
  end: ((why: Refusal) => void) | undefined;
  /** A limit is passed; its next request hears it. */
  violation: Refusal | undefined;
}

/** With a limit on how many there are, nobody knows when there is room again; half a minute keeps a crowd from hammering. */
const FULL_RETRY_SECONDS = 30;

/** Who may come in, and what they may send, in one site. */
export class Admission {
  #limits: AdmissionLimits;
  #rates: Rates;
  readonly #addresses = new Addresses();
  #creations: Bucket | undefined;
  #live = 0;
  /** Of sessions in which nobody has logged in yet. */
  readonly #prelogin = new Places<Guest>();
  #displaced: Guest[] = [];

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#rates = ratesOf(limits);
  }

  /** Other limits, under which those who are in stay. */
  change(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#rates = ratesOf(limits);
  }

  /** Addresses that are counted now. */
  get knownAddresses(): number {
    return this.#addresses.size;
  }

  get liveSessions(): number {
    return this.#live;
  }

  get preloginSessions(): number {
    return this.#prelogin.held;
  }

  /** Takes a session in, or says why not. */
  enter(address: string, now: Instant): Guest | Refusal {
    const group = addressGroup(address);
    const networks = networksOf(address);
    const isFull = this.#prelogin.held >= this.#limits.preloginSessionsMax;
    const displaced = isFull ? this.#prelogin.displacedBy(networks) : undefined;
    const isWithoutPlace = isFull && displaced === undefined;
    const refusal = this.#refusalOfSite(isWithoutPlace, now) ?? this.#refusalOfAddress(group, now);
    if (refusal !== undefined) return refusal;
    if (displaced !== undefined) {
      this.#prelogin.leave(displaced);
      this.#displaced.push(displaced);
    }
    return this.readmit(address, false, now);
  }

  /** Takes in a session that was in before, in another process: it counts, and is not refused. */
  readmit(address: string, isLoggedIn: boolean, now: Instant): Guest {
    const group = addressGroup(address);
    this.#live += 1;
    const usage = this.#usageOf(group, now);
    if (usage !== undefined) usage.sessions += 1;
    const traffic = fullTraffic(this.#rates.ofSession, now);
    const guest: Guest = { group, traffic, end: undefined, violation: undefined };
    if (!isLoggedIn) this.#prelogin.take(guest, networksOf(address));
    return guest;
  }

  /** Those whose place went to another network since this was last asked: their sessions are to be ended. */
  takeDisplaced(): readonly Guest[] {
    const displaced = this.#displaced;
    if (displaced.length > 0) this.#displaced = [];
    return displaced;
  }

  leave(guest: Guest, now: Instant): void {
    this.#live -= 1;
    this.loggedIn(guest);
    this.#release(guest, now);
  }

  /**
   * The session is used from another address, and counts there from now on. Not where that address has as many as it may,
   * unless it must: else two addresses could have any number of sessions by using those of one from the other. False: it is
   * counted where it was.
   */
  move(guest: Guest, address: string, must: boolean, now: Instant): boolean {
    const group = addressGroup(address);
    if (group === guest.group) return false;
    const usage = this.#usageOf(group, now);
    const { sessionsPerAddressMax } = this.#limits;
    const isFull =
      usage !== undefined && sessionsPerAddressMax > 0 && usage.sessions >= sessionsPerAddressMax;
    if (isFull && !must) return false;
    this.#release(guest, now);
    if (usage !== undefined) usage.sessions += 1;
    guest.group = group;
    return true;
  }

  loggedIn(guest: Guest): void {
    this.#prelogin.leave(guest);
    guest.end = undefined;
  }

  /** An XMPP server refused a log-in. Whoever tries too many passwords may not go on. */
  loginFailed(guest: Guest, now: Instant): void {
    const usage = this.#usageOf(guest.group, now);
    const rate = this.#rates.ofAddress.failedLogins;
    if (usage === undefined || spend(usage.failedLogins, rate, 1, now)) return;
    guest.violation ??= tooManyFailedLogins(secondsUntilOne(usage.failedLogins, rate));
  }

  /** Counts what a session sent; returns what was too much about it. */
  sent(guest: Guest, bytes: number, payloads: number, now: Instant): Refusal | undefined {
    const what = { bytes, payloads };
    const ofSession = spendTraffic(guest.traffic, this.#rates.ofSession, what, now);
    if (ofSession !== undefined) return tooMuch(ofSession, 'this session');
    const usage = this.#usageOf(guest.group, now);
    if (usage === undefined) return undefined;
    const ofAddress = spendTraffic(usage.traffic, this.#rates.ofAddress.traffic, what, now);
    return ofAddress === undefined ? undefined : tooMuch(ofAddress, 'all sessions of this address');
  }

  /** What would be too much about so many bytes of a session; nothing is counted. */
  excess(guest: Guest, bytes: number, now: Instant): Refusal | undefined {
    if (guest.violation !== undefined) return guest.violation;
    const { ofSession, ofAddress } = this.#rates;
    if (!isEnough(guest.traffic.bytes, ofSession.bytes, bytes, now)) return tooMuch('bytes', 'this session');
    const usage = this.#usageOf(guest.group, now);
    if (usage === undefined || isEnough(usage.traffic.bytes, ofAddress.traffic.bytes, bytes, now))
      return undefined;
    return tooMuch('bytes', 'all sessions of this address');
  }

  /** The session does not count for its address any more. */
  #release({ group }: Guest, now: Instant): void {
    const usage = this.#usageOf(group, now);
    if (group === undefined || usage === undefined) return;
    usage.sessions -= 1;
    this.#addresses.forgetIfIdle(group, this.#rates, now);
  }

  #usageOf(group: string | undefined, now: Instant): Usage | undefined {
    return group === undefined ? undefined : this.#addresses.of(group, this.#rates, now);
  }

  #refusalOfSite(isWithoutPlace: boolean, now: Instant): Refusal | undefined {
    const { sessionsMax, preloginSessionsMax } = this.#limits;
    if (this.#live >= sessionsMax) return full(`${sessionsMax} sessions are live`);
    if (isWithoutPlace) {
      return full(`${preloginSessionsMax} sessions are live without a log-in`);
    }
    const rate = this.#rates.creations;
    this.#creations ??= fullBucket(rate, now);
    if (takeOne(this.#creations, rate, now)) return undefined;
    return tooFast('sessions are created too fast', secondsUntilOne(this.#creations, rate));
  }

  #refusalOfAddress(group: string | undefined, now: Instant): Refusal | undefined {
    const usage = this.#usageOf(group, now);
    if (usage === undefined) return undefined;
    const { sessionsPerAddressMax } = this.#limits;
    const { creations, failedLogins } = this.#rates.ofAddress;
    if (!spend(usage.failedLogins, failedLogins, 0, now)) {
      return tooManyFailedLogins(secondsUntilOne(usage.failedLogins, failedLogins));
    }
    if (sessionsPerAddressMax > 0 && usage.sessions >= sessionsPerAddressMax) {
      return full(`${sessionsPerAddressMax} sessions of this address are live`);
    }
    if (takeOne(usage.creations, creations, now)) return undefined;
    return tooFast('this address creates sessions too fast', secondsUntilOne(usage.creations, creations));
  }
}

export function isRefusal(outcome: Guest | Refusal): outcome is Refusal {
  return 'reason' in outcome;
}

/** There are as many as there may be. */
export function full(detail: string): Refusal {
  return { reason: 'too-many-sessions', detail, retryAfterSeconds: FULL_RETRY_SECONDS };
}

function tooFast(detail: string, retryAfterSeconds: number): Refusal {
  return { reason: 'too-many-sessions', detail, retryAfterSeconds };
}

function tooManyFailedLogins(retryAfterSeconds: number): Refusal {
  return { reason: 'too-many-failed-logins', detail: 'of this address', retryAfterSeconds };
}

function tooMuch(what: 'bytes' | 'payloads', whose: string): Refusal {
  return { reason: 'too-much-traffic', detail: `${what} of ${whose}`, retryAfterSeconds: FULL_RETRY_SECONDS };
}
