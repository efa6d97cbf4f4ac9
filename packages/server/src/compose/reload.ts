import type { Result } from '@boshd/engine/kit';
import type { OrderOutcome } from '../admin/index.ts';
import type { Config } from '../config/index.ts';
import type { Logger } from '../observe/index.ts';
import { needRestart } from './restart.ts';

/** Reads the configuration again; the fault has its problems, one a line. */
export type ReadConfig = () => Result<Config, readonly string[]>;

/**
 * Puts another configuration into effect under the sessions that live. One that is wrong is refused, and everything stays as
 * it was.
 */
export class Reloader {
  readonly #read: ReadConfig;
  readonly #apply: (config: Config) => void;
  readonly #logger: Logger;
  /** What is in effect, but for what needs a restart. */
  #config: Config;
  readonly #started: Config;

  /** `apply` throws when a file that the configuration names can not be used; then it has changed nothing. */
  constructor(started: Config, read: ReadConfig, apply: (config: Config) => void, logger: Logger) {
    this.#started = started;
    this.#config = started;
    this.#read = read;
    this.#apply = apply;
    this.#logger = logger;
  }

  /** What is in effect. */
  get config(): Config {
    return this.#config;
  }

  /** Never throws: what it has to say goes into the log as well. */
  reload(): OrderOutcome {
    const read = this.#read();
    if (!read.ok) return this.#refused(read.fault);
    try {
      this.#apply(read.value);
    } catch (error) {
      return this.#refused([error instanceof Error ? error.message : String(error)]);
    }
    this.#config = read.value;
    const waiting = needRestart(this.#started, read.value);
    if (waiting.length === 0) {
      this.#logger.info('configuration reloaded');
      return { ok: true, text: 'the configuration is reloaded' };
    }
    this.#logger.warn('configuration reloaded; some of it needs a restart', {
      needRestart: waiting.join(', '),
    });
    return {
      ok: true,
      text: `the configuration is reloaded, but for what needs a restart: ${waiting.join(', ')}`,
    };
  }

  #refused(problems: readonly string[]): OrderOutcome {
    for (const problem of problems) this.#logger.error('the new configuration is wrong', { problem });
    this.#logger.error('the new configuration is refused; the old one stays in effect');
    return { ok: false, text: [...problems, 'the old configuration stays in effect'].join('\n') };
  }
}
