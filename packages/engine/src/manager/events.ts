import { between, EMPTY, type Instant } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { Undelivered } from '../session/index.ts';
import type { Resuming, StreamWork } from '../stream/index.ts';
import { isStanza } from '../wire/index.ts';
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
    for (const payload of payloads) if (isStanza(payload) && payload.bytes !== EMPTY) undelivered += 1;
  const livedMs = between(createdAt, now);
  return { event: 'session-ended', session: name, site, domain, reason, detail, livedMs, undelivered };
}

/** The line about a stream whose first payloads have come. */
export function streamReady({ client, of, remote, stream, dialledAt }: Upstream, now: Instant): LogEvent {
  const { name: session } = client.facts;
  const tookMs = between(dialledAt, now);
  return { event: 'stream-ready', session, domain: of.domain, remote, secure: stream.isSecure, tookMs };
}

/** The line about a stanza of the server that its client did not get as it was. */
export function stanzaSkipped(
  { name: session, site }: Pick<ClientFacts, 'name' | 'site'>,
  { fault, became, stanza }: Extract<StreamWork, { type: 'skipped' }>,
): LogEvent {
  const { code, detail, key } = fault;
  const { name, type, from, to, id } = stanza;
  return {
    event: 'stanza-skipped',
    session,
    site,
    code,
    key: key ?? '',
    detail,
    became,
    stanza: name,
    type,
    from,
    to,
    id,
  };
}

/** A stream was not taken up again: why its link broke, and why that was its end. */
export function notResumed({ why }: Resuming, { reason, detail }: StartFailure): StartFailure {
  const last = [reason === 'not-resumed' ? '' : reason, detail].filter((part) => part !== '').join(': ');
  return { reason: 'not-resumed', detail: `${why}; ${last}` };
}
