import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { ascii, type ByteString, type Toolbox } from '@boshd/engine/kit';
import { DEFAULT_MESH_LIMITS, hexOf, type MeshIdentity, type MeshLimits } from '@boshd/engine/mesh';
import type { ConnectionOptions } from '@nats-io/transport-node';
import { type Config, clusterKeysFault, clusterKeysIn } from '../config/index.ts';
import { JoinedMesh, NatsMesh, SocketMesh, watchLoopDelay } from '../mesh/index.ts';
import type { MeshPort, MeshSubmit, ObservePort } from '../ports.ts';
import { version } from '../version.ts';
import { keyOfWorkers, socketsOf, type WorkerPlace } from '../workers/index.ts';

/** The engine's pieces, with room for the head of one, and a bit. */
const MESSAGE_BYTES_MAX = DEFAULT_MESH_LIMITS.pieceBytesMax + 1024;
/** Longer than any wait: what was not answered until then got lost on the way. */
const FLIGHT_EXTRA_MS = 20_000;
const INCARNATION_BYTES = 8;

/** What makes a process a member of a cluster. */
export interface Cloud {
  readonly identity: MeshIdentity;
  readonly limits: MeshLimits;
  /** Makes what carries the mesh; it is silent until `open`. */
  mesh(submit: MeshSubmit, observe: ObservePort): CloudMesh;
}

export interface CloudMesh extends MeshPort {
  open(): Promise<void>;
  /** What leads to other machines is there; where none is needed, always. */
  readonly isUp: boolean;
  /** Sends what is left to send, then ends. */
  close(): Promise<void>;
}

/** Thrown where this process cannot be a member of its cluster: a file that cannot be used, a name that another has. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code: 'CLUSTER_KEYS_UNUSABLE' | 'CLUSTER_ID_TAKEN';

  constructor(code: CloudError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Undefined: the process stands alone. Throws CloudError, or the system's error with the path in it. */
export function cloudOf(
  config: Config,
  worker: WorkerPlace | undefined,
  toolbox: Toolbox,
  anchor: string | undefined,
): Cloud | undefined {
  const { cluster, nats } = config;
  if (worker === undefined && nats.servers.length === 0) return undefined;
  const id = cluster.id ?? hostname();
  const { heartbeat, suspectAfter, patience, lease, creationsWithoutMesh } = cluster;
  const identity: MeshIdentity = {
    incarnation: hexOf(toolbox.randomBytes(INCARNATION_BYTES)),
    id: worker === undefined ? id : `${id}/${worker.index}`,
    startedAtMs: Date.now(),
    region: cluster.region,
    weight: cluster.weight,
    version: version(),
    keys: keysOf(config, worker),
    cookieName: cluster.routingCookie,
    anchor,
  };
  const { waitMax } = config.session;
  const limits: MeshLimits = {
    ...DEFAULT_MESH_LIMITS,
    heartbeat,
    probeAfter: toDuration(2 * heartbeat),
    suspectAfter,
    patience,
    lease,
    grace: config.survival.grace,
    creationsWithoutMesh,
    flight: toDuration(waitMax + FLIGHT_EXTRA_MS),
  };
  return {
    identity,
    limits,
    mesh: (submit, observe) => new ServerMesh(config, worker, identity, submit, observe),
  };
}

function toDuration(ms: number) {
  return ms as MeshLimits['heartbeat'];
}

function keysOf({ cluster: { keysFile } }: Config, worker: WorkerPlace | undefined): readonly ByteString[] {
  if (keysFile === undefined) return worker === undefined ? [] : [ascii(keyOfWorkers(worker))];
  const text = readFileSync(keysFile, 'latin1');
  const why = clusterKeysFault(text);
  if (why !== undefined) throw new CloudError('CLUSTER_KEYS_UNUSABLE', `${keysFile} ${why}`);
  return clusterKeysIn(text).map(ascii);
}

/** Sockets to the other workers, NATS to other machines, or both. */
class ServerMesh implements CloudMesh {
  readonly #config: Config;
  readonly #submit: MeshSubmit;
  readonly #sockets: SocketMesh | undefined;
  #nats: NatsMesh | undefined;
  #port: MeshPort | undefined;
  #endWatch: (() => void) | undefined;
  readonly #natsOf: () => Promise<NatsMesh>;

  constructor(
    config: Config,
    worker: WorkerPlace | undefined,
    { incarnation, id, keys }: MeshIdentity,
    submit: MeshSubmit,
    observe: ObservePort,
  ) {
    this.#config = config;
    this.#submit = submit;
    if (worker !== undefined) {
      const options = {
        ...socketsOf(worker),
        incarnation,
        messageBytesMax: MESSAGE_BYTES_MAX,
        backlogBytesMax: config.cluster.backlogBytesMax,
      };
      this.#sockets = new SocketMesh(options, submit);
    }
    this.#natsOf = async () =>
      new NatsMesh(
        {
          servers: config.nats.servers,
          prefix: `boshd.${config.cluster.name}`,
          incarnation,
          keys,
          messageBytesMax: MESSAGE_BYTES_MAX,
          backlogBytesMax: config.cluster.backlogBytesMax,
          name: `boshd ${id}`,
          access: await accessOf(config),
          siblings: () => this.#sockets?.peers ?? [],
          note: (detail) => observe.event({ event: 'mesh-note', detail }),
        },
        submit,
      );
  }

  get isUp(): boolean {
    return this.#config.nats.servers.length === 0 || this.#nats?.isUp === true;
  }

  async open(): Promise<void> {
    this.#endWatch = watchLoopDelay(this.#submit);
    await this.#sockets?.open();
    if (this.#config.nats.servers.length > 0) {
      this.#nats = await this.#natsOf();
      this.#nats.open();
    }
    const [sockets, nats] = [this.#sockets, this.#nats];
    this.#port =
      sockets !== undefined && nats !== undefined ? new JoinedMesh(sockets, nats) : (sockets ?? nats);
    // The first heartbeat: from it on the engine asks to be woken.
    this.#submit({ type: 'mesh-load', loopDelayMs: 0 });
  }

  send(to: string, bytes: ByteString): void {
    this.#port?.send(to, bytes);
  }

  announce(bytes: ByteString): void {
    this.#port?.announce(bytes);
  }

  async close(): Promise<void> {
    this.#endWatch?.();
    this.#sockets?.close();
    await this.#nats?.close();
  }
}

type Access = Pick<ConnectionOptions, 'authenticator' | 'user' | 'pass' | 'token' | 'tls'>;

/** Credentials and TLS of NATS. Loads its client only here, since most processes need none. */
async function accessOf({ nats }: Config): Promise<Access> {
  const { credsFile, user, passwordFile, tokenFile, caFile, certFile, keyFile, servers } = nats;
  const hasTls = caFile !== undefined || servers.some((server) => server.startsWith('tls:'));
  const tls = {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
  };
  const access: Access = {
    ...(user === undefined ? {} : { user }),
    ...(passwordFile === undefined ? {} : { pass: firstLine(passwordFile) }),
    ...(tokenFile === undefined ? {} : { token: firstLine(tokenFile) }),
    ...(hasTls ? { tls } : {}),
  };
  if (credsFile === undefined) return access;
  const { credsAuthenticator } = await import('@nats-io/transport-node');
  return { ...access, authenticator: credsAuthenticator(readFileSync(credsFile)) };
}

function firstLine(file: string): string {
  return (readFileSync(file, 'utf8').split('\n')[0] ?? '').trim();
}
