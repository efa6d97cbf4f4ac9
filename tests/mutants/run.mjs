/**
 * `npm run mutants [-- --only 3,4] [--survival] [--write]`: breaks one rule after the other and says which tests see it: those of the
 * session, or, with --survival, those by which sessions outlive their process. With --write the table in docs/testing.md is made anew. Fails when
 * a broken rule is seen by none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS, SURVIVAL_MUTANTS } from './mutants.mjs';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/testing.md');
/** A broken session may go round for ever. Whole ones take a tenth of it; that it is enough here, the first run shows. */
const SUITE_MS_MAX = 900_000;

const { values } = parseArgs({
  options: { only: { type: 'string' }, survival: { type: 'boolean' }, write: { type: 'boolean' } },
});

/** Kinds of tests: every transcript that fails is named, of the others the first. */
const OF_SESSION = {
  Transcripts: ['tests/scenarios/'],
  Simulation: ['tests/simulation/simulation.test.ts', '--bail=1'],
  Interleavings: ['tests/exhaustive/', '--bail=1'],
};
const OF_SURVIVAL = {
  Simulation: ['tests/simulation/survival.test.ts', '--bail=1'],
  Tables: ['packages/engine/src/', '--bail=1'],
  Anchor: ['packages/server/src/', '--bail=1'],
};
const { mutants, kinds, place } = values.survival
  ? { mutants: SURVIVAL_MUTANTS, kinds: OF_SURVIVAL, place: 'survival mutants' }
  : { mutants: MUTANTS, kinds: OF_SESSION, place: 'mutants' };
const START = `<!-- ${place}: npm run mutants -- ${values.survival ? '--survival ' : ''}--write -->\n`;
const END = `<!-- /${place} -->`;

/** What of a kind of tests fails: names of tests, or the seeds that their messages tell. */
async function failures(args, rule) {
  const folder = mkdtempSync(join(tmpdir(), 'boshd-mutant-'));
  try {
    const report = join(folder, 'report.json');
    const status = await runOf(['--reporter=json', `--outputFile=${report}`, ...args], rule);
    if (status === 'killed') return ['it never ends'];
    return status === 0 ? [] : failedIn(JSON.parse(readFileSync(report, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function failedIn({ testResults }) {
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status: each }) => each === 'failed');
  if (failed.length === 0) throw new Error('the tests do not start');
  const names = failed.map(({ title, failureMessages }) => {
    const seed = /# seed (\d+)/.exec(failureMessages.join())?.[1];
    return seed === undefined ? title : `seed ${seed}`;
  });
  // A transcript is played twice: in virtual time, and over HTTP.
  return [...new Set(names)];
}

/** The exit code of the tests, which are killed with all their workers when they do not come to an end. */
async function runOf(args, rule) {
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/mutants/vitest.config.ts'];
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...(rule === undefined ? {} : { MUTANT: rule }) },
    stdio: 'ignore',
    detached: true,
  });
  let isKilled = false;
  const timer = setTimeout(() => {
    isKilled = true;
    process.kill(-child.pid, 'SIGKILL');
  }, SUITE_MS_MAX);
  const [status] = await once(child, 'exit');
  clearTimeout(timer);
  return isKilled ? 'killed' : status;
}

/** What fails with this rule broken, by kind. */
async function seenBy(rule) {
  const seen = {};
  for (const [kind, args] of Object.entries(kinds)) seen[kind] = await failures(args, rule);
  return seen;
}

// Nothing may fail where nothing is broken: else a failure would say nothing.
const alreadyFailing = Object.values(await seenBy(undefined)).flat();
if (alreadyFailing.length > 0) throw new Error(`without a broken rule, too: ${alreadyFailing.join(', ')}`);

const only = values.only?.split(',').map(Number);
const rows = [];
for (const [index, { rule }] of mutants.entries()) {
  if (only?.includes(index + 1) === false) continue;
  const row = { rule, seen: await seenBy(rule) };
  console.log(index + 1, JSON.stringify(row));
  rows.push(row);
}

function withCount([first, ...others]) {
  if (first === undefined) return '–';
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

if (values.write && only === undefined) {
  const names = Object.keys(kinds);
  const lines = rows.map(
    ({ rule, seen }) => `| ${rule} | ${names.map((name) => withCount(seen[name])).join(' | ')} |`,
  );
  const table = [`| Broken rule | ${names.join(' | ')} |`, `|---${'|---'.repeat(names.length)}|`, ...lines];
  const [before, rest] = readFileSync(PAGE, 'utf8').split(START);
  const after = rest.slice(rest.indexOf(END));
  writeFileSync(PAGE, `${before}${START}\n${table.join('\n')}\n\n${after}`);
}

const unseen = rows.filter(({ seen }) => Object.values(seen).flat().length === 0);
for (const { rule } of unseen) console.error(`nobody sees: ${rule}`);
process.exit(unseen.length > 0 ? 1 : 0);
