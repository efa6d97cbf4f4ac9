import type { MemberStatus } from './status.ts';

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
