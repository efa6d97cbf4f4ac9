import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { expect, test } from 'vitest';
import { startStage } from './stage.ts';
import { type Blow, survive } from './survive.ts';

/**
 * Sessions chat over a real Prosody while workers are killed with kill -9 and replaced: here a few; `npm run survive` does it with
 * hundreds, over other servers, through proxies and with unmodified clients, and prints the counts.
 */
const textOf = (name: string, otherwise: string) => process.env[`SURVIVE_${name}`] ?? otherwise;
const numberOf = (name: string, otherwise: number) => Number(textOf(name, `${otherwise}`));
const SESSIONS = numberOf('SESSIONS', 10);
const CLIENTS_OF_EACH = numberOf('CLIENTS', 0);
const EVERY_MS = numberOf('EVERY_MS', 200);
const SERVER = textOf('SERVER', 'Prosody');
const VIA = textOf('VIA', 'direct');
const TABLE = process.env['SURVIVE_TABLE'];
/** Of how many workers a boshd is tried. */
const WORKERS = textOf('WORKERS', '1 2').split(' ').map(Number);
const BLOWS: readonly Blow[] = [
  ...Array.from({ length: numberOf('KILLS', 2) }, () => 'kill' as const),
  ...Array.from({ length: numberOf('RESTARTS', 0) }, () => 'restart' as const),
];
/** The command says how long it may take; in the suite, as all tests. */
const LONGEST_MS = numberOf('LONGEST_MS', 120_000);

test.each(WORKERS)(
  'of %i workers some die: every message said is heard once and in order, no session ends, and no connection is refused',
  async (workers) => {
    const stage = await startStage({
      server: SERVER,
      via: VIA,
      workers,
      sessions: SESSIONS,
      clientsOfEach: CLIENTS_OF_EACH,
    });
    try {
      const sinceMs = Date.now();
      const result = await survive({ ...stage, sessions: SESSIONS, everyMs: EVERY_MS, blows: BLOWS });
      const { said, tried, outagesMs, delaysMs, ...bad } = result;
      const downs = await stage.downs(sinceMs);
      if (TABLE !== undefined) {
        const kinds = `${BLOWS.filter((blow) => blow === 'kill').length} + ${numberOf('RESTARTS', 0)}`;
        const load = loadavg()[0]?.toFixed(1) ?? '';
        const counts = [said, ...Object.values(bad), downs, tried];
        const cells = [SERVER, VIA, workers, SESSIONS, kinds, ...counts, outagesMs.join(' ')];
        await appendFile(TABLE, `| ${[...cells, delaysMs.join(' / '), load].join(' | ')} |\n`);
      }
      expect(said).toBeGreaterThan(0);
      expect({ ...bad, downs }).toEqual({
        lost: 0,
        doubled: 0,
        disordered: 0,
        ended: 0,
        refused: 0,
        downs: 0,
      });
    } finally {
      await stage.stop();
    }
  },
  LONGEST_MS,
);
