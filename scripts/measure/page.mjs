/** What the measurements have in common: the demo, a counting relay, and pairs of Strophe connections in Chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** The host of the pages: browsers take every name below localhost for this machine. */
export const HOST = 'www.demo.localhost';
const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const STROPHE = createRequire(import.meta.url)
  .resolve('strophe.js')
  .replace(/[^/]*$/, 'strophe.esm.js');

export async function startDemo(...args) {
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN, 'demo', '--listen', `127.0.0.1:${port}`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await accepting(port);
  return { port, stop: () => ended(child, 'SIGTERM') };
}

export function startChromium() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

/** Passes bytes on and counts them, both ways, without TLS. */
export async function startRelay(to) {
  const counts = { bytes: 0 };
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1');
    for (const [here, there] of [
      [from, onward],
      [onward, from],
    ]) {
      here.on('data', (data) => {
        counts.bytes += data.length;
        there.write(data);
      });
      here.on('close', () => there.destroy()).on('error', () => there.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { counts, port: server.address().port, stop: () => server.close() };
}

/** A page that is filled in so is none of this machine to Chromium, which lets it open no WebSocket here. */
async function fillIn(page, pagePort) {
  await page.route(/:\d+\/(?:demo\/.*)?$/, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: `http://127.0.0.1:${pagePort}${pathname}` }) });
  });
}

/**
 * Has two guests in a page of the demo, by Strophe as it is. `talk.say(n)` sends a message of 40 characters with that number; `talk.state`
 * counts what the other hears. The page comes from the demo at `pagePort`, Strophe from its own package, all else goes to `port`.
 */
export async function startTalk(browser, port, transport, pagePort = port) {
  const page = await browser.newPage();
  if (pagePort !== port) await fillIn(page, pagePort);
  await page.route('**/strophe.js', (route) =>
    route.fulfill({ path: STROPHE, contentType: 'text/javascript' }),
  );
  await page.goto(`http://${HOST}:${port}/`);
  await page.evaluate(
    async ([service]) => {
      const { Strophe, $msg, $pres } = await import('/strophe.js');
      const state = { heard: 0, doubled: 0, ended: 0 };
      const numbers = new Set();
      const comeIn = () =>
        new Promise((resolve) => {
          const connection = new Strophe.Connection(service);
          connection.connect('demo.localhost', '', (status) => {
            if (status === Strophe.Status.DISCONNECTED) state.ended += 1;
            if (status !== Strophe.Status.CONNECTED) return;
            connection.send($pres());
            resolve(connection);
          });
        });
      const [from, to] = [await comeIn(), await comeIn()];
      to.addHandler(
        (stanza) => {
          const number = Number(stanza.querySelector('body')?.textContent.split(' ')[0]);
          if (numbers.has(number)) state.doubled += 1;
          numbers.add(number);
          state.heard = numbers.size;
          return true;
        },
        null,
        'message',
      );
      const say = (number) =>
        from.send($msg({ to: to.jid, type: 'chat' }).c('body').t(`${number} `.padEnd(40, 'x')));
      globalThis.talk = { state, say };
    },
    [transport === 'bosh' ? '/http-bind' : `ws://${HOST}:${port}/xmpp-websocket`],
  );
  return {
    say: (number) => page.evaluate((each) => globalThis.talk.say(each), number),
    state: () => page.evaluate(() => globalThis.talk.state),
    close: () => page.close(),
  };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export async function accepting(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const is = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (is) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function ended(child, signal) {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
