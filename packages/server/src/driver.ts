import { assert, type Instant, instantOf, unreachable } from '@boshd/engine/kit';
import type { CloudInput, CloudOutput, Kept } from '@boshd/engine/manager';
import type { FrontPort, MeshPort, ObservePort, RecordsPort, UpstreamPort } from './ports.ts';

/** The doors that the driver opens and shuts. */
export interface Ports {
  readonly front: FrontPort;
  readonly upstream: UpstreamPort;
  readonly observe: ObservePort;
  /** Only of a member of a cloud. */
  readonly mesh?: MeshPort;
  /** Only where sessions are recorded. */
  readonly records?: RecordsPort;
}

/** What decides: a connection manager that stands alone, or a member of a cloud. */
export interface Machine {
  readonly deadline: Instant | undefined;
  handle(input: CloudInput, now: Instant): readonly CloudOutput[];
  advance(now: Instant): readonly CloudOutput[];
  /** Goes on with sessions of another process. Absent: it cannot. */
  restore?(kept: readonly Kept[], now: Instant): readonly CloudOutput[];
  /** Requests for these sessions wait until they are restored. */
  expect?(sids: readonly string[]): void;
  /** A session has been restored: the requests that waited for it, which are to be handled now. */
  awaited?(sid: string): readonly CloudInput[];
  /** Of a member of a cloud: continues all sessions of processes that are gone. */
  continue?(incarnations: readonly string[], now: Instant): readonly CloudOutput[];
}

/**
 * The one loop and the one timer: feeds inputs to the manager, carries its outputs out in order, and calls `advance`
 * when the manager's deadline comes.
 */
export class Driver {
  readonly #manager: Machine;
  readonly #waiting: CloudInput[] = [];
  #ports: Ports | undefined;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #immediate: NodeJS.Immediate | undefined;

  constructor(manager: Machine) {
    this.#manager = manager;
  }

  /** Connects the ports; they hand over inputs by `submit` from then on. */
  connect(ports: Ports): void {
    this.#ports = ports;
  }

  /** Takes an input at once, or, from inside a port's call, after the outputs that are being carried out. */
  submit(input: CloudInput): void {
    if (this.#isBusy) {
      this.#waiting.push(input);
      return;
    }
    this.#isBusy = true;
    this.#turn(input);
    this.#leave();
  }

  /** Goes on with a session of another process. Never from inside a port's call. */
  restore(kept: Kept): void {
    this.#between((now) => this.#manager.restore?.([kept], now));
  }

  /** Requests for these sessions wait until they are restored. */
  expect(sids: readonly string[]): void {
    this.#manager.expect?.(sids);
  }

  /** A session has been restored: the requests that waited for it, which are to be submitted now. */
  awaited(sid: string): readonly CloudInput[] {
    return this.#manager.awaited?.(sid) ?? [];
  }

  /** Continues all sessions of processes that are gone. Never from inside a port's call. */
  continue(incarnations: readonly string[]): void {
    this.#between((now) => this.#manager.continue?.(incarnations, now));
  }

  /** Whatever follows from inputs is done by nobody from now on: another process goes on. */
  disconnect(): void {
    this.stop();
    this.#ports = undefined;
  }

  /** Ends the timer. Inputs are still taken. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #between(turn: (now: Instant) => readonly CloudOutput[] | undefined): void {
    assert(!this.#isBusy, 'this is done between two turns');
    this.#isBusy = true;
    this.#carryOut(turn(clock()) ?? [], performance.now());
    this.#leave();
  }

  /**
   * Looks first at what has come in meanwhile (the poll phase of Node's loop lies between a timer and an immediate): under
   * load an answer may lie in the socket before the moment that it should have come in.
   */
  #wake(): void {
    this.#immediate = setImmediate(() => this.#advance());
  }

  #advance(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#isBusy = true;
    // What is late of it shows how late the loop is.
    const due = this.#manager.deadline ?? clock();
    this.#carryOut(this.#manager.advance(clock()), due);
    this.#leave();
  }

  #leave(): void {
    for (let input = this.#waiting.shift(); input !== undefined; input = this.#waiting.shift()) {
      this.#turn(input);
    }
    this.#isBusy = false;
    this.#arm();
  }

  /** A timer that is too early is left alone: moving it would cost more than waking once for nothing. */
  #arm(): void {
    const { deadline } = this.#manager;
    if (deadline === undefined || deadline >= this.#timerAt || this.#ports === undefined) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(
      () => this.#wake(),
      Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(deadline - clock()))),
    );
  }

  #turn(input: CloudInput): void {
    const since = performance.now();
    this.#carryOut(this.#manager.handle(input, instantOf(Math.trunc(since))), since);
  }

  /** `since`: when what caused them came, in milliseconds. */
  #carryOut(outputs: readonly CloudOutput[], since: number): void {
    const ports = this.#ports;
    if (ports === undefined) return;
    let replies = 0;
    for (const output of outputs) {
      perform(output, ports);
      if (output.type === 'respond' || output.type === 'socket-send') replies += 1;
    }
    if (replies > 0) ports.observe.replied(Math.max(0, performance.now() - since), replies);
  }
}

/** The longest that setTimeout can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whole milliseconds: V8 keeps them in place, while a fraction would be an object in every field that holds an instant. */
export function clock(): Instant {
  return instantOf(Math.trunc(performance.now()));
}

function perform(output: CloudOutput, { front, upstream, observe, mesh, records }: Ports): void {
  switch (output.type) {
    case 'respond':
      front.respond(output.request, output.reply);
      break;
    case 'decode':
      front.decode(output.request);
      break;
    case 'socket-send':
    case 'socket-ping':
    case 'socket-read':
    case 'socket-close':
      performOnSocket(output, front.sockets);
      break;
    case 'send':
      upstream.send(output.link, output.bytes);
      break;
    case 'drop':
      front.drop(output.request);
      break;
    case 'dial':
      upstream.dial(output.link, output.plan);
      break;
    case 'secure':
      upstream.secure(output.link);
      break;
    case 'read':
      upstream.read(output.link, output.wanted);
      break;
    case 'close':
      upstream.close(output.link);
      break;
    case 'log':
      observe.event(output.event);
      break;
    case 'keep':
    case 'forget':
      records?.record(output);
      break;
    case 'mesh-send':
      mesh?.send(output.to, output.bytes);
      break;
    case 'mesh-announce':
      mesh?.announce(output.bytes);
      break;
    default:
      unreachable(output);
  }
}

type SocketOutput = Extract<
  CloudOutput,
  { type: 'socket-send' | 'socket-ping' | 'socket-read' | 'socket-close' }
>;

function performOnSocket(output: SocketOutput, sockets: FrontPort['sockets']): void {
  switch (output.type) {
    case 'socket-send':
      sockets.send(output.socket, output.bytes);
      break;
    case 'socket-ping':
      sockets.ping(output.socket);
      break;
    case 'socket-read':
      sockets.read(output.socket, output.wanted);
      break;
    case 'socket-close':
      sockets.close(output.socket, output.code);
      break;
    default:
      unreachable(output);
  }
}
