/**
 * What boshd costs, against a bare node:http long poll in the same run. `docs/performance.md` says how to read the table.
 *
 * Ends with code 1 when a message or a session was lost, doubled or misplaced; slow figures are only reported.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './run/bench.ts';
import { readOptions } from './run/options.ts';
import { profileText } from './run/profile.ts';
import { type Failure, type Row, reportJson, reportText } from './run/report.ts';
import { scenarios } from './scenarios.ts';

const options = readOptions(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), 'boshd-bench-'));
const rows: Row[] = [];
const failures: Failure[] = [];

for (const name of options.only) {
  process.stderr.write(`${name}\n`);
  const scenarioFolder = join(folder, name);
  const bench = await Bench.start(options, name, scenarioFolder);
  try {
    rows.push(...(await scenarios[name](bench)));
  } finally {
    await bench.stop();
  }
  failures.push(...bench.failures);
  if (options.profile) process.stderr.write(`${profileText(scenarioFolder)}\n`);
}

process.stdout.write(reportText({ rows, failures }));
if (options.json !== undefined) writeFileSync(options.json, reportJson({ rows, failures }, options));
rmSync(folder, { recursive: true, force: true });
process.exitCode = failures.length > 0 ? 1 : 0;
