import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FRONT_LIMITS } from '../../packages/server/src/front/options.ts';
import { startFront, textReply } from '../support/front-rig.ts';
import { noMoreFilesThan, openFiles } from '../support/open-files.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';

const CLIENT = fileURLToPath(new URL('h2_resets.py', import.meta.url));
const CONNECTIONS = 75;

let authority: TestCa;
let tls = { cert: '', key: '' };
beforeAll(async () => {
  authority = await createTestCa();
  const { certFile, keyFile } = await authority.issue({ dnsNames: ['chat.example.org'] });
  tls = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
});
afterAll(() => authority.remove());

test.each([
  ['at-once', 10],
  ['at-once', 4_000_000],
  ['unread', 10],
  ['unread', 4_000_000],
  ['read', 10],
])(
  'connections of HTTP/2 that are reset, %s, with a reply of %i bytes, leave no descriptor',
  {
    timeout: 120_000,
  },
  async (kind, bytes) => {
    const limits = { ...FRONT_LIMITS, keepAliveMs: 400, replyMs: 400, silentMs: 2000 };
    const rig = await startFront({ tls, limits }, (input, front) => {
      if (input.type === 'request')
        setImmediate(() => front.respond(input.request, textReply('x'.repeat(bytes))));
    });
    const before = openFiles();
    const client = spawn('python3', [CLIENT, String(rig.port), String(CONNECTIONS), kind, String(bytes)], {
      stdio: 'inherit',
    });
    expect(await once(client, 'exit')).toEqual([0, null]);
    expect(rig.inputs.length).toBeGreaterThan(0);
    await noMoreFilesThan(before);
    // Nothing is left that a stop would wait for.
    await rig.front.close(60_000);
  },
);
