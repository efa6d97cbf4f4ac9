import { after, fault, millis, ok, type Result, seconds } from '../kit/index.ts';
import { reasonFacts } from '../reasons.ts';
import { type ClaimPart, RecordCodec, type SessionRecord, type StreamPart } from '../record/index.ts';
import { grantContentType, sessionOf } from '../session/index.ts';
import { admitDomain } from '../site/index.ts';
import { letWait, requestOf, streamOf } from '../stream/index.ts';
import { type FramerEvent, makeFramer, type Payload, type StanzaFramer } from '../wire/index.ts';
import { BoshClient, type ManagerParts } from './bosh-client.ts';
import type { Claim } from './claim.ts';
import { letEnd } from './creation.ts';
import type { Input, RequestId } from './input.ts';
import { noteKept } from './keeper.ts';
import type { Kept, Survival } from './kept.ts';
import { UNAVAILABLE } from './replies.ts';
import type { ManagerTurn } from './turn.ts';

/** A client that is silent for longer than this is over by the defaults, and so is what it could be told. */
const REMEMBERED = seconds(150);

/** A record with what was read again of the server's bytes. */
interface Replayed {
  readonly record: SessionRecord;
  readonly framer: StanzaFramer;
  readonly stanzas: readonly Payload[];
  /** What the process that is gone has not taken in. */
  readonly rest: Uint8Array;
}

/** Why there is no going on, for the log. */
interface Lost {
  readonly code: string;
  readonly detail: string;
}

/** Goes on with sessions whose process is gone. */
export class Restoration {
  readonly #parts: ManagerParts;
  readonly #vault: Survival['vault'] | undefined;
  readonly #codec: RecordCodec;

  constructor(parts: ManagerParts, vault: Survival['vault'] | undefined) {
    this.#parts = parts;
    this.#vault = vault;
    this.#codec = new RecordCodec(parts.turn.toolbox);
  }

  restore(kept: Kept): void {
    if (kept.over !== undefined) {
      this.#giveUp(kept, kept.over, '');
      return;
    }
    const record = this.#codec.read(kept.record);
    const replayed = record.ok ? this.#replay(kept, record.value) : record;
    const restored = replayed.ok ? this.#revive(kept, replayed.value) : replayed;
    if (!restored.ok) this.#giveUp(kept, 'not-restored', `${restored.fault.code}: ${restored.fault.detail}`);
  }

  /** Reads the server's bytes again, as far as they were taken in: what comes of it is stanzas, and nothing else. */
  #replay({ sid, bytes, base, link }: Kept, record: SessionRecord): Result<Replayed, Lost> {
    const { birth, stream } = record;
    if (birth.sid !== sid) return damaged('it is of another session');
    const { turn } = this.#parts;
    const framer = makeFramer(birth.xml, turn.toolbox, true);
    if (stream?.way !== 'on-link') {
      return ok({ record, framer, stanzas: [], rest: bytes.subarray(0, 0) });
    }
    const { root, readBytes } = stream;
    if (link === undefined || readBytes > bytes.length) return damaged('bytes of the server are missing');
    framer.goOn(root, base);
    const events: FramerEvent[] = [];
    const wrong = framer.push(bytes.subarray(0, readBytes), events);
    if (wrong !== undefined) return damaged(`the server's bytes: ${wrong.code}`);
    if (framer.position !== base + readBytes) return damaged('the bytes of the server end within an element');
    const stanzas = events.flatMap((event) =>
      event.type === 'payload' && event.payload.at !== undefined ? [event.payload] : [],
    );
    return ok({ record, framer, stanzas, rest: bytes.subarray(readBytes) });
  }

  #revive(kept: Kept, { record, framer, stanzas, rest }: Replayed): Result<undefined, Lost> {
    const { sites, clients, upstreams, turn } = this.#parts;
    const { birth } = record;
    const ageMs = millis(kept.ageMs);
    const site = sites.of(birth.site);
    const revival = { limits: site.policy.session, stanzas: stanzas.values(), now: turn.now, ageMs };
    const session = sessionOf(birth, record.session, revival);
    if (session === undefined) return damaged('replies and stanzas do not belong together');
    const guest = sites.readmit(site, birth.address, session.logIn.isDone, turn.now);
    const claim = record.claim === undefined ? undefined : claimOf(record.claim, kept.ageMs, turn.now);
    const client = new BoshClient(session, site, guest, this.#parts, claim);
    if (!session.logIn.isDone) letEnd(guest, client);
    clients.addRestored(client);
    if (client.keeping !== undefined) client.keeping.isKept = true;
    const going = this.#goOn(client, kept, record, framer);
    if (!going.ok) {
      if (kept.link !== undefined) turn.put({ type: 'close', link: kept.link });
      client.endByOthers('not-restored', `${going.fault.code}: ${going.fault.detail}`);
    } else if (rest.length > 0 && kept.link !== undefined) {
      upstreams.take({ type: 'link-data', link: kept.link, bytes: rest });
    }
    upstreams.tick(client);
    client.settle();
    return ok(undefined);
  }

  #goOn(
    client: BoshClient,
    kept: Kept,
    record: SessionRecord,
    framer: StanzaFramer,
  ): Result<undefined, Lost> {
    const { birth, stream: part } = record;
    if (part === undefined || part.way === 'anew') {
      noteRestored(client, kept, record);
      return part === undefined ? ok(undefined) : this.#dialAnew(client, record, part);
    }
    const { turn, upstreams } = this.#parts;
    const { link, bindings } = kept;
    const isLost = part.way === 'lost';
    const ageMs = millis(kept.ageMs);
    const credential = this.#open(record);
    const revival = { limits: client.streamLimits, framer, credential, bindings, now: turn.now, ageMs };
    const stream = streamOf(birth, part, revival);
    const [of] = client.session.streams.open;
    if (of === undefined) return damaged('it has no stream');
    upstreams.adopt({
      client,
      of,
      stream,
      link: isLost ? undefined : link,
      linkFrom: 0,
      xml: birth.xml,
      dialledAt: turn.now,
      remote: part.remote,
      start: undefined,
    });
    noteRestored(client, kept, record);
    if (isLost) client.serverBlocked(true);
    else upstreams.readFor(client, !client.isFull);
    return ok(undefined);
  }

  /** What logs in when the link breaks. Where it was sealed with another key, the stream cannot be resumed. */
  #open({ credential }: SessionRecord): Parameters<typeof streamOf>[2]['credential'] {
    const opened = credential === undefined ? undefined : this.#vault?.open(credential);
    const read = opened === undefined ? undefined : this.#codec.readCredential(opened);
    return read?.ok === true ? read.value : undefined;
  }

  /** The stream was not ready, and the client does not mind which link it is on. */
  #dialAnew(client: BoshClient, { birth }: SessionRecord, part: StreamPart): Result<undefined, Lost> {
    const { turn, upstreams } = this.#parts;
    const { domain, from, lang, route, version } = requestOf(birth);
    const admitted = admitDomain(client.site.policy.domains, domain, turn.toolbox);
    const [of] = client.session.streams.open;
    if (of === undefined) return damaged('it has no stream');
    if (!admitted.ok) return fault(admitted.fault);
    upstreams.dial(client, of, admitted.value, {
      from: part.from ?? from,
      lang: part.lang ?? lang,
      route,
      xmppVersion: version,
    });
    for (const { stream } of client.upstreams) letWait(stream, part.waiting.map(waitingOf));
    return ok(undefined);
  }

  /** Nobody can go on with this one: its client hears so, whatever it asks. */
  #giveUp({ sid, link }: Kept, reason: NonNullable<Kept['over']>, detail: string): void {
    const { turn, clients } = this.#parts;
    const { condition } = reasonFacts(reason);
    clients.remember({
      sid,
      site: undefined,
      secure: false,
      isLegacy: false,
      contentType: grantContentType(undefined),
      terminal: { condition, error: undefined },
      rids: [],
      replies: [],
      forgetAt: after(turn.now, REMEMBERED),
    });
    turn.put({ type: 'forget', sid });
    if (link !== undefined) turn.put({ type: 'close', link });
    turn.log({
      event: 'session-ended',
      session: '',
      site: '',
      domain: '',
      reason,
      detail,
      livedMs: 0,
      undelivered: 0,
      server: '',
      mechanism: '',
      slowestAnswerMs: undefined,
    });
  }
}

type Held = Extract<Input, { type: 'request' | 'request-head' }>;

/** Of one session: more than any client has in flight. Their bodies are in no session's budget yet. */
const HELD_MAX = 16;

/**
 * Sessions of a process that is gone, which this one is about to go on with, and the requests for them that came before: such a request
 * waits, for nobody may be told meanwhile that there is no such session.
 */
export class Awaited {
  readonly #bySid = new Map<string, Held[]>();

  /** These sessions come. */
  expect(sids: readonly string[]): void {
    for (const sid of sids) if (!this.#bySid.has(sid)) this.#bySid.set(sid, []);
  }

  /** Keeps the request until its session is there; beyond what may wait, it is to be repeated. False: no session of that sid is awaited. */
  hold(sid: string | undefined, input: Held, turn: ManagerTurn): boolean {
    const held = sid === undefined ? undefined : this.#bySid.get(sid);
    if (held === undefined) return false;
    if (held.length < HELD_MAX) held.push(input);
    else turn.put({ type: 'respond', request: input.request, reply: UNAVAILABLE });
    return true;
  }

  /** The client of the request is gone. */
  drop(request: RequestId, sid: string | undefined): void {
    const held = sid === undefined ? undefined : this.#bySid.get(sid);
    const at = held?.findIndex((input) => input.request === request) ?? -1;
    if (at >= 0) held?.splice(at, 1);
  }

  /** The session is there, or is known to be over: the requests that waited for it, oldest first. */
  came(sid: string): readonly Held[] {
    const held = this.#bySid.get(sid) ?? NOTHING;
    this.#bySid.delete(sid);
    return held;
  }
}

const NOTHING: readonly never[] = [];

function damaged(detail: string): Result<never, Lost> {
  return fault({ code: 'damaged', detail });
}

/** The record that was kept is the one of now. */
function noteRestored({ session, keeping, upstreams }: BoshClient, kept: Kept, record: SessionRecord): void {
  if (keeping === undefined) return;
  const [upstream] = upstreams;
  noteKept(session, keeping, upstream, kept.base);
  keeping.link = kept.link;
  if (record.stream?.way !== 'on-link' || upstream === undefined) return;
  keeping.from = kept.base;
  keeping.root = upstream.stream.framer.root;
  keeping.stream = upstream.stream;
  keeping.credential = upstream.stream.credential;
  keeping.sealed = record.credential;
}

function waitingOf({ name, namespace, bytes }: StreamPart['waiting'][number]): Payload {
  return { name, namespace, bytes };
}

function claimOf(
  { cookie, rid, leftMs, group, isSecure }: ClaimPart,
  ageMs: number,
  now: Claim['until'],
): Claim {
  const until =
    leftMs === undefined || now === undefined ? undefined : after(now, millis(Math.max(0, leftMs - ageMs)));
  return { cookie, rid, until, group, isSecure };
}
