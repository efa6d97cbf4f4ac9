import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { UrlReport } from '../../packages/server/src/check/index.ts';
import { startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import { startXmppPeer } from '../support/xmpp/xmpp-peer.ts';
import { blocksOf } from './pages.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

async function printed(...flags: readonly string[]): Promise<string> {
  return (await run(process.execPath, [MAIN, 'proxy-config', 'nginx', '--snippet', ...flags])).stdout;
}

test.each(['README.md', 'docs/getting-started.md'])('%s shows what proxy-config prints', async (page) => {
  const [shown] = await blocksOf(page, 'nginx');
  expect(shown).toBe(await printed());
});

test('behind it, check finds nothing to change', async () => {
  const peer = await startXmppPeer();
  const override = { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' };
  const boshd = await startBoshd({
    upstream: { overrides: { 'chat.example': override } },
    trustedProxies: ['127.0.0.1'],
    session: { waitMax: '2s' },
  });
  const port = await freePort();
  const snippet = await printed('--member', `127.0.0.1:${boshd.port}`);
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${port}; ${snippet} }`,
    ports: [port],
  });
  const url = `http://127.0.0.1:${port}/http-bind`;
  const { stdout } = await run(process.execPath, [MAIN, 'check', url, '--domain', 'chat.example', '--json']);
  const report: UrlReport = JSON.parse(stdout);
  expect(report.findings).toEqual([]);
  expect(report.steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['host-meta', 'WebSocket', 'poll']),
  );
  await nginx.stop();
  await boshd.stop();
  await peer.close();
});

test.each([
  [['--member', '10.0.0.1:5280', '--member', '10.0.0.2:5280'], 'one boshd'],
  [['--to', 'https://bosh.example.net/http-bind'], '--to'],
])('it is not for %j', async (flags, message) => {
  await expect(printed(...flags)).rejects.toThrow(message);
});
