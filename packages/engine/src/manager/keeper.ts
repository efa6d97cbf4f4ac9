import type { ByteString, Instant, Toolbox } from '../kit/index.ts';
import { type BirthPart, type ClaimPart, RecordCodec } from '../record/index.ts';
import { recordOf, type Session, type SessionStream } from '../session/index.ts';
import { holdsSecrets, isPlain, type Stream, streamPartOf, toldOf, wayOf } from '../stream/index.ts';
import type { Claim } from './claim.ts';
import type { Upstream } from './client-side.ts';
import type { Keeping } from './keeping.ts';
import type { ForgetOutput, KeepOutput, LinkId, Survival } from './kept.ts';

/*
 * Theory of operation
 *
 * At the end of a turn, each session that the turn has touched is recorded if anything of it leaves that another process must know
 * of: a reply, stanzas for the server, an h that was not told before, another link. All of a turn is safe together or not at all, so the
 * record is the session as it is at the end of the turn, and stands in front of what leaves.
 *
 *   not announced ---the creation is answered---> kept <---> not kept (why: `reasonNotKept`) ---> ended
 *
 * What else changes is recorded with the next of these: older values of it are only more careful.
 *
 * The bytes of the server are kept from the base on: the beginning of the first stanza that a reply may have to be made of again,
 * of the queue, or where there is none, of what is not whole. A session that holds on to too much of them has it all as literals,
 * which are what it counts itself.
 */

/** A session as it is recorded. */
interface Recorded {
  readonly session: Session;
  readonly upstreams: readonly Upstream[];
  readonly isEnded: boolean;
  readonly claim: Claim | undefined;
}

/** Of the server's bytes, so many may be kept that need not be, before a record says so. */
const IDLE_BYTES_MAX = 64 * 1024;

/** Why a session cannot be recorded now. */
type NotKept = 'several-streams' | 'unfinished-octets' | 'waiting-secrets' | 'endless-stanza';

/** Records the sessions that a turn has touched. */
export class Keeper {
  readonly #vault: Survival['vault'];
  readonly #codec: RecordCodec;
  readonly #touched = new Map<Recorded, Keeping>();

  constructor(vault: Survival['vault'], toolbox: Toolbox) {
    this.#vault = vault;
    this.#codec = new RecordCodec(toolbox);
  }

  /** Something about the session may have changed in this turn. */
  touch(client: Recorded, keeping: Keeping): void {
    this.#touched.set(client, keeping);
  }

  /** What is to stand in front of all that leaves in this turn. */
  finish(now: Instant): readonly (KeepOutput | ForgetOutput)[] {
    if (this.#touched.size === 0) return [];
    const outputs: (KeepOutput | ForgetOutput)[] = [];
    for (const [client, keeping] of this.#touched) {
      const output = this.#record(client, keeping, now);
      if (output !== undefined) outputs.push(output);
      keeping.hasLeft = false;
      keeping.mustKeep = false;
    }
    this.#touched.clear();
    return outputs;
  }

  #record(client: Recorded, keeping: Keeping, now: Instant): KeepOutput | ForgetOutput | undefined {
    const { session } = client;
    // Nobody knows its sid: the client asks for another one.
    if (session.life.phase === 'opening') return undefined;
    if (client.isEnded || reasonNotKept(client) !== undefined) {
      if (!keeping.isKept) return undefined;
      keeping.isKept = false;
      return { type: 'forget', sid: session.sid };
    }
    const [upstream] = client.upstreams;
    if (upstream === undefined) keeping.from = Number.POSITIVE_INFINITY;
    else noteRoot(keeping, upstream);
    return isDue(session, keeping, upstream) ? this.#keep(client, keeping, now) : undefined;
  }

  #keep(client: Recorded, keeping: Keeping, now: Instant): KeepOutput {
    const { session } = client;
    const [upstream] = client.upstreams;
    const { position, onLink } = placeOf(upstream);
    const recorded = recordOf(session, ofSession(session), keeping.from, now);
    const base = Math.min(recorded.firstAt, position);
    if (position - base > session.limits.queueBytesMax && keeping.from < position) {
      keeping.from = position;
      return this.#keep(client, keeping, now);
    }
    const { part } = recorded;
    const stream =
      upstream === undefined
        ? undefined
        : streamPartOf(upstream.stream, position - base, upstream.remote, now);
    const record = this.#codec.write({
      birth: this.#birthOf(session, keeping, upstream),
      session: part,
      stream,
      credential: this.#sealed(keeping, upstream?.stream.credential),
      claim: client.claim === undefined ? undefined : claimPart(client.claim, now),
    });
    noteKept(session, keeping, upstream, base);
    const linkBase = onLink === undefined ? 0 : base - (upstream?.linkFrom ?? 0);
    return { type: 'keep', sid: session.sid, link: onLink, record, base: linkBase };
  }

  #birthOf(session: Session, keeping: Keeping, upstream: Upstream | undefined): Uint8Array {
    // The request for the stream changes until it is ready, with the server that is dialled.
    const isFinal = upstream === undefined || upstream.stream.wasReady;
    if (keeping.birth !== undefined && isFinal) return keeping.birth;
    const birth = this.#codec.writeBirth(birthOf(session, upstream));
    keeping.birth = birth;
    return birth;
  }

  /** Sealing costs more than all the rest, and a token seldom changes. */
  #sealed(keeping: Keeping, credential: Stream['credential']): ByteString | undefined {
    if (keeping.credential === credential) return keeping.sealed;
    keeping.credential = credential;
    keeping.sealed =
      credential === undefined ? undefined : this.#vault.seal(this.#codec.writeCredential(credential));
    return keeping.sealed;
  }
}

/** The record is what the session is from now on. */
export function noteKept(
  session: Session,
  keeping: Keeping,
  upstream: Upstream | undefined,
  base: number,
): void {
  keeping.isKept = true;
  keeping.base = base;
  keeping.link = placeOf(upstream).onLink;
  keeping.lastRid = session.requests.lastRid;
  keeping.answeredRid = session.requests.answered.at(-1)?.rid ?? -1;
  keeping.told = upstream === undefined ? 0 : toldOf(upstream.stream);
}

function reasonNotKept({ session, upstreams }: Recorded): NotKept | undefined {
  const { streams, octets } = session;
  if (streams.open.length !== 1 || streams.closed.length > 0) return 'several-streams';
  if (octets.joiner?.isAtRest === false) return 'unfinished-octets';
  const [upstream] = upstreams;
  if (upstream === undefined) return undefined;
  if (holdsSecrets(upstream.stream)) return 'waiting-secrets';
  const { framer } = upstream.stream;
  return framer.unreadBytes > upstream.xml.stanzaBytesMax + IDLE_BYTES_MAX ? 'endless-stanza' : undefined;
}

/** Whether another process must know now what the session has become. */
function isDue(session: Session, keeping: Keeping, upstream: Upstream | undefined): boolean {
  // A page that is reloaded never repeats the poll that was open, and goes on with the next rid.
  if (keeping.mustKeep || keeping.lastRid !== session.requests.lastRid) return true;
  if (keeping.hasLeft) {
    if (!keeping.isKept) return true;
    if (keeping.answeredRid !== session.requests.answered.at(-1)?.rid) return true;
    if (keeping.told !== (upstream === undefined ? 0 : toldOf(upstream.stream))) return true;
  }
  if (!keeping.isKept) return false;
  const { position, onLink } = placeOf(upstream);
  if (onLink !== keeping.link) return true;
  const spread = position - keeping.base;
  if (onLink === undefined || spread <= IDLE_BYTES_MAX) return false;
  const isOver = spread > session.limits.queueBytesMax;
  return isOver || position - firstNeeded(session, keeping.from, position) < spread / 2;
}

/** Where the bytes begin that a record of now would need. */
function firstNeeded({ requests, queue }: Session, from: number, position: number): number {
  let first = position;
  for (const { made } of requests.answered) {
    const at = made?.row.firstAt ?? position;
    if (at >= from && at < first) first = at;
  }
  for (const { payloads } of queue.batches) {
    const at = payloads.find((payload) => payload.at !== undefined && payload.at >= from)?.at;
    if (at !== undefined) return Math.min(first, at);
  }
  return first;
}

/** How far the server's bytes are taken in, and the link that they came on, if the stream goes on there. */
function placeOf(upstream: Upstream | undefined): { position: number; onLink: LinkId | undefined } {
  if (upstream === undefined) return { position: 0, onLink: undefined };
  const { stream, link } = upstream;
  return { position: stream.framer.position, onLink: wayOf(stream) === 'on-link' ? link : undefined };
}

/** From which position on stanzas can be read again. */
function noteRoot(keeping: Keeping, { stream }: Upstream): void {
  const { framer } = stream;
  const isSame = keeping.stream === stream && keeping.root === framer.root;
  keeping.stream = stream;
  keeping.root = framer.root;
  if (!isPlain(stream)) keeping.from = Number.POSITIVE_INFINITY;
  else if (!isSame || keeping.from === Number.POSITIVE_INFINITY) keeping.from = framer.position;
}

function ofSession({ streams }: Session): SessionStream {
  const [of] = streams.open;
  return of ?? raise();
}

function raise(): never {
  throw new Error('a session has a stream');
}

function birthOf(session: Session, upstream: Upstream | undefined): BirthPart {
  const { terms, limits } = session;
  const request = upstream?.stream.request;
  const streamLimits = upstream?.stream.limits;
  return {
    sid: session.sid,
    name: session.name,
    site: session.site,
    domain: session.domain,
    address: session.address,
    secure: session.secure,
    creationRid: session.creationRid,
    streamsMax: limits.streamsMax,
    streamName: ofSession(session).name,
    terms: {
      waitMs: terms.wait,
      hold: terms.hold,
      requests: terms.requests,
      inactivityMs: terms.inactivity,
      pollingMs: terms.polling,
      maxpauseMs: terms.maxpause,
      isPolling: terms.isPolling,
      ver: terms.ver,
      isLegacy: terms.isLegacy,
      acks: terms.acks,
      contentType: terms.contentType,
    },
    request: {
      domain: request?.domain ?? session.domain,
      from: request?.from,
      lang: request?.lang,
      version: request?.version ?? '1.0',
      startTls: request?.startTls ?? 'required',
      showExternal: request?.showExternal ?? false,
      route: request?.route,
      resumeWithinMs: request?.resumeWithin ?? 0,
    },
    xml: upstream?.xml ?? { stanzaBytesMax: 0, depthMax: 0, attributesMax: 0, nameBytesMax: 0 },
    streamManagement: streamLimits?.streamManagement ?? 'off',
    resumption: streamLimits?.resumption ?? false,
  };
}

function claimPart({ cookie, rid, until, group, isSecure }: Claim, now: Instant): ClaimPart {
  return {
    cookie,
    rid,
    leftMs: until === undefined ? undefined : Math.max(0, Math.round(until - now)),
    group,
    isSecure,
  };
}
