import type { MemberStatus } from './status.ts';

/** How long something took, of all members together. */
export interface Latency {
  readonly count: number;
  /** Upper bounds in seconds below which half and 95 of 100 were; undefined: beyond the last bound, or nothing was measured. */
  readonly half: number | undefined;
  readonly most: number | undefined;
}

export interface Latencies {
  readonly login: Latency;
  readonly reply: Latency;
  /** Milliseconds that they cover; undefined: all since the members started. */
  readonly coversMs: number | undefined;
}

const WINDOW_MS = 60_000;

interface Look {
  readonly atMs: number;
  readonly login: Buckets;
  readonly reply: Buckets;
}

interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Remembers the looks of the last minute, so that a page that is open shows the last minute and not all since the start. */
export class LastMinute {
  #looks: readonly Look[] = [];

  /** Takes a look, and compares it with the oldest one of the last minute. */
  latencies(members: readonly MemberStatus[], nowMs: number): Latencies {
    const look = {
      atMs: nowMs,
      login: bucketsOf(members, 'boshd_login_duration_seconds'),
      reply: bucketsOf(members, 'boshd_reply_latency_seconds'),
    };
    this.#looks = [...this.#looks.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS), look];
    const [oldest] = this.#looks;
    const before = oldest === look ? undefined : oldest;
    return {
      login: latencyOf(look.login, before?.login),
      reply: latencyOf(look.reply, before?.reply),
      coversMs: before === undefined ? undefined : nowMs - before.atMs,
    };
  }
}

/** All sites and members together: they have the same bounds. */
function bucketsOf(members: readonly MemberStatus[], name: string): Buckets {
  const histograms = members.flatMap((member) => member.histograms.filter((each) => each.name === name));
  const bounds = histograms[0]?.bounds ?? [];
  const counts = [...bounds, Number.POSITIVE_INFINITY].map((_, bucket) =>
    histograms.reduce((sum, each) => sum + (each.counts[bucket] ?? 0), 0),
  );
  return { bounds, counts };
}

/** A member that was started again since the earlier look has counted less: never below nothing. */
function latencyOf({ bounds, counts }: Buckets, before: Buckets | undefined): Latency {
  const since = counts.map((count, bucket) => Math.max(0, count - (before?.counts[bucket] ?? 0)));
  const count = since.reduce((sum, each) => sum + each, 0);
  const below = (share: number) => {
    let sum = 0;
    const bucket = since.findIndex((each) => {
      sum += each;
      return sum > 0 && sum >= share * count;
    });
    return bounds[bucket];
  };
  return { count, half: below(0.5), most: below(0.95) };
}
