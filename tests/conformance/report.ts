import type { Outcome } from './case.ts';
import type { Result } from './run.ts';

const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'not-offered', 'not-done', 'untried'];

/** In a table; those of MAY are left open, not failed. */
const WORDS: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'FAIL',
  'not-offered': 'not offered',
  'not-done': 'not done',
  untried: 'untried',
};

/** A line for each case: outcome, case, level, clause, what the clause says, what was seen. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ outcome, id, level, clause, says, seen }) => [
    WORDS[outcome],
    id,
    level,
    clause,
    `${says}: ${seen}`.replaceAll('\n', ' '),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `98 pass, 2 FAIL (1 MUST), 10 not offered, ...` */
export function summary(results: readonly Result[]): string {
  return OUTCOMES.map((outcome) => {
    const found = results.filter((result) => result.outcome === outcome);
    const musts = found.filter(({ level }) => level.startsWith('MUST')).length;
    return `${found.length} ${WORDS[outcome]}${outcome === 'fail' && musts > 0 ? ` (${musts} of MUST)` : ''}`;
  }).join(', ');
}

/** The results of several endpoints side by side, as a table of Markdown, and under it what was wrong. */
export function comparison(columns: ReadonlyMap<string, readonly Result[]>): string {
  const names = [...columns.keys()];
  const [first = []] = columns.values();
  const head = ['case', 'level', 'clause', 'the connection manager ...', ...names];
  const rows = first.map(({ id, level, clause, says }, index) => [
    `\`${id}\``,
    level,
    clause,
    level.endsWith('NOT') ? `never ${says}` : says,
    ...names.map((name) => WORDS[columns.get(name)?.[index]?.outcome ?? 'untried']),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map(escapeCell).join(' | ')} |`,
  );
  const faults = names.map((name) => {
    const results = columns.get(name) ?? [];
    const wrong = results.filter(({ outcome }) => outcome !== 'pass');
    const list = wrong.map(({ id, outcome, seen }) => `- \`${id}\`: ${WORDS[outcome]}: ${escapeCell(seen)}`);
    return [`### ${name}`, '', `${summary(results)}.`, '', ...list].join('\n');
  });
  return [...lines, '', ...faults].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
