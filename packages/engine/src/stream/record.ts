import {
  after,
  type ByteString,
  type Duration,
  EMPTY,
  type Instant,
  instantOf,
  millis,
} from '../kit/index.ts';
import type { BirthPart, BridgePart, CredentialPart, ManagementPart, StreamPart } from '../record/index.ts';
import { NS, type Payload, type StanzaFramer } from '../wire/index.ts';
import type { Bridge } from './bridge.ts';
import { createStream } from './exchange.ts';
import { handled, type Management } from './management.ts';
import type { Resuming } from './resume.ts';
import { type Credential, FAST_MECHANISMS } from './sasl2/token.ts';
import { NO_LINK, type Stream, type StreamLimits, type StreamRequest } from './stream.ts';

/** How a stream can go on in another process; undefined: only by being dialled once more, as it was never ready. */
export function wayOf({ phase, wasReady, resuming }: Stream): StreamPart['way'] {
  if (resuming !== undefined) return 'lost';
  const isOnLink = phase === 'ready' || phase === 'authenticated' || phase === 'opening';
  return wasReady && isOnLink ? 'on-link' : 'anew';
}

/** Whether the client has sent something that no record may hold: what it logs in with (RFC 6120 §6.4.2). */
export function holdsSecrets({ waiting }: Stream): boolean {
  return waiting.some(({ namespace }) => namespace === NS.sasl || namespace === NS.sasl2);
}

/**
 * Whether what the server says is read by now as it will be read to the end: stanza by stanza, none left out, none translated. Only then
 * can it be read again.
 */
export function isPlain({ phase, isLoggedIn, bridge, counts, resuming }: Stream): boolean {
  return (
    phase === 'ready' && isLoggedIn && bridge === undefined && counts.skip === 0 && resuming === undefined
  );
}

/** The stream for a record. `readBytes`: of the server's bytes from the base on, so many have been taken in. */
export function streamPartOf(stream: Stream, readBytes: number, remote: string, now: Instant): StreamPart {
  const { phase, management, bridge, negotiateBy, framer, mechanisms, header } = stream;
  const way = wayOf(stream);
  const { resuming } = stream;
  return {
    way,
    phase: phase === 'ready' || phase === 'authenticated' ? phase : 'opening',
    readBytes,
    root: way === 'on-link' ? framer.root : undefined,
    remote,
    isSecure: stream.link.isSecure,
    isLoggedIn: stream.isLoggedIn,
    wasReady: stream.wasReady,
    from: stream.asked.from,
    lang: stream.asked.lang,
    waiting: stream.waiting,
    header: header === undefined ? undefined : { ...header, authid: header.id },
    hidesFeatures: stream.hidesFeatures,
    legacyAuthId: stream.legacyAuthId,
    preloginBytes: stream.isLoggedIn ? 0 : stream.preloginBytes,
    unaskedFeatures: stream.unaskedFeatures,
    missesBinding: stream.missesBinding,
    mechanisms,
    exchange: stream.exchange,
    mechanism: stream.mechanism,
    account: stream.account,
    isCounted: stream.isCounted,
    negotiateLeftMs: negotiateBy === undefined ? undefined : Math.max(0, Math.round(negotiateBy - now)),
    lastSentAgoMs: ago(stream.lastSentAt, now),
    offersManagement: stream.offersManagement,
    management: management === undefined ? undefined : managementPart(management),
    received: stream.counts.received,
    confirmed: stream.counts.confirmed,
    owned: stream.counts.owned,
    bridge: bridge === undefined ? undefined : bridgePart(bridge),
    resuming:
      resuming === undefined
        ? undefined
        : {
            why: resuming.why,
            sinceAgoMs: ago(resuming.since, now),
            leftMs: Math.max(0, Math.round(resuming.until - now)),
            dials: resuming.dials,
          },
    skip: stream.counts.skip,
  };
}

/** What a record needs besides itself to become a stream again. */
interface StreamRevival {
  readonly limits: StreamLimits;
  readonly framer: StanzaFramer;
  readonly credential: CredentialPart | undefined;
  readonly bindings: Stream['link']['bindings'];
  readonly now: Instant;
  /** Of the record. */
  readonly ageMs: Duration;
}

/** The stream of a record that says that it goes on on its link, or on another one. */
export function streamOf(birth: BirthPart, part: StreamPart, revival: StreamRevival): Stream {
  const { limits, framer, now, ageMs, bindings } = revival;
  const { streamManagement, resumption } = birth;
  const stream = createStream(
    requestOf(birth),
    { ...limits, streamManagement, resumption },
    framer,
    before(now, part.lastSentAgoMs + ageMs),
  );
  const { header, management, bridge, resuming } = part;
  return {
    ...stream,
    phase: resuming === undefined ? part.phase : 'lost',
    link: resuming === undefined ? { isSecure: part.isSecure, bindings } : NO_LINK,
    counts: countsOf(part),
    isLoggedIn: part.isLoggedIn,
    wasReady: part.wasReady,
    asked: { from: part.from, lang: part.lang },
    waiting: part.waiting.map(payloadOf),
    header: header === undefined ? undefined : { ...header, id: header.authid, to: undefined },
    hidesFeatures: part.hidesFeatures,
    legacyAuthId: part.legacyAuthId,
    preloginBytes: part.preloginBytes,
    unaskedFeatures: part.unaskedFeatures,
    missesBinding: part.missesBinding,
    mechanisms: part.mechanisms,
    exchange: part.exchange,
    mechanism: part.mechanism,
    account: part.account,
    isCounted: part.isCounted,
    // The server had no time while no process lived.
    negotiateBy: part.negotiateLeftMs === undefined ? undefined : after(now, millis(part.negotiateLeftMs)),
    offersManagement: part.offersManagement,
    management: management === undefined ? undefined : managementOf(management, countsOf(part), now),
    bridge: bridge === undefined ? undefined : bridgeOf(bridge),
    credential: credentialOf(revival.credential),
    resuming: resuming === undefined ? undefined : resumingOf(resuming, revival),
  };
}

/** What the client asked of its stream. */
export function requestOf({ request }: BirthPart): StreamRequest {
  const { domain, from, lang, version, startTls, showExternal, route, resumeWithinMs } = request;
  const resumeWithin = millis(resumeWithinMs);
  return { domain, from, lang, version, startTls, showExternal, route, resumeWithin };
}

function managementPart(management: Management): ManagementPart {
  const { isEnabled, uncounted, told, id, max, sent, acknowledged, queue } = management;
  return { isEnabled, uncounted, told, id, maxMs: max, sent, acknowledged, queue };
}

/** What is to be told and asked, is told and asked soon: nobody knows how much of it was. */
function managementOf(part: ManagementPart, counts: Stream['counts'], now: Instant): Management {
  const { isEnabled, uncounted, told, id, maxMs, sent, acknowledged } = part;
  const queue = part.queue === undefined ? undefined : [...part.queue];
  let queueBytes = 0;
  for (const bytes of queue ?? []) queueBytes += bytes.length;
  const management: Management = {
    isEnabled,
    uncounted,
    told,
    tellBy: undefined,
    isAsked: false,
    id,
    max: maxMs === undefined ? undefined : millis(maxMs),
    sent,
    acknowledged,
    askedAt: undefined,
    askBy: sent > acknowledged ? now : undefined,
    queue,
    queueBytes,
  };
  const isNews = isEnabled && handled({ counts }, management) > told;
  return isNews ? { ...management, tellBy: now } : management;
}

function countsOf({ received, confirmed, owned, skip }: StreamPart): Stream['counts'] {
  return { received, confirmed, owned, skip };
}

function bridgePart({ offer, opened, agent, state }: Bridge): BridgePart {
  const isDone = state.is === 'done';
  return {
    mechanisms: offer.mechanisms,
    fast: offer.fast,
    resumes: offer.resumes,
    opened,
    agent,
    state: state.is,
    token: state.is === 'asking' ? state.token : undefined,
    features: isDone ? state.features : undefined,
    isRestartAsked: isDone && state.isRestartAsked,
  };
}

function bridgeOf(part: BridgePart): Bridge {
  const { mechanisms, fast, resumes, opened, agent } = part;
  return { offer: { mechanisms, fast, resumes }, opened, agent, state: bridgeStateOf(part) };
}

function bridgeStateOf({ state, token, features, isRestartAsked }: BridgePart): Bridge['state'] {
  if (state === 'asking') return { is: state, token: FAST_MECHANISMS.find((each) => each === token) };
  if (state !== 'done') return { is: state };
  return { is: state, features: features === undefined ? undefined : payloadOf(features), isRestartAsked };
}

function credentialOf(part: CredentialPart | undefined): Credential | undefined {
  const mechanism = FAST_MECHANISMS.find((each) => each === part?.mechanism);
  return part === undefined || mechanism === undefined ? undefined : { ...part, mechanism };
}

/** It is dialled at once. */
function resumingOf(part: NonNullable<StreamPart['resuming']>, { now, ageMs }: StreamRevival): Resuming {
  const { why, sinceAgoMs, leftMs, dials } = part;
  return {
    why,
    since: before(now, sinceAgoMs + ageMs),
    until: after(now, millis(leftMs - ageMs)),
    dials,
    failures: 0,
    redialAt: now,
    binding: EMPTY,
    isProven: false,
    h: 0,
  };
}

function payloadOf({
  name,
  namespace,
  bytes,
}: {
  name: string;
  namespace: string;
  bytes: ByteString;
}): Payload {
  return { name, namespace, bytes };
}

function ago(then: Instant, now: Instant): number {
  return Math.max(0, Math.round(now - then));
}

function before(now: Instant, ms: number): Instant {
  return instantOf(now - ms);
}
