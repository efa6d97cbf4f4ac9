import { type Case, fail, type Verdict } from './case.ts';
import { type Endpoint, Lab } from './lab.ts';

export interface Result extends Verdict {
  readonly id: string;
  readonly clause: string;
  readonly level: Case['level'];
  readonly says: string;
}

/** Longer than any case needs; an endpoint that leaves everything hanging must not stop the run. */
const CASE_MAX_MS = 120_000;

/** Runs the cases, so many at a time; the results are in the order of the cases. */
export async function runCases(
  endpoint: Endpoint,
  cases: readonly Case[],
  atOnce: number,
  onResult: (result: Result) => void = () => undefined,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = cases.map((each, index) => ({ each, index }));
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { id, clause, level, says } = next.each;
      const result = { id, clause, level, says, ...(await runCase(endpoint, next.each)) };
      results[next.index] = result;
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** An exception in a case is what its sessions met on the way to the question: a fault of the endpoint as well. */
async function runCase(endpoint: Endpoint, { run }: Case): Promise<Verdict> {
  const lab = new Lab(endpoint);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => resolve(fail(`no end in ${CASE_MAX_MS} ms`)), CASE_MAX_MS);
  });
  try {
    return await Promise.race([run(lab), late]);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    await lab.close();
  }
}

/** Whether the endpoint can be talked to at all: one log-in. The fault, if not. */
export async function greet(endpoint: Endpoint): Promise<string | undefined> {
  const lab = new Lab(endpoint);
  try {
    await lab.logIn();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await lab.close();
  }
}
