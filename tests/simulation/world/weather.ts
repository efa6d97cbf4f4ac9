import type { Random } from './random.ts';

/** How often things go wrong, as probabilities. */
export interface Weather {
  /** A request never arrives. */
  readonly requestLost: number;
  /** It arrives long after the client gave it up. */
  readonly requestStale: number;
  /** A proxy on the way sends it a second time. */
  readonly duplicated: number;
  /** Its connection breaks while it is held. */
  readonly cut: number;
  readonly replyLost: number;
  /** A proxy answers in the manager's place. */
  readonly badGateway: number;
  /** An end of a broken connection learns of it. */
  readonly told: number;
  /** In a minute: the link to the server breaks, the server ends the stream, it stops reading for a while. */
  readonly serverTrouble: number;
  /** The server cannot be reached. */
  readonly dialFails: number;
}

const CALM: Weather = {
  requestLost: 0,
  requestStale: 0,
  duplicated: 0,
  cut: 0,
  replyLost: 0,
  badGateway: 0,
  told: 1,
  serverTrouble: 0,
  dialFails: 0,
};

const ROUGH: Weather = {
  requestLost: 0.05,
  requestStale: 0.02,
  duplicated: 0.05,
  cut: 0.1,
  replyLost: 0.06,
  badGateway: 0.02,
  told: 0.7,
  serverTrouble: 0.1,
  dialFails: 0.1,
};

const STORM: Weather = {
  requestLost: 0.2,
  requestStale: 0.05,
  duplicated: 0.15,
  cut: 0.3,
  replyLost: 0.2,
  badGateway: 0.05,
  told: 0.5,
  serverTrouble: 0.1,
  dialFails: 0.1,
};

/** Nothing gets through, and nobody hears of it. */
const DARK: Weather = { ...STORM, requestLost: 1, replyLost: 1, cut: 1, told: 0 };

const PERIOD_MS = 10_000;

export type Climate = 'calm' | 'rough' | 'stormy';

/** The weather over one client: changes every ten seconds, and is calm for good from a moment on. */
export class Sky {
  readonly #periods: readonly Weather[];

  readonly #calmFromMs: number;

  constructor(random: Random, climate: Climate, calmFromMs: number) {
    this.#calmFromMs = calmFromMs;
    const kinds = { calm: [CALM], rough: [CALM, ROUGH, ROUGH], stormy: [ROUGH, STORM, STORM, DARK] };
    const count = Math.ceil(calmFromMs / PERIOD_MS);
    this.#periods = Array.from({ length: count }, () => random.pick(kinds[climate]));
  }

  /** It is calm for good: who wants to make trouble is too late. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.#calmFromMs;
  }

  at(nowMs: number): Weather {
    return this.#periods[Math.floor(nowMs / PERIOD_MS)] ?? CALM;
  }
}
