import type { Instant, Timed, Toolbox } from '../kit/index.ts';
import type { SessionStream, SessionTerms } from '../session/index.ts';
import {
  bytesHeldByStream,
  type OpenedStream,
  type RefusedLogIn,
  returnUnsent,
  type Stream,
  type StreamLimits,
} from '../stream/index.ts';
import type { Payload, XmlLimits } from '../wire/index.ts';
import type { Guest } from './admission/admission.ts';
import type { LinkId } from './input.ts';
import type { Keeping } from './keeping.ts';
import type { Holder } from './memory/budget.ts';
import type { Site } from './sites.ts';
import type { Start, StartFailure } from './start.ts';
import type { Story } from './story.ts';

/** A stream to an XMPP server, the link that carries it, and the client that it serves. */
export interface Upstream {
  readonly client: ClientSide;
  /** The stream as the client knows it. */
  readonly of: SessionStream;
  readonly stream: Stream;
  /** Undefined while its link is lost and the next one is not dialled. */
  link: LinkId | undefined;
  /** Position of the stream's framer at which the link began. */
  linkFrom: number;
  /** Limits of XML that the stream is read by. */
  readonly xml: XmlLimits;
  readonly dialledAt: Instant;
  /** The endpoint that the link is connected to; '' before. */
  remote: string;
  /** Undefined once its first payloads have come: then it is ready, and logged. */
  start: Start | undefined;
}

/** Who a client is, for logs and for dialling. */
export interface ClientFacts {
  /** A short name for logs: says nothing about the sid. */
  readonly name: string;
  readonly site: string;
  readonly domain: string;
  /** The browser's address. */
  readonly address: string;
  readonly createdAt: Instant;
}

/**
 * The client's side of a stream: a session over BOSH, or a WebSocket. `Upstreams` tells it what its streams do; what
 * follows from that becomes outputs with `settle`, which ends every handling of a client.
 */
export interface ClientSide extends Timed, Holder {
  readonly site: Site;
  readonly facts: ClientFacts;
  /** Its place in the counts of its site. */
  readonly guest: Guest | undefined;
  readonly streamLimits: StreamLimits;
  /** How long a stream whose link broke may wait for another one. */
  readonly patience: Pick<SessionTerms, 'inactivity' | 'maxpause'>;
  /** The client has been told that it is over: no stream is dialled for it any more. */
  readonly isOver: boolean;
  /** The client does not read what is there for it, so its servers are not read. */
  readonly isFull: boolean;
  upstreams: readonly Upstream[];
  /** What an operator asks about it. */
  readonly story: Story;
  /** Of a session that is recorded. */
  readonly keeping: Keeping | undefined;
  /** How the server refused the last log-in, until one succeeds. */
  refusedLogIn: RefusedLogIn | undefined;
  /** The server's stream header is known. */
  opened(upstream: Upstream, facts: OpenedStream): void;
  /** Payloads of the server for the client, in order. */
  deliver(upstream: Upstream, payloads: readonly Payload[]): void;
  /** A person fills in a form to register with: the log-in has time. */
  registering(): void;
  loggedIn(): void;
  /** The server does not read what is sent to it (true), or reads again (false). */
  serverBlocked(isBlocked: boolean): void;
  /** A stream ended, or could not be had, and no other serves instead. The upstream is detached already. */
  streamEnded(upstream: Upstream, failure: StartFailure): void;
  /** Carries out what the session or socket asked for so far. */
  carryOut(): void;
  /** Does what has become due. */
  tick(): void;
  /** Carries out what was asked for, then sets the next deadline. Ends every handling of a client. */
  settle(): void;
}

/** Bytes that the streams of a client hold. */
export function bytesHeldUpstream({ upstreams }: Pick<ClientSide, 'upstreams'>): number {
  let bytes = 0;
  for (const { stream } of upstreams) bytes += bytesHeldByStream(stream);
  return bytes;
}

/** The client gets back what the server of a stream does not have; it is told next that the stream or the session is over. */
export function returnUnsentOf(upstream: Upstream, toolbox: Toolbox): void {
  const returned = returnUnsent(upstream.stream, toolbox);
  if (returned.length > 0) upstream.client.deliver(upstream, returned);
}
