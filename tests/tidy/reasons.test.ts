import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_REASONS, reasonFacts } from '@boshd/engine/manager';
import { expect, test } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/reasons.md', import.meta.url));
/** Set: the table of the page is written anew. Read the diff before committing it. */
const UPDATES = process.env['UPDATE_REASONS'] === '1';

const TABLE = /(?:^\| `.*\|\n)+/m;

function table(): string {
  return ALL_REASONS.map((reason) => {
    const { text, condition } = reasonFacts(reason);
    return `| \`${reason}\` | ${text} | ${condition === undefined ? '' : `\`${condition}\``} |\n`;
  }).join('');
}

test('docs/reasons.md says of every reason what the engine says (else: UPDATE_REASONS=1 npx vitest run tests/tidy/reasons.test.ts)', () => {
  const page = readFileSync(PAGE, 'utf8');
  if (UPDATES)
    writeFileSync(
      PAGE,
      page.replace(TABLE, () => table()),
    );
  else expect(TABLE.exec(page)?.[0]).toBe(table());
});
