import type { MemberStatus, SeriesStatus } from './status.ts';

type Row = readonly (string | number)[];

/** What each member knows of the others: who sees it, who is seen, region, state, sessions, load, silence in ms, requests. */
export function clusterRows(members: readonly MemberStatus[]): readonly Row[] {
  return members.flatMap(({ member, cluster }) =>
    (cluster?.others ?? []).map((other) => [
      member,
      other.member,
      other.region,
      other.state,
      other.sessions,
      Math.round(other.load),
      other.silentMs,
      other.requests,
    ]),
  );
}

/** The same counter of several members, summed, largest first. */
export function summed(members: readonly MemberStatus[], name: string): readonly SeriesStatus[] {
  const sums = new Map<string, SeriesStatus>();
  for (const { series } of members) {
    for (const one of series) {
      // All that could happen is listed, with 0: of interest here is what did.
      if (one.value === 0) continue;
      if (one.name !== name) continue;
      const key = JSON.stringify(one.labels);
      sums.set(key, { ...one, value: one.value + (sums.get(key)?.value ?? 0) });
    }
  }
  return [...sums.values()].sort((a, b) => b.value - a.value);
}

/** `3 d 4 h`, `12 min`: what a person says. */
export function lasted(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
