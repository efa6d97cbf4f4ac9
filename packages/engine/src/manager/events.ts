import { between, type Instant } from '../kit/index.ts';
import type { Session, Terminal, Undelivered } from '../session/index.ts';
import type { Resuming } from '../stream/index.ts';
import { NS } from '../wire/index.ts';
import type { LogEvent } from './output.ts';
import { type Reason, reasonFacts } from './reasons.ts';
import type { Upstream } from './slot.ts';
import type { StartFailure } from './start/start.ts';

/** The line of the log about a session that is over. */
export function sessionEnded(
  { name, site, domain, createdAt }: Pick<Session, 'name' | 'site' | 'domain' | 'createdAt'>,
  reason: Reason,
  detail: string,
  lost: readonly Pick<Undelivered, 'payloads'>[],
  now: Instant,
): LogEvent {
  let undelivered = 0;
  for (const { payloads } of lost)
    for (const { namespace } of payloads) if (namespace === NS.client) undelivered += 1;
  const livedMs = between(createdAt, now);
  return { event: 'session-ended', session: name, site, domain, reason, detail, livedMs, undelivered };
}

/** The line about a stream whose first payloads have come. */
export function streamReady(
  { name: session }: Pick<Session, 'name'>,
  domain: string,
  { remote, stream, dialledAt }: Pick<Upstream, 'remote' | 'stream' | 'dialledAt'>,
  now: Instant,
): LogEvent {
  const tookMs = between(dialledAt, now);
  return { event: 'stream-ready', session, domain, remote, secure: stream.isSecure, tookMs };
}

/** A stream was not taken up again: why its link broke, and why that was its end. */
export function notResumed({ why }: Resuming, { reason, detail }: StartFailure): StartFailure {
  const last = [reason === 'not-resumed' ? '' : reason, detail].filter((part) => part !== '').join(': ');
  return { reason: 'not-resumed', detail: `${why}; ${last}` };
}

/** What a client is told of a stream that never came to be (XEP-0124 §17.2, remote-connection-failed). */
export function startCondition(reason: Reason): Terminal['condition'] {
  const { condition } = reasonFacts(reason);
  return condition === 'internal-server-error' ? 'remote-connection-failed' : condition;
}
