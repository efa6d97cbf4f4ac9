import type { LogFields } from './logger.ts';

const CONTROLS = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A value that needs no quotes: nothing in it ends it, or does something to a terminal. */
const PLAIN = /^[\w.:/@%+*\-[\]]+$/;

/** Control characters and marks of writing direction, written as JSON may write them: a terminal obeys them. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function shown(value: string | number | boolean): string {
  const text = String(value);
  if (PLAIN.test(text)) return text;
  // JSON leaves DEL, the C1 controls and the marks of writing direction as they are, and terminals obey them.
  return escapeControls(JSON.stringify(text));
}

/** `2025-01-31T12:00:00.000Z info  session ended  session=k3 reason=link-lost detail="read ECONNRESET"` */
export function textLine(at: Date, level: string, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${shown(value)}`],
  );
  return `${[at.toISOString(), level.padEnd(5), message, ...(pairs.length > 0 ? ['', ...pairs] : [])].join(' ')}\n`;
}
