import { type Bucket, fullBucket, type Instant, refill } from '../../kit/index.ts';
import { fullTraffic, isFull, type Rates, type TrafficLeft } from './rates.ts';

/** What one address has, and what is left to it. */
export interface Usage {
  sessions: number;
  readonly creations: Bucket;
  readonly failedLogins: Bucket;
  readonly traffic: TrafficLeft;
}

/** At fewer addresses it does not pay to look for some to forget. */
const SWEEP_AT_MIN = 1024;

/** The addresses of one site. Forgets one that has neither sessions nor a debt. */
export class Addresses {
  readonly #usage = new Map<string, Usage>();
  /** So many known addresses make it worth while to look which of them can be forgotten. */
  #sweepAt = SWEEP_AT_MIN;

  /** Addresses that are counted now. */
  get size(): number {
    return this.#usage.size;
  }

  of(group: string, rates: Rates, now: Instant): Usage {
    const known = this.#usage.get(group);
    if (known !== undefined) return known;
    if (this.#usage.size >= this.#sweepAt) this.#sweep(rates, now);
    const { creations, failedLogins, traffic } = rates.ofAddress;
    const fresh = {
      sessions: 0,
      creations: fullBucket(creations, now),
      failedLogins: fullBucket(failedLogins, now),
      traffic: fullTraffic(traffic, now),
    };
    this.#usage.set(group, fresh);
    return fresh;
  }

  forgetIfIdle(group: string, rates: Rates, now: Instant): void {
    const usage = this.#usage.get(group);
    if (usage !== undefined && isIdle(usage, rates, now)) this.#usage.delete(group);
  }

  /** Forgets the addresses whose creations are past. When most of them stay, the next time is later. */
  #sweep(rates: Rates, now: Instant): void {
    for (const [group, usage] of this.#usage) if (isIdle(usage, rates, now)) this.#usage.delete(group);
    this.#sweepAt = Math.max(SWEEP_AT_MIN, 2 * this.#usage.size);
  }
}

function isIdle({ sessions, creations, failedLogins, traffic }: Usage, rates: Rates, now: Instant): boolean {
  if (sessions > 0) return false;
  const { ofAddress } = rates;
  refill(creations, ofAddress.creations, now);
  refill(failedLogins, ofAddress.failedLogins, now);
  return (
    (creations.tokens >= ofAddress.creations.burst || ofAddress.creations.perSecond === 0) &&
    (failedLogins.tokens >= ofAddress.failedLogins.burst || ofAddress.failedLogins.perSecond === 0) &&
    isFull(traffic, ofAddress.traffic, now)
  );
}
