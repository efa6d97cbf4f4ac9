import type { Instant } from './time.ts';

/** So much at once, then so much a second. */
export interface Rate {
  /** 0: no limit. */
  readonly perSecond: number;
  readonly burst: number;
}

/** What is left of a rate: a token bucket. */
export interface Bucket {
  tokens: number;
  refilledAt: Instant;
}

/** A bucket that is full. */
export function fullBucket({ burst }: Rate, now: Instant): Bucket {
  return { tokens: burst, refilledAt: now };
}

export function refill(bucket: Bucket, { perSecond, burst }: Rate, now: Instant): void {
  const gained = ((now - bucket.refilledAt) / 1000) * perSecond;
  bucket.tokens = Math.min(burst, bucket.tokens + gained);
  bucket.refilledAt = now;
}

/** Takes one if there is one. */
export function takeOne(bucket: Bucket, rate: Rate, now: Instant): boolean {
  if (rate.perSecond === 0) return true;
  refill(bucket, rate, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

/** Takes an amount that has been used already; false: more than there was. */
export function spend(bucket: Bucket, rate: Rate, amount: number, now: Instant): boolean {
  if (rate.perSecond === 0) return true;
  refill(bucket, rate, now);
  bucket.tokens -= amount;
  return bucket.tokens >= 0;
}

/** Whether there is so much of it; nothing is taken. */
export function isEnough(bucket: Bucket, rate: Rate, amount: number, now: Instant): boolean {
  if (rate.perSecond === 0) return true;
  refill(bucket, rate, now);
  return bucket.tokens >= amount;
}

/** Whole seconds until there is one again; at least 1. */
export function secondsUntilOne({ tokens }: Bucket, { perSecond }: Rate): number {
  return Math.max(1, Math.ceil((1 - tokens) / perSecond));
}
