import { between, type Instant } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { Undelivered } from '../session/index.ts';
import type { Resuming } from '../stream/index.ts';
import { NS } from '../wire/index.ts';
import type { ClientFacts, Upstream } from './client-side.ts';
import type { LogEvent } from './output.ts';
import type { StartFailure } from './start.ts';

/** The line of the log about a session that is over. */
export function sessionEnded(
  { name, site, domain, createdAt }: ClientFacts,
  reason: Reason,
  detail: string,
  lost: readonly Pick<Undelivered, 'payloads'>[],
  now: Instant,
): LogEvent {
  let undelivered = 0;
  for (const { payloads } of lost)
    for (const { namespace, isOwn } of payloads)
      if (namespace === NS.client && isOwn !== true) undelivered += 1;
  const livedMs = between(createdAt, now);
  return { event: 'session-ended', session: name, site, domain, reason, detail, livedMs, undelivered };
}

/** The line about a stream whose first payloads have come. */
export function streamReady({ client, of, remote, stream, dialledAt }: Upstream, now: Instant): LogEvent {
  const { name: session } = client.facts;
  const tookMs = between(dialledAt, now);
  return { event: 'stream-ready', session, domain: of.domain, remote, secure: stream.isSecure, tookMs };
}

/** A stream was not taken up again: why its link broke, and why that was its end. */
export function notResumed({ why }: Resuming, { reason, detail }: StartFailure): StartFailure {
  const last = [reason === 'not-resumed' ? '' : reason, detail].filter((part) => part !== '').join(': ');
  return { reason: 'not-resumed', detail: `${why}; ${last}` };
}
