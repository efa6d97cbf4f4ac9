import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '@boshd/engine/kit';
import type { Anchor, AnchorLog } from '../anchor/anchor.ts';
import type { Seat } from '../anchor/seat.ts';
import {
  ANCHOR_FD,
  ANCHORED_VARIABLE,
  FIRST_LISTEN_FD,
  type GivenSocket,
  writeAnchoredPlace,
} from './anchored-place.ts';
import { RELOAD_MESSAGE, STOP_MESSAGE } from './parent.ts';
import { type AskWorkers, askAll } from './questions.ts';
import { Restarts } from './restarts.ts';

/** Asks a worker to give up its sessions, and to end. */
export const LEAVE_MESSAGE = 'leave';

interface AnchoredOptions {
  readonly anchor: Anchor;
  /** Listening sockets of this process, which every worker gets. */
  readonly listen: readonly GivenSocket[];
  /** Milliseconds that a stop may take, after which what is left is killed. */
  readonly stopMs: number;
  /** A worker that does not answer for so long is killed. */
  readonly frozenMs: number;
  readonly log: AnchorLog;
}

/** A worker that does not say in this time that it is set up is of no use. */
const WILLING_MS = 30_000;
/** One that was asked to give up its sessions is killed after this, which is a death like any other. */
const LEAVE_MS = 5_000;
/** Pings within the time after which a worker counts as frozen. */
const PINGS = 5;

interface RestartOutcome {
  readonly ok: boolean;
  readonly text: string;
}

/** What becomes of the order to hand over to new workers. */
interface Handover {
  readonly old: AnchoredWorker;
  readonly done: (outcome: RestartOutcome) => void;
}

interface AnchoredWorker {
  readonly child: ChildProcess;
  readonly seat: Seat;
  readonly startedAtMs: number;
  phase: 'starting' | 'willing' | 'ready' | 'leaving' | 'gone';
}

/**
 * Starts the worker of an anchor, starts another when it dies, and replaces it on demand by one that runs the files on disk. There is
 * one worker at a time, and two while one replaces the other.
 */
export class AnchoredWorkers {
  readonly #options: AnchoredOptions;
  readonly #restarts = new Restarts();
  readonly #workers = new Set<AnchoredWorker>();
  readonly #hopeless: Promise<void>;
  #giveUp: () => void = () => undefined;
  #handover: Handover | undefined;
  #isStopping = false;
  readonly #watch: NodeJS.Timeout;

  constructor(options: AnchoredOptions) {
    this.#options = options;
    this.#hopeless = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.#watch = setInterval(() => this.#look(), options.frozenMs / PINGS);
    this.#start();
  }

  /** Resolves when workers died again and again before they were ready. */
  get hopeless(): Promise<void> {
    return this.#hopeless;
  }

  readonly ask: AskWorkers = (question) =>
    askAll(
      [...this.#workers].filter(({ phase }) => phase === 'ready').map(({ child }) => child),
      question,
    );

  /** Has the configuration read again. */
  reload(): void {
    for (const { child } of this.#workers) if (child.connected) child.send(RELOAD_MESSAGE);
  }

  /** Starts a worker from the files on disk and hands all sessions over; the old one stays when the new one cannot be had. */
  restart(): Promise<RestartOutcome> {
    const old = [...this.#workers].find(({ phase }) => phase === 'ready');
    if (this.#handover !== undefined) return Promise.resolve({ ok: false, text: 'a restart is under way' });
    if (old === undefined || this.#isStopping)
      return Promise.resolve({ ok: false, text: 'no worker serves at the moment' });
    return new Promise((done) => {
      this.#handover = { old, done };
      this.#start();
    });
  }

  /** Ends the workers in good order. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#watch);
    const workers = [...this.#workers];
    const gone = Promise.all(
      workers.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        if (child.connected) child.send(STOP_MESSAGE);
        else child.kill('SIGKILL');
        await exit;
      }),
    );
    const late = sleep(this.#options.stopMs, undefined, { ref: false }).then(() => {
      for (const { child } of workers) child.kill('SIGKILL');
    });
    await Promise.race([gone, late.then(() => gone)]);
  }

  #start(): void {
    const { anchor, log } = this.#options;
    const child = this.#spawn();
    const socket = child.stdio[ANCHOR_FD];
    assert(socket instanceof Duplex, 'a pipe of a child is a socket on both sides');
    const seat = anchor.attach(socket, {
      willing: () => this.#willing(worker),
      ready: () => this.#ready(worker),
      left: () => undefined,
      gone: (why, isOfInput) => this.#gone(worker, why, isOfInput),
    });
    const worker: AnchoredWorker = { child, seat, startedAtMs: performance.now(), phase: 'starting' };
    this.#workers.add(worker);
    // What cannot be started has no socket either, which is told above.
    child.on('error', (error) => log('error', 'a worker could not be started', { detail: error.message }));
    log('info', 'a worker starts', { worker: seat.number, pid: child.pid ?? 0 });
  }

  #spawn(): ChildProcess {
    const { listen } = this.#options;
    const place = {
      listen: listen.map((socket, index) => ({ ...socket, fd: FIRST_LISTEN_FD + index })),
    };
    return spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'ipc', ...listen.map(({ fd }) => fd)],
      env: { ...process.env, [ANCHORED_VARIABLE]: writeAnchoredPlace(place) },
    });
  }

  #willing(worker: AnchoredWorker): void {
    worker.phase = 'willing';
    const handover = this.#handover;
    if (handover === undefined || handover.old === worker || handover.old.phase === 'gone') return;
    const { old } = handover;
    old.phase = 'leaving';
    if (old.child.connected) old.child.send(LEAVE_MESSAGE);
    setTimeout(() => {
      if (!old.seat.isGone) this.#kill(old, 'it did not give up its sessions');
    }, LEAVE_MS).unref();
  }

  #ready(worker: AnchoredWorker): void {
    const { log } = this.#options;
    worker.phase = 'ready';
    const tookMs = Math.round(performance.now() - worker.startedAtMs);
    log('info', 'a worker serves', { worker: worker.seat.number, pid: worker.child.pid ?? 0, tookMs });
    if (this.#handover === undefined || this.#handover.old === worker) return;
    this.#settle({ ok: true, text: `a new worker serves since ${tookMs} ms after its start` });
  }

  /** Its socket is closed: whatever it still does, it has no sessions. */
  #gone(worker: AnchoredWorker, why: string, isOfInput: boolean): void {
    const { log } = this.#options;
    const { phase, child, seat } = worker;
    worker.phase = 'gone';
    this.#workers.delete(worker);
    if (phase !== 'leaving') child.kill('SIGKILL');
    if (this.#isStopping || phase === 'leaving') return;
    const handover = this.#handover;
    if (handover !== undefined && handover.old !== worker) {
      log('error', 'the new worker died; the old one stays', { worker: seat.number, why });
      this.#settle({ ok: false, text: 'the new worker died before it was ready; look at what it logged' });
      return;
    }
    log('error', 'a worker died', { worker: seat.number, pid: child.pid ?? 0, phase, why });
    // Another is on its way already.
    if (handover !== undefined) return;
    const delayMs = phase === 'ready' || isOfInput ? 0 : this.#restarts.next(performance.now());
    if (delayMs === undefined) this.#giveUp();
    else if (delayMs === 0) this.#start();
    else setTimeout(() => this.#isStopping || this.#start(), delayMs);
  }

  #settle(outcome: RestartOutcome): void {
    this.#handover?.done(outcome);
    this.#handover = undefined;
  }

  /** Looks for workers that do not answer. */
  #look(): void {
    for (const worker of this.#workers) {
      const { phase, seat, startedAtMs } = worker;
      if (phase === 'starting') {
        if (performance.now() - startedAtMs > WILLING_MS) this.#kill(worker, 'it was not ready in time');
      } else if (seat.unanswered >= PINGS) {
        this.#kill(worker, `it has not answered for ${this.#options.frozenMs} ms`);
      } else {
        seat.ping();
      }
    }
  }

  #kill(worker: AnchoredWorker, why: string): void {
    const { child, seat } = worker;
    this.#options.log('error', 'a worker is killed', { worker: seat.number, pid: child.pid ?? 0, why });
    child.kill('SIGKILL');
    // Its socket closes with it.
  }
}
