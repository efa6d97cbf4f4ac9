/**
 * `npm run measure:reload`: nginx and HAProxy, as `boshd proxy-config` prints them, are reloaded five times while pages chat over BOSH and
 * over WebSocket. Says how many messages were lost or doubled, and how many sessions ended. Needs both programs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accepting, ended, freePort, HOST, startChromium, startDemo, startTalk } from './page.mjs';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const RELOADS = 5;
const BETWEEN_MS = 100;
const A_RELOAD_MS = 3000;

const PROXIES = {
  nginx: {
    wrap: (text, directory) =>
      `daemon off; user root; pid ${directory}/pid; error_log stderr;\nevents {}\nhttp { access_log off;\n${text.replaceAll(/root .*;/g, '')}\n}`,
    command: (file) => ['nginx', '-c', file, '-e', 'stderr'],
    signal: 'SIGHUP',
  },
  haproxy: {
    wrap: (text) => text,
    command: (file) => ['haproxy', '-W', '-f', file],
    signal: 'SIGUSR2',
  },
};

const demo = await startDemo();
const browser = await startChromium();
for (const [name, { wrap, command, signal }] of Object.entries(PROXIES)) {
  const directory = mkdtempSync(join(tmpdir(), 'boshd-reload-'));
  const port = await freePort();
  const flags = ['--host', HOST, '--listen', `127.0.0.1:${port}`, '--member', `127.0.0.1:${demo.port}`];
  const { stdout } = spawnSync(process.execPath, [MAIN, 'proxy-config', name, ...flags], {
    encoding: 'utf8',
  });
  const file = join(directory, 'conf');
  writeFileSync(file, wrap(stdout, directory));
  const [program, ...args] = command(file);
  const proxy = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  await accepting(port);
  const talks = {
    bosh: await startTalk(browser, port, 'bosh', demo.port),
    websocket: await startTalk(browser, port, 'websocket', demo.port),
  };
  let number = 0;
  console.log(`${name}: both pages chat`);
  for (let reload = 0; reload < RELOADS; reload += 1) {
    proxy.kill(signal);
    for (const until = performance.now() + A_RELOAD_MS; performance.now() < until; await sleep(BETWEEN_MS)) {
      number += 1;
      await Promise.all(Object.values(talks).map((talk) => talk.say(number)));
    }
  }
  await sleep(A_RELOAD_MS);
  for (const [transport, talk] of Object.entries(talks)) {
    const { heard, doubled, ended: sessions } = await talk.state();
    console.log(
      `${name}, ${RELOADS} reloads, ${transport}: ${number} messages said, ${number - heard} lost, ${doubled} doubled, ${sessions} of 2 sessions ended`,
    );
    await talk.close();
  }
  await ended(proxy, 'SIGTERM');
  rmSync(directory, { recursive: true });
}
await browser.close();
await demo.stop();
process.exit(0);
