import type { LogFields } from './logger.ts';

/** A value that needs no quotes: nothing in it ends it, or does something to a terminal. */
const PLAIN = /^[\w.:/@%+*\-[\]]+$/;

function shown(value: string | number | boolean): string {
  const text = String(value);
  if (PLAIN.test(text)) return text;
  // JSON leaves DEL, the C1 controls and the marks of writing direction as they are, and terminals obey them.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `2025-01-31T12:00:00.000Z info  session ended  session=k3 reason=link-lost detail="read ECONNRESET"` */
export function textLine(at: Date, level: string, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${shown(value)}`],
  );
  return `${[at.toISOString(), level.padEnd(5), message, ...(pairs.length > 0 ? ['', ...pairs] : [])].join(' ')}\n`;
}
