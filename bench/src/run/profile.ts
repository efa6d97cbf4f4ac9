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

/** Where the time of each profile in a folder went: by file, then by function; time of its own, idle time left out. */
export function profileText(folder: string): string {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => `${file}\n${tables(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)}`)
    .join('\n');
}

function tables(profile: CpuProfile): string {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFile = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let totalUs = 0;
  profile.samples.forEach((sample, index) => {
    const place = places.get(sample);
    if (place === undefined || place.functionName === '(idle)' || place.functionName === '(program)') return;
    const us = profile.timeDeltas[index] ?? 0;
    // The last folder and the file; what has none is native: system calls, or the collector.
    const file = place.url.replace(/^.*\/(?=[^/]*\/)/, '');
    const name = `${place.functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${place.lineNumber + 1}`}`;
    totalUs += us;
    add(byFile, file === '' ? `native ${place.functionName}` : file, us);
    add(byFunction, name, us);
  });
  return `${shares(byFile, totalUs)}\n\n${shares(byFunction, totalUs)}\n`;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function shares(sums: ReadonlyMap<string, number>, totalUs: number): string {
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, linesMax)
    .map(([name, us]) => `  ${((100 * us) / totalUs).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n');
}
