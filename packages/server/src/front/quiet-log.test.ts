import type { LogEvent } from '@boshd/engine/manager';
import { expect, test } from 'vitest';
import { QuietLog } from './quiet-log.ts';

test('all is counted, and what is said of one code is not said again for a while', () => {
  const said: LogEvent[] = [];
  let now = 0;
  const log = new QuietLog(
    (event) => said.push(event),
    () => now,
  );
  const event = (code: string, detail: string): LogEvent & { event: 'warning' } => ({
    event: 'warning',
    code,
    detail,
  });
  for (const [at, code, detail] of [
    [0, 'a', '1'],
    [1, 'a', '2'],
    [1, 'b', '3'],
    [9999, 'a', '4'],
    [10_000, 'a', '5'],
    [10_001, 'b', '6'],
  ] as const) {
    now = at;
    log.event(event(code, detail));
  }
  expect(said.map((each) => 'detail' in each && each.detail)).toEqual(['1', '3', '5', '6']);
  expect([...log.counts]).toEqual([
    ['a', 4],
    ['b', 2],
  ]);
});
