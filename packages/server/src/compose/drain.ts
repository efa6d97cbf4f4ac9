import { type Duration, millis, seconds } from '@boshd/engine/kit';
import type { ConnectionManager } from '@boshd/engine/manager';
import type { OrderOutcome } from '../admin/index.ts';
import { formatDuration } from '../config/index.ts';
import type { Driver } from '../driver.ts';
import type { Logger } from '../observe/index.ts';

/** Where neither the operator nor shutdown.drain says how long: nobody means to end all sessions at once by a drain. */
const LONGEST_PRESET = seconds(600);
/** Beyond 24 days setTimeout counts no more. */
const LONGEST_MAX = 24 * 86_400_000;

/**
 * The drain that the operator orders: no new sessions, /readyz says so, those that are there leave by themselves, and after
 * a time those that are left are ended properly. The process stays until it is stopped.
 */
export class Drain {
  readonly #driver: Pick<Driver, 'submit'>;
  readonly #sessions: Pick<ConnectionManager, 'liveSessions'>;
  readonly #longest: () => Duration;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  /** By performance.now. */
  #endsAtMs: number | undefined;
  #notReady: 'draining' | 'stopping' | undefined;

  constructor(
    driver: Pick<Driver, 'submit'>,
    sessions: Pick<ConnectionManager, 'liveSessions'>,
    longest: () => Duration,
    logger: Logger,
  ) {
    this.#driver = driver;
    this.#sessions = sessions;
    this.#longest = longest;
    this.#logger = logger;
  }

  /** Why new sessions are not welcome; undefined: they are. */
  get notReady(): string | undefined {
    return this.#notReady;
  }

  /** Until the sessions that are left are ended, never below 0; undefined: no drain was ordered. */
  get leftMs(): number | undefined {
    return this.#endsAtMs === undefined
      ? undefined
      : Math.max(0, Math.round(this.#endsAtMs - performance.now()));
  }

  /**
   * @param about how long sessions may stay, in milliseconds; '' for shutdown.drain, or ten minutes where that is 0. A second order
   * changes the time only if it says one.
   */
  order(about: string): OrderOutcome {
    const sessions = this.#sessions.liveSessions;
    const left = sessions === 1 ? '1 session is left' : `${sessions} sessions are left`;
    if (!/^\d{0,10}$/.test(about) || Number(about) > LONGEST_MAX)
      return { ok: false, text: `${about} is no number of milliseconds, or more than 24 days` };
    const isFirst = this.#notReady === undefined;
    if (!isFirst && about === '') return { ok: true, text: `draining already; ${left}` };
    const longest = about === '' ? this.#preset() : millis(Number(about));
    this.#notReady ??= 'draining';
    if (isFirst) this.#driver.submit({ type: 'drain' });
    this.#logger.info('draining', { sessions, drainMs: longest });
    this.#endAfter(longest);
    const what = isFirst ? 'draining: no new sessions' : 'draining already';
    return {
      ok: true,
      text: `${what}; ${left}, and what is left after ${formatDuration(longest)} will be ended`,
    };
  }

  /** The process is about to end anyway. */
  stopping(): void {
    this.#notReady = 'stopping';
    clearTimeout(this.#timer);
  }

  #preset(): Duration {
    const longest = this.#longest();
    return longest === 0 ? LONGEST_PRESET : longest;
  }

  #endAfter(longest: Duration): void {
    clearTimeout(this.#timer);
    this.#endsAtMs = performance.now() + longest;
    this.#timer = setTimeout(() => this.#endRest(), longest);
  }

  #endRest(): void {
    this.#logger.info('the drain is over', { sessions: this.#sessions.liveSessions });
    this.#driver.submit({ type: 'shutdown' });
  }
}
