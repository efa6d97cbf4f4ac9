import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { Transcript } from './report/transcript.ts';
import { runSeed } from './run.ts';

test('try', () => {
  const t = performance.now();
  let failed = 0;
  let steps = 0;
  const from = Number(process.env['FROM'] ?? 1),
    n = Number(process.env['N'] ?? 20);
  const ends = new Map<string, number>();
  for (let seed = from; seed < from + n; seed++) {
    try {
      const { persons, steps: s } = runSeed(seed);
      steps += s;
      for (const p of persons) {
        const k = p.endReason + ' / ' + p.end?.by + ' ' + p.end?.condition;
        ends.set(k, (ends.get(k) ?? 0) + 1);
      }
      if (n < 5)
        for (const p of persons)
          console.log(seed, p.name, p.habit.name, p.end?.by, p.end?.condition, p.endReason, p.ledger.carried);
    } catch (e) {
      failed++;
      const actor = (e as { actor?: string }).actor ?? '';
      console.log(seed, actor, e instanceof Error && e.name === 'Broken' ? e.message : e);
      if (process.env['SHOW']) {
        const tr = new Transcript(actor);
        try {
          runSeed(seed, { witnesses: [tr] });
        } catch {}
        writeFileSync('/tmp/trace.txt', tr.lines.join('\n') + '\n');
      }
    }
  }
  console.log(ends, steps);
  console.log('failed', failed, 'ms each', (performance.now() - t) / n);
}, 600_000);
