declare const instant: unique symbol;
declare const duration: unique symbol;

/** A point in time: milliseconds of a monotonic clock. Its zero is the driver's own affair. */
export type Instant = number & { readonly [instant]: true };

/** A length of time in milliseconds. */
export type Duration = number & { readonly [duration]: true };

export const millis = (count: number): Duration => count as Duration;
export const seconds = (count: number): Duration => (count * 1000) as Duration;
export const instantOf = (ms: number): Instant => ms as Instant;
export const after = (start: Instant, length: Duration): Instant => (start + length) as Instant;
export const between = (start: Instant, end: Instant): Duration => (end - start) as Duration;

/** The earlier of two instants, either of which may not be set. */
export function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}

export function shorter(a: Duration, b: Duration): Duration {
  return a < b ? a : b;
}
