import type { Instant } from '../../kit/index.ts';
import type { AdmissionLimits } from '../config.ts';

interface Usage {
  sessions: number;
  /** Creations that may still be made at once. */
  tokens: number;
  refilledAt: Instant;
}

/** At fewer addresses it does not pay to look for some to forget. */
const SWEEP_AT_MIN = 1024;

/** Counts sessions and creations by address. Forgets an address that has neither sessions nor a debt. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #usage = new Map<string, Usage>();
  /** So many known addresses make it worth while to look which of them can be forgotten. */
  #sweepAt = SWEEP_AT_MIN;
  #live = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Addresses that are counted now. */
  get knownAddresses(): number {
    return this.#usage.size;
  }

  get liveSessions(): number {
    return this.#live;
  }

  /** Takes a session in, or says why not. */
  enter(address: string, now: Instant): string | undefined {
    const limits = this.#limits;
    if (this.#live >= limits.sessionsMax) return `${limits.sessionsMax} sessions are live`;
    if (!isProxy(address)) {
      const usage = this.#usageOf(address, now);
      const { sessionsPerAddressMax } = limits;
      if (sessionsPerAddressMax > 0 && usage.sessions >= sessionsPerAddressMax) {
        return `${sessionsPerAddressMax} sessions of this address are live`;
      }
      if (limits.creationsPerAddressPerSecond > 0) {
        if (usage.tokens < 1) return 'this address creates sessions too fast';
        usage.tokens -= 1;
      }
      usage.sessions += 1;
    }
    this.#live += 1;
    return undefined;
  }

  leave(address: string, now: Instant): void {
    this.#live -= 1;
    if (isProxy(address)) return;
    const usage = this.#usageOf(address, now);
    usage.sessions -= 1;
    if (this.#isForgettable(usage)) this.#usage.delete(address);
  }

  /** Forgets the addresses whose creations are past. When most of them stay, the next time is later. */
  #sweep(now: Instant): void {
    for (const [address, usage] of this.#usage) {
      this.#refill(usage, now);
      if (this.#isForgettable(usage)) this.#usage.delete(address);
    }
    this.#sweepAt = Math.max(SWEEP_AT_MIN, 2 * this.#usage.size);
  }

  #usageOf(address: string, now: Instant): Usage {
    const known = this.#usage.get(address);
    if (known !== undefined) {
      this.#refill(known, now);
      return known;
    }
    if (this.#usage.size >= this.#sweepAt) this.#sweep(now);
    const fresh: Usage = { sessions: 0, tokens: this.#limits.creationsPerAddressBurst, refilledAt: now };
    this.#usage.set(address, fresh);
    return fresh;
  }

  #refill(usage: Usage, now: Instant): void {
    const { creationsPerAddressPerSecond, creationsPerAddressBurst } = this.#limits;
    const gained = ((now - usage.refilledAt) / 1000) * creationsPerAddressPerSecond;
    usage.tokens = Math.min(creationsPerAddressBurst, usage.tokens + gained);
    usage.refilledAt = now;
  }

  #isForgettable({ sessions, tokens }: Usage): boolean {
    return sessions === 0 && tokens >= this.#limits.creationsPerAddressBurst;
  }
}

/** An unconfigured loopback or Unix-socket peer is a proxy in front of many people: no limit of one address applies. */
function isProxy(address: string): boolean {
  return (
    address === '' || address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
  );
}
