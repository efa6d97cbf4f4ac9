import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Faults } from '../contract.ts';
import type { Options } from './options.ts';

/** One line of the table: the same thing measured on the yardstick and on boshd, a figure a round. */
export interface Row {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  /** Whether less or more is better, and so which round is the best. */
  readonly better: 'less' | 'more';
  /** Empty where the yardstick has no such figure. */
  readonly yardstick: readonly number[];
  readonly boshd: readonly number[];
  /** What boshd is to reach: in its own figure, or as a ratio to the yardstick's. */
  readonly target?: { readonly of: 'ratio' | 'boshd'; readonly atMost: number };
}

/** A run in which a message or a session went wrong. */
export interface Failure {
  readonly scenario: string;
  readonly server: string;
  readonly faults: Faults;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

/** The table, all rounds below it, and what went wrong. */
export function reportText(report: Report): string {
  const head = ['scenario', 'measure', 'yardstick', 'boshd', 'ratio', 'target', ''];
  const table = [head, ...report.rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const rounds = report.rows
    .filter((row) => row.boshd.length > 1)
    .map(
      (row) => `${row.scenario}, ${row.measure}: yardstick ${list(row.yardstick)}; boshd ${list(row.boshd)}`,
    );
  const failures = report.failures.map(
    (failure) => `FAULT ${failure.scenario}, ${failure.server}: ${faultText(failure.faults)}`,
  );
  const sections = [
    lines,
    rounds.length > 0 ? ['', 'All rounds', ...rounds] : [],
    failures.length > 0 ? ['', ...failures] : [],
  ];
  return `${machine()}\n\n${sections.flat().join('\n')}\n`;
}

/** Everything measured, for a file. */
export function reportJson(report: Report, options: Options): string {
  return `${JSON.stringify({ machine: machine(), options, ...report }, undefined, 2)}\n`;
}

export function isFaulty(faults: Faults): boolean {
  const { lost, doubled, misordered, strayed, sessionsEnded } = faults;
  return lost + doubled + misordered + strayed + sessionsEnded > 0;
}

function machine(): string {
  const git = spawnSync('git', ['describe', '--always', '--dirty'], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  const commit = git.status === 0 ? git.stdout.trim() : 'unknown';
  const processors = cpus();
  return `commit ${commit}, Node ${process.version}, ${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}`;
}

function cells(row: Row): string[] {
  const yardstick = best(row, row.yardstick);
  const boshd = best(row, row.boshd);
  const ratio = yardstick === undefined || boshd === undefined ? undefined : boshd / yardstick;
  const judged = row.target?.of === 'ratio' ? ratio : boshd;
  const met =
    row.target === undefined || judged === undefined ? '' : judged <= row.target.atMost ? 'met' : 'MISSED';
  return [
    row.scenario,
    row.measure,
    figure(yardstick, row.unit),
    figure(boshd, row.unit),
    ratio === undefined ? '' : ratio.toFixed(2),
    targetText(row),
    met,
  ];
}

function targetText({ target, unit }: Row): string {
  if (target === undefined) return '';
  return target.of === 'ratio' ? `<= ${target.atMost}x` : `<= ${target.atMost} ${unit}`;
}

function best(row: Row, figures: readonly number[]): number | undefined {
  if (figures.length === 0) return undefined;
  return row.better === 'less' ? Math.min(...figures) : Math.max(...figures);
}

function figure(value: number | undefined, unit: string): string {
  return value === undefined ? '-' : `${rounded(value)} ${unit}`.trim();
}

function list(figures: readonly number[]): string {
  return figures.length === 0 ? '-' : figures.map(rounded).join(' ');
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function faultText(faults: Faults): string {
  const { notes, ...counts } = faults;
  const named = Object.entries(counts).filter(([, count]) => count > 0);
  return [named.map(([name, count]) => `${name} ${count}`).join(', '), ...notes].join('\n  ');
}
