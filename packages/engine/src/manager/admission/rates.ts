import { type Bucket, fullBucket, type Instant, type Rate, refill, spend } from '../../kit/index.ts';
import type { AdmissionLimits } from './limits.ts';

/** The limits of a site that are rates. */
export interface Rates {
  readonly creations: Rate;
  readonly ofAddress: { readonly creations: Rate; readonly failedLogins: Rate; readonly traffic: Traffic };
  readonly ofSession: Traffic;
}

/** What may be sent. */
export interface Traffic {
  readonly bytes: Rate;
  readonly payloads: Rate;
}

/** What is left of it. */
export interface TrafficLeft {
  readonly bytes: Bucket;
  readonly payloads: Bucket;
}

const SECONDS_PER_MINUTE = 60;

export function ratesOf(limits: AdmissionLimits): Rates {
  return {
    creations: { perSecond: limits.creationsPerSecond, burst: limits.creationsBurst },
    ofAddress: {
      creations: {
        perSecond: limits.creationsPerAddressPerSecond,
        burst: limits.creationsPerAddressBurst,
      },
      failedLogins: {
        perSecond: limits.failedLoginsPerAddressPerMinute / SECONDS_PER_MINUTE,
        burst: limits.failedLoginsPerAddressBurst,
      },
      traffic: {
        bytes: { perSecond: limits.bytesPerAddressPerSecond, burst: limits.bytesPerAddressBurst },
        payloads: { perSecond: limits.payloadsPerAddressPerSecond, burst: limits.payloadsPerAddressBurst },
      },
    },
    ofSession: {
      bytes: { perSecond: limits.bytesPerSessionPerSecond, burst: limits.bytesPerSessionBurst },
      payloads: { perSecond: limits.payloadsPerSessionPerSecond, burst: limits.payloadsPerSessionBurst },
    },
  };
}

export function fullTraffic({ bytes, payloads }: Traffic, now: Instant): TrafficLeft {
  return { bytes: fullBucket(bytes, now), payloads: fullBucket(payloads, now) };
}

/** Takes off what was sent; returns what of it was too much. */
export function spendTraffic(
  left: TrafficLeft,
  limits: Traffic,
  sent: { readonly bytes: number; readonly payloads: number },
  now: Instant,
): 'bytes' | 'payloads' | undefined {
  const areBytesLeft = spend(left.bytes, limits.bytes, sent.bytes, now);
  const arePayloadsLeft = spend(left.payloads, limits.payloads, sent.payloads, now);
  if (!areBytesLeft) return 'bytes';
  return arePayloadsLeft ? undefined : 'payloads';
}

/** Whether nothing of it is used up. */
export function isFull(left: TrafficLeft, { bytes, payloads }: Traffic, now: Instant): boolean {
  refill(left.bytes, bytes, now);
  refill(left.payloads, payloads, now);
  return left.bytes.tokens >= bytes.burst && left.payloads.tokens >= payloads.burst;
}
