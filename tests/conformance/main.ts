import { readOptions, USAGE } from './options.ts';
import { summary, table } from './report.ts';
import { greet, runCases } from './run.ts';

/** Runs the command; returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if ('wrong' in options) {
    console.error(`${options.wrong}\n\n${USAGE}`);
    return 2;
  }
  const { endpoint, cases, atOnce, json, accepted } = options;
  const fault = await greet(endpoint);
  if (fault !== undefined) {
    console.error(`No log-in at ${endpoint.url.href}: ${fault}`);
    return 2;
  }
  const results = await runCases(endpoint, cases, atOnce);
  if (json) console.log(JSON.stringify(results, undefined, 2));
  else console.log(`${table(results)}\n\n${endpoint.url.href}: ${summary(results)}`);
  return results.some(({ outcome, id }) => outcome === 'fail' && !accepted.includes(id)) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
