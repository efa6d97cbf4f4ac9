import { textLine } from './text-line.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What belongs to a line, by name. Never a body, a password, a token or a sid. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Writes lines for people and machines; `message` is a sentence that stays the same, what varies is in the fields. A
 * function is called for them only when the line is written.
 */
export type Logger = Readonly<
  Record<LogLevel, (message: string, fields?: LogFields | (() => LogFields)) => void>
>;

export interface LoggerOptions {
  /** The least important level that is written. */
  readonly level: LogLevel | 'silent';
  /** `auto`: text on a terminal, else JSON. */
  readonly format: 'auto' | 'json' | 'text';
}

/** Where lines go: process.stdout, or what a test looks into. */
export interface LogSink {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

type WriteLine = (level: LogLevel, message: string, fields: LogFields) => void;

const NOTHING: LogFields = {};

function loggerOf(least: LoggerOptions['level'], write: WriteLine): Logger {
  const written = least === 'silent' ? [] : LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(least) + 1);
  const method = (level: LogLevel): Logger[LogLevel] =>
    written.includes(level)
      ? (message, fields = NOTHING) => write(level, message, typeof fields === 'function' ? fields() : fields)
      : () => undefined;
  return { error: method('error'), warn: method('warn'), info: method('info'), debug: method('debug') };
}

/** Loads pino, which only the JSON form needs. */
async function jsonWriter(sink: LogSink): Promise<WriteLine> {
  const { pino, stdTimeFunctions } = await import('pino');
  const settings = {
    // Levels are checked before a line gets here.
    level: 'debug',
    base: null,
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const json = pino(settings, { write: (line: string) => void sink.write(line) });
  return (level, message, fields) => json[level](fields, message);
}

/** Makes the log of the process. */
export async function createLogger(options: LoggerOptions, sink: LogSink = process.stdout): Promise<Logger> {
  const isText = options.format === 'text' || (options.format === 'auto' && sink.isTTY === true);
  if (isText || options.level === 'silent') {
    return loggerOf(options.level, (level, message, fields) => {
      sink.write(textLine(new Date(), level, message, fields));
    });
  }
  return loggerOf(options.level, await jsonWriter(sink));
}
