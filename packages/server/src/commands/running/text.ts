import { lasted } from '../../admin/index.ts';
import { escapeControls } from '../../observe/index.ts';

/** Stands where others of a column have a number. */
export const NO_NUMBER = '-';

/** Columns as wide as their widest cell; numbers to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, String(cell).length);
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, index) =>
        isRight(cell) ? String(cell).padStart(widths[index] ?? 0) : String(cell).padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** `12 ms`, `3.4 s`, `9 min 50 s`. */
export function exactly(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace('.0', '')} s`;
  const seconds = Math.floor(ms / 1000);
  return ms < 3_600_000 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : lasted(ms);
}

/** As JSON.parse does. What XMPP servers said is in it, and must not move the cursor or make lines of its own. */
export function parseReply(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) =>
    typeof value === 'string' ? escapeControls(value) : value,
  );
}

/** JSON that is shown as it came. */
export function shownJson(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

function isRight(cell: string | number): boolean {
  return typeof cell === 'number' || cell === NO_NUMBER;
}
