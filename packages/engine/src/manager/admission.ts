import type { Instant } from '../kit/index.ts';
import type { AdmissionLimits } from './config.ts';

interface Usage {
  sessions: number;
  /** Creations that may still be made at once. */
  tokens: number;
  refilledAt: Instant;
}

/** Counts sessions and creations by address. Forgets an address that has neither sessions nor a debt. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #usage = new Map<string, Usage>();
  #live = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
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
    if (usage.sessions === 0 && usage.tokens >= this.#limits.creationsPerAddressBurst)
      this.#usage.delete(address);
  }

  /** Forgets addresses whose creations are long past. Called now and then. */
  sweep(now: Instant): void {
    for (const address of this.#usage.keys()) {
      const usage = this.#usageOf(address, now);
      if (usage.sessions === 0 && usage.tokens >= this.#limits.creationsPerAddressBurst)
        this.#usage.delete(address);
    }
  }

  #usageOf(address: string, now: Instant): Usage {
    const { creationsPerAddressPerSecond, creationsPerAddressBurst } = this.#limits;
    const known = this.#usage.get(address);
    if (known === undefined) {
      const fresh: Usage = { sessions: 0, tokens: creationsPerAddressBurst, refilledAt: now };
      this.#usage.set(address, fresh);
      return fresh;
    }
    const gained = ((now - known.refilledAt) / 1000) * creationsPerAddressPerSecond;
    known.tokens = Math.min(creationsPerAddressBurst, known.tokens + gained);
    known.refilledAt = now;
    return known;
  }
}

/** An unconfigured loopback or Unix-socket peer is a proxy in front of many people: no limit of one address applies. */
function isProxy(address: string): boolean {
  return (
    address === '' || address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
  );
}
