import type { EchoJob, EchoResult } from '../contract.ts';
import { cpuNsOf, sleep, spread } from '../run/measure.ts';
import { Random } from '../run/random.ts';
import { Chat } from './chat.ts';
import { closeSessions } from './crowd.ts';

/** After the window: what is not back by then is lost. */
const patienceMs = 15_000;

/** Messages to the echoing peer and back for a while, saturated or at a fixed rate. */
export async function echo(job: EchoJob): Promise<EchoResult> {
  const chat = await Chat.open(job.target, job.pattern, job.sessions);
  let sending = true;
  let latenciesMs: number[] = [];
  const generator = job.ratePerSecond > 0 ? new OpenLoop(chat, job.ratePerSecond) : undefined;
  chat.echoed = (session, latencyMs) => {
    latenciesMs.push(latencyMs);
    if (sending && generator === undefined) chat.send(session);
  };
  if (generator === undefined) for (const session of chat.sessions) chat.send(session);

  await sleep(job.warmupSeconds * 1_000);
  latenciesMs = [];
  generator?.restart();
  const startMs = performance.now();
  const cpuAtStart = cpuNsOf(job.target);
  const requestsAtStart = chat.requestsSent;
  await sleep(job.seconds * 1_000);
  const used = cpuNsOf(job.target) - cpuAtStart;
  const wallSeconds = (performance.now() - startMs) / 1_000;
  const requests = chat.requestsSent - requestsAtStart;
  const measuredMs = latenciesMs;
  latenciesMs = [];

  sending = false;
  generator?.stop();
  await chat.drained(patienceMs);
  const faults = chat.ledger.close();
  await closeSessions(chat.sessions);
  return {
    roundTrips: measuredMs.length,
    requests,
    cpuNs: used,
    wallSeconds,
    latency: spread(measuredMs),
    lateness: spread(generator?.latenessMs ?? []),
    faults,
  };
}

/**
 * Messages at random moments (Poisson), whatever comes back: a slow server does not slow the load. Timers have a grain of 1 ms; a
 * message counts from the tick that sent it, and by how much that tick was late is told apart.
 */
class OpenLoop {
  latenessMs: number[] = [];
  readonly #chat: Chat;
  readonly #meanGapMs: number;
  readonly #random = new Random(300);
  readonly #timer: NodeJS.Timeout;
  #dueMs = performance.now();

  constructor(chat: Chat, ratePerSecond: number) {
    this.#chat = chat;
    this.#meanGapMs = 1_000 / ratePerSecond;
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  restart(): void {
    this.latenessMs = [];
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    const { sessions } = this.#chat;
    while (this.#dueMs <= nowMs) {
      const session = sessions[Math.floor(this.#random.next() * sessions.length)];
      if (session !== undefined) this.#chat.send(session);
      this.latenessMs.push(nowMs - this.#dueMs);
      this.#dueMs -= Math.log(1 - this.#random.next()) * this.#meanGapMs;
    }
  }
}
