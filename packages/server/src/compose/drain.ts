import type { Duration } from '@boshd/engine/kit';
import type { ConnectionManager } from '@boshd/engine/manager';
import type { OrderOutcome } from '../admin/index.ts';
import { formatDuration } from '../config/index.ts';
import type { Driver } from '../driver.ts';
import type { Logger } from '../observe/index.ts';

/**
 * The drain that the operator orders: no new sessions, /readyz says so, those that are there leave by themselves, and after
 * `longest` (shutdown.drain) those that are left are ended properly. The process stays until it is stopped.
 */
export class Drain {
  readonly #driver: Pick<Driver, 'submit'>;
  readonly #sessions: Pick<ConnectionManager, 'liveSessions'>;
  readonly #longest: () => Duration;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
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

  order(): OrderOutcome {
    const sessions = this.#sessions.liveSessions;
    const left = sessions === 1 ? '1 session is left' : `${sessions} sessions are left`;
    if (this.#notReady !== undefined) return { ok: true, text: `draining already; ${left}` };
    this.#notReady = 'draining';
    const longest = this.#longest();
    this.#driver.submit({ type: 'drain' });
    this.#logger.info('draining', { sessions, drainMs: longest });
    this.#timer = setTimeout(() => this.#endRest(), longest);
    return {
      ok: true,
      text: `draining: no new sessions; ${left}, and what is left after ${formatDuration(longest)} will be ended`,
    };
  }

  /** The process is about to end anyway. */
  stopping(): void {
    this.#notReady = 'stopping';
    clearTimeout(this.#timer);
  }

  #endRest(): void {
    this.#logger.info('the drain is over', { sessions: this.#sessions.liveSessions });
    this.#driver.submit({ type: 'shutdown' });
  }
}
