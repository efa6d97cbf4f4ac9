import { after, assert, type ByteString, compact, type Instant } from '../kit/index.ts';
import { terminalBody, terminalReply } from './reply.ts';
import type { Session, Terminal } from './session.ts';
import type { Reply } from './work.ts';

/**
 * What is left of an ended session, so that a late request hears why, and one whose reply was lost gets it. Thousands are kept for
 * minutes, so it holds nothing of the session but this.
 */
export interface Memory {
  readonly sid: string;
  /** Undefined: not known, so any may be it. */
  readonly site: string | undefined;
  /** Born on https: not told on http (XEP-0124 §19.1). */
  readonly secure: boolean;
  readonly isLegacy: boolean;
  readonly contentType: string;
  readonly terminal: Terminal;
  /** The reply cache (XEP-0124 §14.3): rids, and the reply to each at the same place. */
  readonly rids: readonly number[];
  readonly replies: readonly ByteString[];
  /** Long enough for a client that waits for a reply, or is silent as long as it may. */
  readonly forgetAt: Instant;
}

export function memoryOf(session: Session): Memory {
  const { sid, site, secure, terms, life, requests, silence } = session;
  const { terminal } = life;
  const { answered } = requests;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  return {
    sid,
    site,
    secure,
    isLegacy: terms.isLegacy,
    contentType: terms.contentType,
    terminal,
    rids: answered.map(({ rid }) => rid),
    replies: answered.map(({ reply }) => compact(reply)),
    forgetAt: after(after(silence.since, terms.wait), terms.inactivity),
  };
}

/** What a memory costs besides its replies: sid, timer, its place in the tables. */
const MEMORY_COST_BYTES = 1024;

export function bytesHeldByMemory({ replies }: Memory): number {
  let bytes = MEMORY_COST_BYTES;
  for (const reply of replies) bytes += reply.length;
  return bytes;
}

/** The reply to a request that comes after the end: the one that was given before, else why the session ended. */
export function lateReply(memory: Memory, rid: number): Reply {
  const { isLegacy, contentType, terminal, rids, replies } = memory;
  const body = replies[rids.indexOf(rid)];
  if (body !== undefined) return { status: 200, contentType, body };
  return terminalReply(terminal, isLegacy, contentType, terminalBody(terminal, []));
}
