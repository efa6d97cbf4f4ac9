import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { assert, type ByteString, EMPTY, join } from '@boshd/engine/kit';
import type { ChannelBindings } from '@boshd/engine/stream';
import type { Surroundings } from './connect/surroundings.ts';
import { type Failure, socketFailure } from './kit/failure.ts';
import { abandon, handOver, keepAlive, type SocketOwner } from './kit/sockets.ts';
import { channelBindingsOf } from './tls/channel-bindings.ts';
import type { TlsWish } from './tls/tls-client.ts';

/** What a link needs of the place that it belongs to, and what it reports there. */
export interface LinkHost {
  readonly around: Pick<Surroundings, 'limits' | 'tls' | 'trace'>;
  readonly traffic: { receivedBytes: number; sentBytes: number };
  /** Calls `flush` of the link at the end of this turn of the event loop. */
  flushSoon(link: Link): void;
  /** TLS was made after `secure`. */
  secured(link: Link, bindings: ChannelBindings | undefined): void;
  /** The view is valid only during the call. */
  received(link: Link, bytes: Uint8Array): void;
  /** The server takes nothing (true), or has taken all (false). */
  blocked(link: Link, isBlocked: boolean): void;
  /** All that was written is on its way. */
  drained?(link: Link): void;
  /** The link is lost, or TLS could not be made. Comes after `forget`. */
  down(link: Link, failure: Failure, isOfTls: boolean): void;
  /** Nothing more will come of the link: its socket is closed. */
  forget(link: Link): void;
}

/**
 * One TCP connection to an XMPP server, from the moment that it is made.
 *
 *     up ──> securing ──> up (with TLS)
 *      │         │         │
 *      └─────────┴─────────┴──> gone     `down` was reported
 *      └─────────┴─────────┴──> closing  `close` was called: flushes, then gone, without a word
 */
export type Phase = 'up' | 'securing' | 'closing' | 'gone';

/** There are thousands of these: few fields, no closures, a timer only while something is waited for. */
export class Link implements SocketOwner {
  readonly id: number;
  /** The endpoint, as `endpointText` writes it. */
  readonly remote: string;
  readonly #host: LinkHost;
  readonly #wish: TlsWish;
  #phase: Phase = 'up';
  #socket: Socket | undefined;
  /** Sent in this turn of the event loop and not yet written. */
  #unwritten: ByteString = EMPTY;
  #isBlocked = false;
  #isReadWanted = true;
  #isKeptAlive = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param wish what STARTTLS is to be, should it come to that */
  constructor(id: number, socket: Socket, remote: string, wish: TlsWish, host: LinkHost) {
    this.id = id;
    this.remote = remote;
    this.#host = host;
    this.#wish = wish;
    this.#socket = socket;
    handOver(socket, this);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What binds to the TLS of the link, where there is one. */
  get bindings(): ChannelBindings | undefined {
    return channelBindingsOf(this.#socket);
  }

  /** Bytes that the system has not taken yet. */
  get unsentBytes(): number {
    return this.#unwritten.length + (this.#socket?.writableLength ?? 0);
  }

  /** Begins TLS (RFC 6120 §5.4.3.3); what came in clear text before is not mixed with what comes under TLS. */
  secure(): void {
    if (this.#phase !== 'up') return;
    this.flush();
    clearTimeout(this.#timer);
    const socket = this.#socket;
    assert(socket !== undefined, 'a link that is up has a socket');
    this.#phase = 'securing';
    this.#socket = this.#host.around.tls.open(socket, this.#wish, this);
    const { handshakeMs } = this.#host.around.limits;
    this.#timer = setTimeout(() => {
      const detail = `${this.remote}: the TLS handshake took more than ${handshakeMs / 1000} s`;
      this.#goDown({ reason: 'tls-failed', detail }, true);
    }, handshakeMs);
  }

  /** Takes bytes to be written at the end of this turn of the event loop, in one piece: one system call, one TLS record. */
  send(bytes: ByteString): void {
    if (this.#phase === 'gone' || this.#phase === 'closing') return;
    assert(this.#phase === 'up', 'nothing is sent while the link is being secured');
    if (this.#unwritten === EMPTY) this.#host.flushSoon(this);
    this.#unwritten = join(this.#unwritten, bytes);
    const { unsentBytesMax } = this.#host.around.limits;
    if (this.unsentBytes <= unsentBytesMax) return;
    const detail = `${this.remote}: more than ${unsentBytesMax} bytes are waiting to be sent`;
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
      const detail = `${this.remote}: took nothing of what was sent for ${blockedMs / 1000} s`;
      this.#goDown({ reason: 'link-lost', detail });
    }, blockedMs);
    this.#host.blocked(this, true);
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

  /** Sends what is left, then waits a moment for the server's end of the stream. Nothing is reported any more. */
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
    this.#host.secured(this, this.bindings);
  }

  received(bytes: Uint8Array): void {
    this.#host.traffic.receivedBytes += bytes.length;
    if (this.#phase === 'up') this.#host.received(this, bytes);
    // After the server's goodbye there is nothing but the end of its socket to wait for.
    else if (this.#phase === 'closing' && this.#isAllSent() && isGoodbye(bytes)) this.drop();
  }

  drained(): void {
    if (this.#phase !== 'up') return;
    this.#host.drained?.(this);
    if (!this.#isBlocked) return;
    clearTimeout(this.#timer);
    this.#isBlocked = false;
    this.#host.blocked(this, false);
  }

  lost(error: Error | undefined): void {
    if (this.#phase === 'closing') this.drop();
    else if (this.#phase === 'securing') this.#goDown(socketFailure('tls', error, this.remote), true);
    else this.#goDown(socketFailure('up', error, this.remote));
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

  #goDown(failure: Failure, isOfTls = false): void {
    if (this.#phase === 'gone') return;
    this.drop();
    this.#host.down(this, failure, isOfTls);
  }
}

const GOODBYE = '</stream:stream>';

/** Whether the server closes its stream with these bytes (RFC 6120 §4.4); one that writes it otherwise ends its socket, too. */
function isGoodbye(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(-GOODBYE.length)).toString('latin1') === GOODBYE;
}
