/**
 * `npm run mutants [-- --only 3] [--write]`: breaks one rule of the session after the other and says which tests see
 * it. With --write the table in docs/testing.md is made anew. Fails when a broken rule is seen by none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.mjs';
import { copyOfEngine, copyWith } from './source.mjs';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/testing.md');
/** A broken session may go round for ever. Whole ones take a tenth of it; that it is enough here, the first run shows. */
const SUITE_MS_MAX = 900_000;
const START = '<!-- mutants: npm run mutants -- --write -->\n';
const END = '<!-- /mutants -->';

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean' } } });

/** What of a suite fails: names of tests, or the seeds that their messages tell. */
async function failures(suite, source, args) {
  const report = join(source, `${suite}.json`);
  const status = await runOf(
    [`tests/${suite}/`, '--reporter=json', `--outputFile=${report}`, ...args],
    source,
  );
  if (status === 'killed') return ['it never ends'];
  if (status === 0) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status: each }) => each === 'failed');
  if (failed.length === 0) throw new Error(`${suite} does not start`);
  const names = failed.map(({ ancestorTitles, title, failureMessages }) => {
    const seed = /# seed (\d+)/.exec(failureMessages.join())?.[1];
    if (seed !== undefined) return `seed ${seed}`;
    return suite === 'scenarios' ? title : [...ancestorTitles, title].join(' ');
  });
  // A transcript is played twice: in virtual time, and over HTTP.
  return [...new Set(names)];
}

/** The exit code of the tests, which are killed with all their workers when they do not come to an end. */
async function runOf(args, source) {
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/mutants/vitest.config.ts'];
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: ROOT,
    env: { ...process.env, MUTANT_SOURCE: source },
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

/** What fails with this copy of the engine: every transcript, the first seed, the first row of interleavings. */
async function seenBy(source) {
  try {
    return {
      transcripts: await failures('scenarios', source, []),
      seeds: await failures('simulation', source, ['--bail=1']),
      interleavings: await failures('exhaustive', source, ['--bail=1']),
    };
  } finally {
    rmSync(source, { recursive: true });
  }
}

// Nothing may fail where nothing is broken: else a failure would say nothing.
const alreadyFailing = Object.values(await seenBy(copyOfEngine())).flat();
if (alreadyFailing.length > 0) throw new Error(`without a broken rule, too: ${alreadyFailing.join(', ')}`);

const rows = [];
for (const [index, mutant] of MUTANTS.entries()) {
  if (values.only !== undefined && Number(values.only) !== index + 1) continue;
  const row = { rule: mutant.rule, ...(await seenBy(copyWith(mutant))) };
  console.log(index + 1, JSON.stringify(row));
  rows.push(row);
}

function withCount([first, ...others]) {
  if (first === undefined) return '–';
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

if (values.write && values.only === undefined) {
  const lines = rows.map(
    ({ rule, transcripts, seeds, interleavings }) =>
      `| ${rule} | ${withCount(transcripts)} | ${withCount(seeds)} | ${withCount(interleavings)} |`,
  );
  const table = ['| Broken rule | Transcripts | Simulation | Interleavings |', '|---|---|---|---|', ...lines];
  const [before, rest] = readFileSync(PAGE, 'utf8').split(START);
  const after = rest.slice(rest.indexOf(END));
  writeFileSync(PAGE, `${before}${START}\n${table.join('\n')}\n\n${after}`);
}

const unseen = rows.filter(
  (row) => row.transcripts.length + row.seeds.length + row.interleavings.length === 0,
);
for (const { rule } of unseen) console.error(`nobody sees: ${rule}`);
process.exit(unseen.length > 0 ? 1 : 0);
