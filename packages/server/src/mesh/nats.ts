import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ByteString } from '@boshd/engine/kit';
import { type Incarnation, senderOf } from '@boshd/engine/mesh';
import type { ConnectionOptions, Msg, NatsConnection, PublishOptions } from '@nats-io/transport-node';
import type { MeshPort, MeshSubmit } from '../ports.ts';
import { Backlog } from './backlog.ts';
import { frameOf, HEAD_BYTES, takeFrames } from './frames.ts';
import { Parcels } from './parcels.ts';
import { type Destination, Seal } from './seal.ts';

/** What a NATS server says where nobody has the subject (NATS protocol, "no responders"). */
const NO_RESPONDERS = 503;
/** Between attempts to reach a server. With some spread, so that members do not all come at once. */
const RECONNECT_MS = 200;
const RECONNECT_SPREAD_MS = 200;
/** A connection on which nothing comes back is given up after two of them. */
const PING_MS = 3000;
/**
 * The client of NATS ends a connection that is given up only when what waits on it has left. Where it does not leave, for
 * the server reads nothing, it is ended here after this time.
 */
const STALE_MS = 500;
/** For a server to let a member in, its TLS included; a frozen one takes connections and says nothing. The client's own limit is 20 s. */
const CONNECT_MS = 5000;
/** Between two lines of the log about messages that were not believed. */
const REFUSED_MS = 60_000;
const SECRET_BYTES = 16;
/** How long a goodbye may take to leave. */
const LAST_FLUSH_MS = 2000;

export interface NatsMeshOptions {
  readonly servers: readonly string[];
  /** Before every subject: the name of the cluster is in it. */
  readonly prefix: string;
  readonly incarnation: Incarnation;
  /** Of the cluster: the first seals what is sent, all are accepted. */
  readonly keys: readonly ByteString[];
  /** Bytes of a message: those of the engine's pieces, and some. */
  readonly messageBytesMax: number;
  /** Bytes that wait for a NATS server that does not read, beyond which its connection is given up. */
  readonly backlogBytesMax: number;
  /** How the member is called at the server. */
  readonly name: string;
  /** Credentials and TLS, as the client of NATS takes them. */
  readonly access: Pick<ConnectionOptions, 'authenticator' | 'user' | 'pass' | 'token' | 'tls'>;
  /** Members that are reached in another way, also while NATS is away. */
  readonly siblings: () => readonly Incarnation[];
  /** Told what NATS says, for the log. */
  readonly note: (detail: string) => void;
}

/**
 * The mesh over NATS: a subject a member, and one for what all are to hear. What travels is framed as on the sockets of
 * workers, since what one turn has for a member goes together (parcels.ts). Parcels carry a subject for answers of which one
 * is ever used: the server's own, that nobody takes them. That is the fastest word of a death there is; a member that froze
 * keeps its subject, and is found by its silence.
 */
export class NatsMesh implements MeshPort {
  readonly #options: NatsMeshOptions;
  readonly #submit: MeshSubmit;
  readonly #unreached: string;
  readonly #seal: Seal;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refused = 0;
  readonly #parcels: Parcels;
  #connection: NatsConnection | undefined;
  #backlog: Backlog | undefined;
  #isUp = false;
  #isClosing = false;

  constructor(options: NatsMeshOptions, submit: MeshSubmit) {
    this.#options = options;
    this.#submit = submit;
    // Nobody can guess it, so nobody but the server says on it that a member is not there.
    const secret = randomBytes(SECRET_BYTES).toString('hex');
    this.#unreached = `${options.prefix}.unreached.${options.incarnation}.${secret}`;
    this.#seal = new Seal(options.incarnation, options.keys);
    this.#parcels = new Parcels(options.messageBytesMax + HEAD_BYTES, (to, parcel) =>
      this.#deliver(to, parcel),
    );
  }

  /** A NATS server takes messages. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Connects, for as long as it takes; boshd serves its own sessions meanwhile. */
  open(): void {
    this.#submit({ type: 'mesh-link', isUp: false, except: [] });
    void this.#connect();
  }

  send(to: Incarnation, bytes: ByteString): void {
    if (this.#isUp) this.#parcels.add(to, bytes);
  }

  announce(bytes: ByteString): void {
    // A goodbye says that all answers went out before.
    this.#parcels.flush();
    this.#publish('all', `${this.#options.prefix}.all`, frameOf(bytes));
  }

  async close(): Promise<void> {
    this.#parcels.flush();
    this.#isClosing = true;
    const connection = this.#connection;
    if (connection === undefined) return;
    // What was sent last goes out, if there is somebody to take it.
    if (this.#isUp)
      await Promise.race([
        connection.flush().catch(() => undefined),
        pause(LAST_FLUSH_MS, undefined, { ref: false }),
      ]);
    this.#isUp = false;
    await connection.close().catch(() => undefined);
  }

  #deliver(to: Incarnation, parcel: string): void {
    const reply = `${this.#unreached}.${to}`;
    this.#publish(to, `${this.#options.prefix}.member.${to}`, parcel, { reply });
  }

  #publish(to: Destination, subject: string, frames: string, options?: PublishOptions): void {
    const connection = this.#connection;
    if (!this.#isUp || connection === undefined) return;
    const parcel = this.#seal.close(to, frames);
    connection.publish(subject, parcel, options);
    if (this.#backlog?.add(parcel.length) === false)
      this.#giveUp(connection, 'does not read what is sent to it');
  }

  async #connect(): Promise<void> {
    const { servers, name, access, note } = this.#options;
    const { connect } = await import('@nats-io/transport-node');
    while (!this.#isClosing) {
      try {
        const connection = await connect({
          servers: [...servers],
          name,
          ...access,
          noEcho: true,
          timeout: CONNECT_MS,
          maxReconnectAttempts: -1,
          reconnectDelayHandler: () => RECONNECT_MS + Math.random() * RECONNECT_SPREAD_MS,
          pingInterval: PING_MS,
          maxPingOut: 2,
          ignoreAuthErrorAbort: true,
        });
        this.#connected(connection);
        return;
      } catch (error) {
        note(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) =>
          setTimeout(resolve, RECONNECT_MS + Math.random() * RECONNECT_SPREAD_MS).unref(),
        );
      }
    }
  }

  #connected(connection: NatsConnection): void {
    const { prefix, incarnation } = this.#options;
    if (this.#isClosing) {
      void connection.close();
      return;
    }
    this.#connection = connection;
    const taking = (to: Destination) => ({
      callback: (_error: Error | null, { data }: Msg) => this.#take(to, data),
    });
    connection.subscribe(`${prefix}.all`, taking('all'));
    connection.subscribe(`${prefix}.member.${incarnation}`, taking(incarnation));
    connection.subscribe(`${this.#unreached}.*`, {
      callback: (error, message) => this.#nobody(error, message),
    });
    void this.#watch(connection);
    this.#link(true);
  }

  #take(to: Destination, data: Uint8Array): void {
    const parcel = Buffer.from(data.buffer, data.byteOffset, data.length);
    const sealed = this.#seal.open(to, parcel);
    if (sealed === undefined) {
      this.#refuse();
      return;
    }
    const end = takeFrames(sealed.frames, this.#options.messageBytesMax, (each) => {
      if (senderOf(each) === sealed.from) this.#submit({ type: 'mesh-message', bytes: each });
      else this.#refuse();
    });
    if (end !== sealed.frames.length) this.#refuse();
  }

  /** Told at once and then once a minute: whoever can write to NATS could fill the log. */
  #refuse(): void {
    this.#refused += 1;
    if (performance.now() - this.#refusedAt < REFUSED_MS) return;
    this.#refusedAt = performance.now();
    this.#options.note(
      `${this.#refused} messages without a right seal were not believed: do all members have the same cluster.keysFile and the same version of boshd? Otherwise somebody else writes to this NATS`,
    );
    this.#refused = 0;
  }

  #nobody(error: Error | null, message: Msg): void {
    const member = message.subject.slice(this.#unreached.length + 1);
    const isFromServer = error !== null || message.headers?.code === NO_RESPONDERS;
    if (isFromServer) this.#submit({ type: 'mesh-unreached', member, how: 'no-responders' });
  }

  async #watch(connection: NatsConnection): Promise<void> {
    const { note } = this.#options;
    let stale: NodeJS.Timeout | undefined;
    for await (const status of connection.status()) {
      if (status.type === 'error') note(status.error.message);
      if (connection !== this.#connection) break;
      if (status.type === 'staleConnection')
        stale = setTimeout(() => this.#giveUp(connection, 'does not answer'), STALE_MS);
      else if (status.type === 'disconnect') {
        clearTimeout(stale);
        this.#link(false);
      } else if (status.type === 'reconnect') this.#link(true);
    }
    clearTimeout(stale);
    if (connection === this.#connection) this.#link(false);
  }

  /** Ends the connection with all that waits on it, and makes another one. */
  #giveUp(connection: NatsConnection, why: string): void {
    if (this.#isClosing || connection !== this.#connection) return;
    this.#connection = undefined;
    this.#options.note(`the NATS server ${why}: its connection is given up`);
    this.#link(false);
    connection.close().catch(() => undefined);
    void this.#connect();
  }

  #link(isUp: boolean): void {
    if (this.#isUp === isUp || this.#isClosing) return;
    this.#isUp = isUp;
    const connection = this.#connection;
    // What waited on a connection is gone with it.
    this.#backlog =
      isUp && connection !== undefined
        ? new Backlog(this.#options.backlogBytesMax, () => connection.flush())
        : undefined;
    this.#submit({ type: 'mesh-link', isUp, except: this.#options.siblings() });
  }
}
