import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts used of what `node --cpu-prof` writes. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const linesMax = 30;

/** The functions with the most time of their own in the profiles of a folder, idle time left out. */
export function hottestFunctions(folder: string): string {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => `${file}\n${hottest(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)}`)
    .join('\n');
}

function hottest(profile: CpuProfile): string {
  const names = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) {
    const place =
      callFrame.url === ''
        ? ''
        : ` ${callFrame.url.replace(/^.*\/(?=.*\/)/, '')}:${callFrame.lineNumber + 1}`;
    names.set(id, `${callFrame.functionName || '(anonymous)'}${place}`);
  }
  const selfUs = new Map<string, number>();
  let totalUs = 0;
  profile.samples.forEach((sample, index) => {
    const name = names.get(sample) ?? '?';
    if (name === '(idle)' || name === '(program)') return;
    const us = profile.timeDeltas[index] ?? 0;
    totalUs += us;
    selfUs.set(name, (selfUs.get(name) ?? 0) + us);
  });
  return [...selfUs]
    .sort(([, a], [, b]) => b - a)
    .slice(0, linesMax)
    .map(([name, us]) => `  ${((100 * us) / totalUs).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n');
}
