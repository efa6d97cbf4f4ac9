import { lasted } from './rows.ts';
import { type MemberStatus, type OtherStatus, totalOf } from './status.ts';

/** Above that a process has more to do than one core can (docs/operations.md). */
const LOOP_DELAY_MS_MAX = 100;
/** Share of limits.memoryBytesMax above which new sessions are soon refused. */
const MEMORY_SHARE_MAX = 0.8;
/** Failures with the same reason within the last ten minutes that are worth a sentence. */
const FAILURES_MIN = 5;
const FAILURES_MS = 10 * 60_000;

/** What needs a person, in words that say what to do, the most urgent first. Nothing: all is well. */
export function adviceOf(
  members: readonly MemberStatus[],
  others: readonly OtherStatus[],
  now: Date,
): readonly string[] {
  return [
    ...(members.length === 0 ? ['No worker answers: look at what they logged.'] : []),
    ...others.flatMap(otherAdvice),
    ...members.flatMap(memberAdvice),
    ...deafAdvice(members),
    ...versionAdvice(members),
    ...failureAdvice(members, now),
  ];
}

function otherAdvice({ member, state, silentMs, sessions }: OtherStatus): readonly string[] {
  if (state === 'draining') return [drainAdvice(member, sessions)];
  if (state === 'live') return [];
  const silence = `${(silentMs / 1000).toFixed(1)} s`;
  return [
    `${member} is ${state}: it has said nothing for ${silence}. See whether its process runs and reaches NATS; its sessions wait until it is proven dead.`,
  ];
}

function memberAdvice({ member, notReady, sites, process }: MemberStatus): readonly string[] {
  const { open, opening, sockets } = totalOf(sites);
  const advice = notReady === undefined ? [] : [drainAdvice(member, open + opening + sockets)];
  if (process.loopDelayP99Ms > LOOP_DELAY_MS_MAX) {
    advice.push(
      `${member} is late by up to ${Math.round(process.loopDelayP99Ms)} ms: one core is not enough for it. Add workers (workers: auto) or members.`,
    );
  }
  if (process.heldBytes > MEMORY_SHARE_MAX * process.heldBytesMax) {
    const percent = Math.round((100 * process.heldBytes) / process.heldBytesMax);
    advice.push(
      `${member} uses ${percent} % of the memory that clients may take; beyond 100 % new sessions are refused. Raise limits.memoryBytesMax or add members.`,
    );
  }
  return advice;
}

function drainAdvice(member: string, sessions: number): string {
  if (sessions === 0) return `${member} takes no new sessions and has none left: it can be stopped.`;
  const left = sessions === 1 ? '1 session is left' : `${sessions} sessions are left`;
  return `${member} takes no new sessions; ${left}. Wait, or stop it: what is left is then ended properly.`;
}

/** Members that answer here and not each other. */
function deafAdvice(members: readonly MemberStatus[]): readonly string[] {
  const full = new Set(members.map(({ member }) => member));
  return members.flatMap(({ member, cluster }) =>
    (cluster?.others ?? [])
      .filter((other) => full.has(other.member) && other.state !== 'live' && other.state !== 'draining')
      .map(
        (other) =>
          `${other.member} answers here, and for ${member} it is ${other.state}: look at the mesh between them.`,
      ),
  );
}

function versionAdvice(members: readonly MemberStatus[]): readonly string[] {
  const versions = [...new Set(members.map(({ version }) => version))].sort();
  return versions.length < 2
    ? []
    : [`Members run different versions (${versions.join(', ')}): right during an upgrade, and only then.`];
}

/** The most frequent failure of late, in the words of its reason. */
function failureAdvice(members: readonly MemberStatus[], now: Date): readonly string[] {
  const late = members
    .flatMap(({ failures }) => failures)
    .filter(({ at }) => now.getTime() - Date.parse(at) < FAILURES_MS);
  const kinds = new Map<string, number>();
  for (const { domain, text } of late) {
    const kind = `${domain}: ${text}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const [most] = [...kinds].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] < FAILURES_MIN) return [];
  return [`${most[1]} of the last failures, within ${lasted(FAILURES_MS)}, were of ${most[0]}`];
}
