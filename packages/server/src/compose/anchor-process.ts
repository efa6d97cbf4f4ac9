import { lookup } from 'node:dns/promises';
import { rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { fault, type Result } from '@boshd/engine/kit';
import { Anchor, type AnchorLog } from '../anchor/anchor.ts';
import type { Config } from '../config/index.ts';
import { cannotListen, NO_IPV6 } from '../front/accept/listen-at.ts';
import type { ListenAddress } from '../front/options.ts';
import { FrontError } from '../front/request/errors.ts';
import { type BoundSocket, bindTcp, bindUnix } from '../sockets/index.ts';
import { createSurroundings } from '../upstream/connect/surroundings.ts';
import { AnchoredWorkers, type GivenSocket, makeDirectory, workerCount } from '../workers/index.ts';
import { listenAddressesOf, upstreamOptionsOf } from './options.ts';

/** The process that owns what outlives workers, and its worker. */
export interface AnchorProcess {
  readonly anchor: Anchor;
  /** Where HTTP is listened for; Unix sockets apart. */
  readonly at: readonly { readonly host: string; readonly port: number }[];
  readonly workers: AnchoredWorkers;
  /** Ends the worker in good order, then closes what is left of links. */
  stop(): Promise<void>;
}

/** What a command adds. */
interface AnchorMore {
  /** What workers get beside the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called once, when the first worker serves. */
  readonly onReady?: () => void;
}

/** Beyond what is queued for a silent client and the largest stanza: the rest of what a server sends at once. */
const LINK_BYTES_EXTRA = 1024 * 1024;

/** Binds where the configuration has HTTP listened for, and starts the worker. Throws FrontError, or the system's error. */
export async function startAnchorProcess(
  config: Config,
  stopMs: number,
  log: AnchorLog,
  more: AnchorMore = {},
): Promise<AnchorProcess> {
  const { around, sockets } = {
    around: createSurroundings(upstreamOptionsOf(config)),
    sockets: await bindAll(config),
  };
  const anchor = new Anchor({
    around,
    limits: {
      linkBytesMax: linkBytesOf(config),
      bytesMax: config.survival.memoryBytesMax,
      sessionsPerWorkerMax: config.limits.sessionsMax,
    },
    log,
  });
  const count = workerCount(config.workers);
  const directory = count > 1 ? await makeDirectory() : undefined;
  const workers = new AnchoredWorkers({
    anchor,
    count,
    directory,
    listen: sockets.map(({ given }) => given),
    stopMs,
    frozenMs: config.survival.frozen,
    log,
    ...more,
  });
  return {
    anchor,
    at: sockets.flatMap(({ given }) => given.at ?? []),
    workers,
    stop: async () => {
      // Nobody new is kept waiting for workers that end.
      for (const { close } of sockets) close();
      await workers.stop();
      await anchor.stop(around.limits.lingerMs);
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function linkBytesOf(config: Config): number {
  const sites = [config, ...config.sites.values()];
  const largest = sites.map(({ limits, session }) => limits.serverStanzaBytesMax + session.queueBytesMax);
  return Math.max(...largest) + LINK_BYTES_EXTRA;
}

interface Held {
  readonly given: GivenSocket;
  close(): void;
}

/** All addresses, or none. A machine without IPv6 does not fail for that alone. */
async function bindAll(config: Config): Promise<readonly Held[]> {
  const held: Held[] = [];
  const mode = Number.parseInt(config.http.socketMode, 8);
  try {
    for (const address of listenAddressesOf(config)) {
      const bound = await bind(address, mode);
      if (bound.ok) held.push(bound.value);
      else if (!('host' in address && address.host.includes(':') && NO_IPV6.has(bound.fault)))
        throw cannotListen(address, bound.fault);
    }
    if (held.length === 0) throw new FrontError('LISTEN_FAILED', 'there is no address to listen on');
    return held;
  } catch (error) {
    for (const { close } of held) close();
    throw error;
  }
}

async function bind(address: ListenAddress, mode: number): Promise<Result<Held, string>> {
  const proxyProtocol = address.proxyProtocol === true;
  if ('fd' in address)
    return { ok: true, value: { given: { fd: address.fd, proxyProtocol }, close: () => undefined } };
  const bound = 'path' in address ? await bindUnix(address.path, mode) : await bindHost(address);
  if (!bound.ok) return bound;
  const { fd, at, close } = bound.value;
  return { ok: true, value: { given: { fd, proxyProtocol, at }, close } };
}

async function bindHost({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<Result<BoundSocket, string>> {
  if (isIP(host) !== 0) return bindTcp(host, port);
  const found = await lookup(host).catch(() => undefined);
  return found === undefined ? fault('ENOTFOUND') : bindTcp(found.address, port);
}
