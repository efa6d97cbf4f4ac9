import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Faults, LoadCalls, PeerCalls, PeerPorts, ProbeCalls, Target } from '../contract.ts';
import type { Caller } from './calls.ts';
import { childPids, sleep } from './measure.ts';
import type { Options } from './options.ts';
import {
  boshdScript,
  makeIdentity,
  type Process,
  startBoshd,
  startLoad,
  startPeer,
  startProgram,
  startYardstick,
  type TlsIdentity,
} from './processes.ts';
import { type Failure, isFaulty } from './report.ts';

const domain = 'bench.test';
const startPatienceMs = 20_000;
/** Until the members of a cluster know each other. */
const joinMs = 2_000;

/** How the server under test reaches the XMPP peer. */
export type Upstream = 'plain' | 'starttls' | 'direct';

/** A server under test. */
export interface Subject {
  readonly name: 'yardstick' | 'boshd';
  readonly target: Target;
  readonly probe: Caller<ProbeCalls>;
}

/** A member of a cluster, or a process that stands for several. */
export interface Member {
  readonly name: 'boshd';
  readonly label: string;
  readonly target: Target;
}

/** The processes of one scenario: the peer and the load at once, servers when asked for; all end with `stop`. */
export class Bench {
  readonly options: Options;
  readonly load: Caller<LoadCalls>;
  readonly peer: Caller<PeerCalls>;
  readonly failures: Failure[] = [];
  readonly #scenario: string;
  readonly folder: string;
  readonly #identity: TlsIdentity;
  readonly #ports: PeerPorts;
  readonly #stops: (() => Promise<void>)[];

  private constructor(
    options: Options,
    scenario: string,
    folder: string,
    identity: TlsIdentity,
    peer: Process<PeerCalls>,
    ports: PeerPorts,
  ) {
    const load = startLoad();
    this.options = options;
    this.load = load.caller;
    this.peer = peer.caller;
    this.#scenario = scenario;
    this.folder = folder;
    this.#identity = identity;
    this.#ports = ports;
    this.#stops = [load.stop, peer.stop];
  }

  static async start(options: Options, scenario: string, folder: string): Promise<Bench> {
    mkdirSync(folder, { recursive: true });
    const identity = makeIdentity(folder, domain);
    const peer = startPeer(identity);
    return new Bench(options, scenario, folder, identity, peer, await peer.caller.call('ports', undefined));
  }

  async yardstick(): Promise<Subject> {
    const process = startYardstick(this.#ports.bare, this.#profiling());
    this.#stops.unshift(process.stop);
    const port = await process.caller.call('port', undefined);
    const target: Target = {
      flavour: 'bare',
      host: '127.0.0.1',
      port,
      path: '/poll',
      domain,
      pid: process.pid,
    };
    return { name: 'yardstick', target, probe: process.caller as Caller<ProbeCalls> };
  }

  async boshd(upstream: Upstream): Promise<Subject> {
    const port = await freePort();
    const configFile = join(this.folder, 'boshd.json');
    writeFileSync(configFile, JSON.stringify(this.#config(port, upstream), undefined, 2));
    const logFile = join(this.folder, 'boshd.log');
    const process = startBoshd(configFile, logFile, this.#profiling());
    this.#stops.unshift(process.stop);
    if (!(await isListening(port)))
      throw new Error(`boshd does not listen on port ${port}. It said:\n${readFileSync(logFile, 'utf8')}`);
    const target: Target = {
      flavour: 'bosh',
      host: '127.0.0.1',
      port,
      path: '/http-bind',
      domain,
      pid: process.pid,
    };
    return { name: 'boshd', target, probe: process.caller };
  }

  /** A boshd of several that are one service; `settings` are what it has besides the usual. */
  async member(
    label: string,
    settings: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Member> {
    const port = await freePort();
    const configFile = join(this.folder, `${label}.json`);
    writeFileSync(configFile, JSON.stringify({ ...Object(this.#config(port, 'plain')), ...settings }));
    const args = [boshdScript, 'serve', '--config', configFile];
    const logFile = join(this.folder, `${label}.log`);
    const process = startProgram(globalThis.process.execPath, args, logFile, environment);
    this.#stops.unshift(process.stop);
    if (!(await isListening(port)))
      throw new Error(`boshd does not listen on port ${port}. It said:\n${readFileSync(logFile, 'utf8')}`);
    // Members learn of each other with the next heartbeat, and all workers are there.
    await sleep(joinMs);
    const { pid } = process;
    const alsoPids = childPids(pid);
    const target: Target = {
      flavour: 'bosh',
      host: '127.0.0.1',
      port,
      path: '/http-bind',
      domain,
      pid,
      alsoPids,
    };
    return { name: 'boshd', label, target };
  }

  /** Starts a NATS server; the URL of it. */
  async nats(): Promise<string> {
    const port = await freePort();
    const { stop } = startProgram(
      'nats-server',
      ['-a', '127.0.0.1', '-p', String(port)],
      join(this.folder, 'nats.log'),
    );
    this.#stops.unshift(stop);
    if (!(await isListening(port))) throw new Error('nats-server does not listen');
    return `nats://127.0.0.1:${port}`;
  }

  /** Keeps what went wrong for the report. */
  judge(subject: Pick<Subject, 'name'>, faults: Faults): void {
    if (isFaulty(faults)) this.failures.push({ scenario: this.#scenario, server: subject.name, faults });
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  /** Everything but the address of the XMPP server is left as a user gets it. */
  #config(port: number, upstream: Upstream): unknown {
    const { plain, startTls, directTls } = this.#ports;
    const caFile = this.#identity.certificateFile;
    const ways = {
      plain: { port: plain, tls: 'insecure-none' },
      starttls: { port: startTls, tls: 'required', caFile },
      direct: { port: directTls, tls: 'direct', caFile },
    };
    return {
      listen: [`127.0.0.1:${port}`],
      upstream: { overrides: { [domain]: { host: '127.0.0.1', ...ways[upstream] } } },
      log: { level: 'warn' },
    };
  }

  #profiling(): readonly string[] {
    return this.options.profile ? ['--cpu-prof', `--cpu-prof-dir=${this.folder}`] : [];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Whether something listens on the port, now or before long. */
async function isListening(port: number): Promise<boolean> {
  const giveUpMs = performance.now() + startPatienceMs;
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => resolve(false));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  while (!(await answers())) {
    if (performance.now() > giveUpMs) return false;
    await sleep(50);
  }
  return true;
}
