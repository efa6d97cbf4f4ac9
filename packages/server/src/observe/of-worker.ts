import type { LogFields, Logger, LogLevel } from './logger.ts';

/** The log of one of several workers: each line says which one. */
export function ofWorker(logger: Logger, worker: number): Logger {
  const method =
    (level: LogLevel): Logger[LogLevel] =>
    (message, fields: LogFields | (() => LogFields) = {}) =>
      logger[level](message, () => ({ worker, ...(typeof fields === 'function' ? fields() : fields) }));
  return { error: method('error'), warn: method('warn'), info: method('info'), debug: method('debug') };
}
