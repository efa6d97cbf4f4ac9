import { between, EMPTY, type Instant } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { Undelivered } from '../session/index.ts';
import type { RefusedLogIn, Resuming, StreamWork } from '../stream/index.ts';
import { isStanza } from '../wire/index.ts';
import type { ClientFacts, ClientSide, Upstream } from './client-side.ts';
import type { LogEvent } from './output.ts';
import type { StartFailure } from './start.ts';

/** Ends that follow from a log-in that was refused, and would look like a user's own wish or a lost client without it. */
const AFTER_REFUSAL: ReadonlySet<Reason> = new Set([
  'client-terminated',
  'client-left',
  'client-lost',
  'client-inactive',
  'login-timeout',
  'stream-closed',
]);

export function failureText({ reason, detail }: StartFailure): string {
  return detail === '' ? reason : `${reason} (${detail})`;
}

/** The line of the log about a session that is over. What decided its end is told, not what came last. */
export function sessionEnded(
  { facts, refusedLogIn, story }: Pick<ClientSide, 'facts' | 'refusedLogIn' | 'story'>,
  last: Reason,
  lastDetail: string,
  lost: readonly Pick<Undelivered, 'payloads'>[],
  now: Instant,
): LogEvent {
  const { name, site, domain, createdAt } = facts;
  const isRefused = refusedLogIn !== undefined && AFTER_REFUSAL.has(last);
  const reason = isRefused ? 'login-refused' : last;
  const detail = isRefused ? refusalText(refusedLogIn, [last, lastDetail]) : lastDetail;
  let undelivered = 0;
  for (const { payloads } of lost)
    for (const payload of payloads) if (isStanza(payload) && payload.bytes !== EMPTY) undelivered += 1;
  const livedMs = between(createdAt, now);
  const { server, mechanism, slowestAnswer: slowestAnswerMs } = story;
  return {
    event: 'session-ended',
    session: name,
    site,
    domain,
    reason,
    detail,
    livedMs,
    undelivered,
    server,
    mechanism,
    slowestAnswerMs,
  };
}

function refusalText({ mechanism, condition, code }: RefusedLogIn, last: readonly string[]): string {
  const why = joined([condition, code], ', ');
  return `${mechanism || 'unknown mechanism'}: ${why || 'no condition'}; then ${joined(last, ': ')}`;
}

function joined(parts: readonly string[], between: string): string {
  return parts.filter((part) => part !== '').join(between);
}

/** The line about a stream whose first payloads have come. */
export function streamReady({ client, of, remote, stream, dialledAt }: Upstream, now: Instant): LogEvent {
  const { name: session } = client.facts;
  const tookMs = between(dialledAt, now);
  return { event: 'stream-ready', session, domain: of.domain, remote, secure: stream.link.isSecure, tookMs };
}

/** The line about a log-in that the server refused. */
export function logInFailed(
  { name: session, site, domain, address }: ClientFacts,
  { mechanism, condition, code }: RefusedLogIn,
): LogEvent {
  return { event: 'login-failed', session, site, domain, mechanism, condition, address, code };
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
