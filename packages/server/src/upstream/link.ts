import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { assert, type ByteString, EMPTY, join, type Result } from '@boshd/engine/kit';
import type { Input, LinkId } from '@boshd/engine/manager';
import type { DialPlan } from '@boshd/engine/site';
import { endpointText } from './connect/attempt.ts';
import { Dial } from './connect/dial.ts';
import type { Winner } from './connect/race.ts';
import { type Failure, socketFailure } from './failure.ts';
import { abandon, handOver, keepAlive, type SocketOwner } from './sockets.ts';
import type { Surroundings } from './surroundings.ts';
import { channelBindingsOf } from './tls/channel-bindings.ts';
import { tlsWish } from './tls/tls-client.ts';

/** What a link needs of the upstream that it belongs to. */
export interface LinkHost {
  readonly around: Surroundings;
  readonly submit: (input: Input) => void;
  /** Calls `flush` of the link at the end of this turn of the event loop. */
  flushSoon(link: Link): void;
  /** Nothing more will come of the link: its socket is closed. */
  forget(link: Link): void;
  readonly traffic: { receivedBytes: number; sentBytes: number };
}

/**
 * One TCP connection to an XMPP server.
 *
 *     dialling ──> up ──> securing ──> up (with TLS)
 *        │          │         │         │
 *        └──────────┴─────────┴─────────┴──> gone     link-down was submitted: dial failed, link lost
 *        └──────────┴─────────┴─────────┴──> closing  `close` was called: flushes, then gone, without a word
 */
export type Phase = 'dialling' | 'up' | 'securing' | 'closing' | 'gone';

/** There are thousands of these: few fields, no closures, a timer only while something is waited for. */
export class Link implements SocketOwner {
  readonly id: LinkId;
  readonly #host: LinkHost;
  readonly #plan: DialPlan;
  #phase: Phase = 'dialling';
  #dial: Dial | undefined;
  #socket: Socket | undefined;
  #remote = '';
  /** Sent in this turn of the event loop and not yet written. */
  #unwritten: ByteString = EMPTY;
  #isBlocked = false;
  #isReadWanted = true;
  #isKeptAlive = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(id: LinkId, plan: DialPlan, host: LinkHost) {
    this.id = id;
    this.#plan = plan;
    this.#host = host;
    this.#dial = new Dial(plan, host.around, (outcome) => this.#dialled(outcome));
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Begins TLS (RFC 6120 §5.4.3.3); what came in clear text before is not mixed with what comes under TLS. */
  secure(): void {
    if (this.#phase !== 'up') return;
    this.flush();
    clearTimeout(this.#timer);
    const socket = this.#socket;
    assert(socket !== undefined, 'a link that is up has a socket');
    this.#phase = 'securing';
    this.#socket = this.#host.around.tls.open(socket, tlsWish(this.#plan, false), this);
    const { handshakeMs } = this.#host.around.limits;
    this.#timer = setTimeout(() => {
      const detail = `${this.#remote}: the TLS handshake took more than ${handshakeMs / 1000} s`;
      this.#failToSecure({ reason: 'tls-failed', detail });
    }, handshakeMs);
  }

  /** Takes bytes to be written at the end of this turn of the event loop, in one piece: one system call, one TLS record. */
  send(bytes: ByteString): void {
    if (this.#phase === 'gone' || this.#phase === 'closing') return;
    assert(this.#phase === 'up', 'nothing is sent while the link is being made or secured');
    if (this.#unwritten === EMPTY) this.#host.flushSoon(this);
    this.#unwritten = join(this.#unwritten, bytes);
    const { unsentBytesMax } = this.#host.around.limits;
    if (this.#unwritten.length + (this.#socket?.writableLength ?? 0) <= unsentBytesMax) return;
    const detail = `${this.#remote}: more than ${unsentBytesMax} bytes are waiting to be sent`;
    this.#goDown({ reason: 'client-flood', detail });
  }

  flush(): void {
    const socket = this.#socket;
    const bytes = this.#unwritten;
    if (socket === undefined || bytes === EMPTY) return;
    this.#unwritten = EMPTY;
    this.#host.traffic.sentBytes += bytes.length;
    if (socket.write(bytes, 'latin1') || this.#isBlocked) return;
    if (socket.writableLength < this.#host.around.limits.blockedBytes) return;
    this.#isBlocked = true;
    const { blockedMs } = this.#host.around.limits;
    this.#timer = setTimeout(() => {
      const detail = `${this.#remote}: took nothing of what was sent for ${blockedMs / 1000} s`;
      this.#goDown({ reason: 'link-lost', detail });
    }, blockedMs);
    this.#host.submit({ type: 'link-blocked', link: this.id, blocked: true });
  }

  read(isWanted: boolean): void {
    this.#isReadWanted = isWanted;
    if (this.#phase === 'up') this.#applyReadWanted();
  }

  /** Has a peer that is gone without a word noticed. */
  keepAlive(): void {
    if (this.#isKeptAlive || this.#phase !== 'up' || this.#socket === undefined) return;
    this.#isKeptAlive = true;
    keepAlive(this.#socket);
  }

  /** Sends what is left, then waits a moment for the server's end of the stream. Nothing is submitted any more. */
  close(): void {
    if (this.#phase === 'closing') return;
    const socket = this.#socket;
    if (this.#phase !== 'up' || socket === undefined) {
      this.drop();
      return;
    }
    // The socket is closed after the goodbyes of both sides (RFC 6120 §4.4); TLS has one of its own, which takes its time.
    const isAnswered = this.#unwritten.endsWith(GOODBYE) && !(socket instanceof TLSSocket);
    this.flush();
    clearTimeout(this.#timer);
    this.#phase = 'closing';
    socket.resume();
    if (!isAnswered) socket.end();
    this.#timer = setTimeout(() => this.drop(), this.#host.around.limits.lingerMs);
  }

  /** Ends the link at once and without a word. */
  drop(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    clearTimeout(this.#timer);
    this.#dial?.giveUp();
    this.#dial = undefined;
    this.#unwritten = EMPTY;
    if (this.#socket !== undefined) abandon(this.#socket);
    this.#socket = undefined;
    this.#host.forget(this);
  }

  opened(): void {
    if (this.#phase !== 'securing') return;
    clearTimeout(this.#timer);
    this.#phase = 'up';
    if (this.#socket instanceof TLSSocket)
      this.#host.around.trace?.({ type: 'secured', socket: this.#socket });
    this.#applyReadWanted();
    this.#host.submit({ type: 'link-secured', link: this.id, bindings: channelBindingsOf(this.#socket) });
  }

  received(bytes: Uint8Array): void {
    this.#host.traffic.receivedBytes += bytes.length;
    if (this.#phase === 'up') this.#host.submit({ type: 'link-data', link: this.id, bytes });
    // After the server's goodbye there is nothing but the end of its socket to wait for.
    else if (this.#phase === 'closing' && this.#isAllSent() && isGoodbye(bytes)) this.drop();
  }

  drained(): void {
    if (!this.#isBlocked || this.#phase !== 'up') return;
    clearTimeout(this.#timer);
    this.#isBlocked = false;
    this.#host.submit({ type: 'link-blocked', link: this.id, blocked: false });
  }

  lost(error: Error | undefined): void {
    if (this.#phase === 'closing') this.drop();
    else if (this.#phase === 'securing') this.#failToSecure(socketFailure('tls', error, this.#remote));
    else this.#goDown(socketFailure('up', error, this.#remote));
  }

  #dialled(outcome: Result<Winner, Failure>): void {
    this.#dial = undefined;
    if (!outcome.ok) {
      this.#goDown(outcome.fault);
      return;
    }
    const { socket, endpoint, hasOthers } = outcome.value;
    this.#phase = 'up';
    this.#socket = socket;
    this.#remote = endpointText(endpoint);
    handOver(socket, this);
    this.#applyReadWanted();
    this.#host.submit({
      type: 'link-up',
      link: this.id,
      secure: endpoint.isDirectTls,
      remote: this.#remote,
      bindings: channelBindingsOf(socket),
      next: hasOthers ? 'other' : 'again',
    });
  }

  #isAllSent(): boolean {
    const socket = this.#socket;
    return socket instanceof TLSSocket ? socket.writableFinished : socket?.writableLength === 0;
  }

  #applyReadWanted(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.isPaused() === !this.#isReadWanted) return;
    if (this.#isReadWanted) socket.resume();
    else socket.pause();
  }

  /** The next dial tries other endpoints first. */
  #failToSecure(failure: Failure): void {
    this.#host.around.failed.set(this.#remote, true);
    this.#goDown(failure);
  }

  #goDown(failure: Failure): void {
    if (this.#phase === 'gone') return;
    this.drop();
    this.#host.submit({ type: 'link-down', link: this.id, ...failure });
  }
}

const GOODBYE = '</stream:stream>';

/** Whether the server closes its stream with these bytes (RFC 6120 §4.4); one that writes it otherwise ends its socket, too. */
function isGoodbye(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(-GOODBYE.length)).toString('latin1') === GOODBYE;
}
