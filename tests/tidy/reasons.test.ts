import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL_REASONS, reasonFacts, SKIP_CODES, skippedFacts } from '@boshd/engine/manager';
import { expect, test } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/reasons.md', import.meta.url));
/** Set: the table of the page is written anew. Read the diff before committing it. */
const UPDATES = process.env['UPDATE_REASONS'] === '1';

const TABLES = /(?:^\| `.*\|\n)+/gm;

/** What is no end, in the order of the page. */
function skipped(): string {
  return SKIP_CODES.map((code) => `| \`${code}\` | ${skippedFacts(code)} |\n`).join('');
}

function table(): string {
  return ALL_REASONS.map((reason) => {
    const { text, condition } = reasonFacts(reason);
    return `| \`${reason}\` | ${text} | ${condition === undefined ? '' : `\`${condition}\``} |\n`;
  }).join('');
}

test('docs/reasons.md says of every reason what the engine says (else: UPDATE_REASONS=1 npx vitest run tests/tidy/reasons.test.ts)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const tables = [table(), skipped()];
  expect(page.match(TABLES)).toHaveLength(tables.length);
  if (UPDATES) {
    let next = 0;
    const written = page.replace(TABLES, () => {
      next += 1;
      return tables[next - 1] ?? '';
    });
    writeFileSync(PAGE, written);
  } else expect(page.match(TABLES)).toEqual(tables);
});
