import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as client from '@boshd/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_DOMAIN, type Demo, startDemo } from './demo.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = await readFile(join(ROOT, 'docs/client.md'), 'utf8');
const readme = await readFile(join(ROOT, 'packages/client/README.md'), 'utf8');
const errors = await readFile(join(ROOT, 'packages/client/src/errors.ts'), 'utf8');

const blocksOf = (text: string): readonly string[] =>
  [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
/** Those of the client alone, which a test can run. */
const blocks = [...blocksOf(page), ...blocksOf(readme)].filter((code) => !code.includes('@xmpp/client'));

/** What the web application of a page would order. */
const ORDER = JSON.stringify({
  method: 'POST',
  body: JSON.stringify({ jid: `juliet@${DEMO_DOMAIN}`, password: 'demo' }),
});

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.stop());

describe('the code in docs/client.md', () => {
  it('is right to the compiler', async () => {
    const directory = await mkdtemp(join(ROOT, 'tests/client/docs-'));
    try {
      await Promise.all(blocks.map((code, index) => writeFile(join(directory, `block${index}.ts`), code)));
      const compilerOptions = {
        noEmit: true,
        composite: false,
        incremental: false,
        types: ['node'],
        lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      };
      const config = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['*.ts'] };
      await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const { stdout } = await run(process.execPath, [tsc, '-p', directory]).catch((error: unknown) => ({
        stdout: String(Reflect.get(Object(error), 'stdout')),
      }));
      expect(stdout).toBe('');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it.each(blocksOf(page).filter((code) => blocks.includes(code)))('runs: %s', async (code) => {
    const peer = client.connect({ url: demo.url, jid: `romeo@${DEMO_DOMAIN}`, password: 'demo' });
    const peerJid = await peer.ready;
    const own = code
      .replace(/^import (\{[^}]*\}) from '@boshd\/client';$/m, 'const $1 = client;')
      .replaceAll("'/http-bind'", JSON.stringify(demo.url))
      .replace("fetch('/chat-session', { method: 'POST' })", `fetch('${demo.prebind}', ${ORDER})`)
      .replace(
        "jid: 'juliet@example.org', password: 'secret'",
        `jid: 'juliet@${DEMO_DOMAIN}', password: 'demo'`,
      )
      .replaceAll('romeo@example.org', peerJid)
      .replaceAll(/(?:guests\.)?example\.org/g, DEMO_DOMAIN);
    const said: string[] = [];
    const console = { log: (...values: readonly unknown[]) => said.push(values.join(' ')) };
    const body = new Function('client', 'console', `return (async () => {${own}})();`);
    await body(client, console);
    expect(said.length).toBeGreaterThan(0);
    await peer.close();
  });
});

it('docs/client.md has a row for each code of an error, and no other', () => {
  const table = page.slice(page.indexOf('## Errors'), page.indexOf('## Reload'));
  const documented = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  const advice = errors.slice(errors.indexOf('const ADVICE'), errors.indexOf('} as const'));
  const codes = [...advice.matchAll(/^ {2}'?([a-z-]+)'?:/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  expect(documented.sort()).toEqual(codes.sort());
});
