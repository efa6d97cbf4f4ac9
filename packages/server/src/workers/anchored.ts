import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '@boshd/engine/kit';
import type { Anchor, AnchorLog } from '../anchor/anchor.ts';
import type { Seat } from '../anchor/seat.ts';
import {
  ANCHOR_FD,
  ANCHORED_VARIABLE,
  type AnchoredPlace,
  FIRST_LISTEN_FD,
  type GivenSocket,
  writeAnchoredPlace,
} from './anchored-place.ts';
import { RELOAD_MESSAGE, STOP_MESSAGE } from './parent.ts';
import { socketOfProcess } from './place.ts';
import { type AskWorkers, askAll } from './questions.ts';
import { Restarts } from './restarts.ts';

/** Asks a worker to give up its sessions, and to end. */
export const LEAVE_MESSAGE = 'leave';

interface AnchoredOptions {
  readonly anchor: Anchor;
  /** How many workers there are at a time. */
  readonly count: number;
  /** Where several workers have their sockets and their key. */
  readonly directory: string | undefined;
  /** Listening sockets of this process, which every worker gets. */
  readonly listen: readonly GivenSocket[];
  /** Milliseconds that a stop may take, after which what is left is killed. */
  readonly stopMs: number;
  /** A worker that does not answer for so long is killed. */
  readonly frozenMs: number;
  /** What workers get beside the environment of this process. Default nothing. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Called once, when the first worker serves. */
  readonly onReady?: (() => void) | undefined;
  readonly log: AnchorLog;
}

/** A worker that does not say in this time that it is set up is of no use. */
const WILLING_MS = 30_000;
/** One that was asked to give up its sessions is killed after this, which is a death like any other. */
const LEAVE_MS = 5_000;
/** Pings within the time after which a worker counts as frozen. */
const PINGS = 5;
const NAME_BYTES = 8;
/** Where workers die again and again before they are ready, and others serve. */
const LATE_START_MS = 5_000;

interface RestartOutcome {
  readonly ok: boolean;
  readonly text: string;
}

interface AnchoredWorker {
  readonly child: ChildProcess;
  readonly seat: Seat;
  /** Its place among the workers, from 0. */
  readonly index: number;
  readonly startedAtMs: number;
  /** The worker of the same place that hands over to it, and who wants to know whether that worked. */
  readonly replaces: AnchoredWorker | undefined;
  readonly settle: (outcome: RestartOutcome) => void;
  phase: 'starting' | 'willing' | 'ready' | 'leaving' | 'gone';
}

/**
 * Starts the workers of an anchor, starts another when one dies, and replaces them on demand by workers that run the files on disk.
 * In each place there is one worker at a time, and two while one replaces the other.
 */
export class AnchoredWorkers {
  readonly #options: AnchoredOptions;
  readonly #name = randomBytes(NAME_BYTES).toString('hex');
  readonly #restarts = new Restarts();
  readonly #workers = new Set<AnchoredWorker>();
  readonly #hopeless: Promise<void>;
  #giveUp: () => void = () => undefined;
  #isRestarting = false;
  #isStopping = false;
  #isBegun = false;
  readonly #watch: NodeJS.Timeout;

  constructor(options: AnchoredOptions) {
    this.#options = options;
    this.#hopeless = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.#watch = setInterval(() => this.#look(), options.frozenMs / PINGS);
    for (let index = 0; index < options.count; index += 1) this.#start(index);
  }

  /** Resolves when workers died again and again before they were ready. */
  get hopeless(): Promise<void> {
    return this.#hopeless;
  }

  /** Workers that serve clients. */
  get serving(): number {
    return [...this.#workers].filter(({ phase }) => phase === 'ready').length;
  }

  readonly ask: AskWorkers = (question) => {
    const ready = [...this.#workers].filter(({ phase }) => phase === 'ready');
    return askAll(
      ready.sort((a, b) => a.index - b.index).map(({ child }) => child),
      question,
    );
  };

  /** Has the configuration read again. */
  reload(): void {
    for (const { child } of this.#workers) if (child.connected) child.send(RELOAD_MESSAGE);
  }

  /** Starts workers from the files on disk and hands all sessions over, one place after the other; where that fails, the old one stays. */
  async restart(): Promise<RestartOutcome> {
    if (this.#isRestarting) return { ok: false, text: 'a restart is under way' };
    const old = [...this.#workers].filter(({ phase }) => phase === 'ready');
    if (old.length === 0 || this.#isStopping) return { ok: false, text: 'no worker serves at the moment' };
    this.#isRestarting = true;
    const sinceMs = performance.now();
    let failed: RestartOutcome | undefined;
    for (const worker of old) {
      // One that died meanwhile is followed by a new one anyway.
      if (worker.phase !== 'ready') continue;
      const outcome = await new Promise<RestartOutcome>((settle) => {
        this.#start(worker.index, worker, settle);
      });
      if (!outcome.ok) failed = outcome;
      if (failed !== undefined) break;
    }
    this.#isRestarting = false;
    const tookMs = Math.round(performance.now() - sinceMs);
    const text = `${old.length === 1 ? 'a new worker serves' : 'new workers serve'}: that took ${tookMs} ms`;
    return failed ?? { ok: true, text };
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

  #start(index: number, replaces?: AnchoredWorker, settle: AnchoredWorker['settle'] = () => undefined): void {
    const { anchor, log } = this.#options;
    const child = this.#spawn(index);
    const socket = child.stdio[ANCHOR_FD];
    assert(socket instanceof Duplex, 'a pipe of a child is a socket on both sides');
    const events = {
      willing: () => this.#willing(worker),
      ready: () => this.#ready(worker),
      left: () => undefined,
      gone: (why: string, isOfInput: boolean) => this.#gone(worker, why, isOfInput),
    };
    const seat = anchor.attach(socket, events, replaces?.seat);
    const startedAtMs = performance.now();
    const worker: AnchoredWorker = { child, seat, index, startedAtMs, replaces, settle, phase: 'starting' };
    this.#workers.add(worker);
    // What cannot be started has no socket either, which is told above.
    child.on('error', (error) => log('error', 'a worker could not be started', { detail: error.message }));
    log('info', 'a worker starts', { worker: seat.number, pid: child.pid ?? 0 });
  }

  #spawn(index: number): ChildProcess {
    const { listen, count, directory, environment } = this.#options;
    const place: AnchoredPlace = {
      listen: listen.map((socket, at) => ({ ...socket, fd: FIRST_LISTEN_FD + at })),
      name: this.#name,
      worker: directory === undefined ? undefined : { index, count, directory },
    };
    return spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'ipc', ...listen.map(({ fd }) => fd)],
      env: { ...process.env, ...environment, [ANCHORED_VARIABLE]: writeAnchoredPlace(place) },
    });
  }

  #willing(worker: AnchoredWorker): void {
    worker.phase = 'willing';
    const old = worker.replaces;
    if (old === undefined || old.phase === 'gone') return;
    old.phase = 'leaving';
    if (old.child.connected) old.child.send(LEAVE_MESSAGE);
    setTimeout(() => {
      if (!old.seat.isGone) this.#kill(old, 'it did not give up its sessions');
    }, LEAVE_MS).unref();
  }

  #ready(worker: AnchoredWorker): void {
    worker.phase = 'ready';
    if (!this.#isBegun) this.#options.onReady?.();
    this.#isBegun = true;
    const tookMs = Math.round(performance.now() - worker.startedAtMs);
    const { seat, child } = worker;
    this.#options.log('info', 'a worker serves', { worker: seat.number, pid: child.pid ?? 0, tookMs });
    worker.settle({ ok: true, text: '' });
  }

  /** Its socket is closed: whatever it still does, it has no sessions. */
  #gone(worker: AnchoredWorker, why: string, isOfInput: boolean): void {
    const { phase, child, seat, index, replaces, settle } = worker;
    worker.phase = 'gone';
    this.#workers.delete(worker);
    this.#removeSocket(child);
    // One that leaves still gives its last replies.
    if (phase !== 'leaving') child.kill('SIGKILL');
    if (this.#isStopping) return;
    const isNew = replaces !== undefined && phase !== 'ready';
    if (phase !== 'leaving')
      this.#options.log('error', isNew ? 'the new worker died' : 'a worker died', {
        worker: seat.number,
        pid: child.pid ?? 0,
        phase,
        why,
      });
    settle({ ok: false, text: 'the new worker died before it was ready; look at what it logged' });
    const others = [...this.#workers].filter((other) => other.index === index && other.phase !== 'leaving');
    if (others.length === 0) this.#startAgain(index, phase === 'ready' || phase === 'leaving' || isOfInput);
  }

  /** In place of one that died; without delay where that one had become of use. */
  #startAgain(index: number, isAtOnce: boolean): void {
    const delayMs = isAtOnce ? 0 : this.#restarts.next(performance.now());
    const isAnyReady = [...this.#workers].some(({ phase }) => phase === 'ready');
    if (delayMs === undefined && !isAnyReady) this.#giveUp();
    else if (delayMs === 0) this.#start(index);
    else setTimeout(() => this.#isStopping || this.#start(index), delayMs ?? LATE_START_MS);
  }

  /** Of the mesh between the workers. */
  #removeSocket({ pid }: ChildProcess): void {
    const { directory } = this.#options;
    if (directory === undefined || pid === undefined) return;
    rmSync(join(directory, socketOfProcess(pid)), { force: true });
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
