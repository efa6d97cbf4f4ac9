import { type Bucket, fullBucket, type Instant, refill, secondsUntilOne, takeOne } from '@boshd/engine/kit';

/** How many log-ins of one account may be tried. */
export interface AttemptLimits {
  /** 0: no limit. */
  readonly attemptsPerMinute: number;
  readonly attemptsBurst: number;
}

const SECONDS_PER_MINUTE = 60;
/** At fewer accounts it does not pay to look for some to forget. */
const SWEEP_AT_MIN = 1024;
/** Accounts can be made up by whoever has the secret, so there must be an end; who is not remembered has tried nothing lately. */
const ACCOUNTS_MAX = 100_000;

/** Counts attempts by account: a web application that passes on what people type in is tried with lists of passwords. */
export class Attempts {
  readonly #left = new Map<string, Bucket>();
  #sweepAt = SWEEP_AT_MIN;

  /** Takes one attempt; undefined, or in how many seconds there is one again. */
  take(account: string, limits: AttemptLimits, now: Instant): number | undefined {
    const rate = {
      perSecond: limits.attemptsPerMinute / SECONDS_PER_MINUTE,
      burst: limits.attemptsBurst,
    };
    if (this.#left.size >= this.#sweepAt) this.#sweep(rate, now);
    const bucket = this.#left.get(account) ?? fullBucket(rate, now);
    this.#left.set(account, bucket);
    return takeOne(bucket, rate, now) ? undefined : secondsUntilOne(bucket, rate);
  }

  /** Forgets the accounts that may try as often as any; when most of them stay, the next time is later. */
  #sweep(rate: { readonly perSecond: number; readonly burst: number }, now: Instant): void {
    for (const [account, bucket] of this.#left) {
      refill(bucket, rate, now);
      if (bucket.tokens >= rate.burst || this.#left.size > ACCOUNTS_MAX) this.#left.delete(account);
    }
    this.#sweepAt = Math.min(ACCOUNTS_MAX, Math.max(SWEEP_AT_MIN, 2 * this.#left.size));
  }
}
