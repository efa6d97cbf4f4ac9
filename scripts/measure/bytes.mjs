/**
 * `npm run measure:bytes`: the bytes of TCP payload, both ways and without TLS, that Chromium and boshd exchange for a message from one
 * page to another and for an idle page, over BOSH and over WebSocket.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startChromium, startDemo, startRelay, startTalk } from './page.mjs';

const MESSAGES = 50;
const BETWEEN_MS = 200;
/** A poll and a ping as short as they may be, so that many fit in; the hour is counted from one of each at its default. */
const SHORT_S = 5;
const POLL_S = 55;
const PING_S = 30;
const IDLE_S = 30;

const demo = await startDemo('--session-wait-max', `${SHORT_S}s`, '--websocket-ping', `${SHORT_S}s`);
const relay = await startRelay(demo.port);
const browser = await startChromium();
for (const [transport, unit, defaultS] of [
  ['bosh', 'poll', POLL_S],
  ['websocket', 'ping', PING_S],
]) {
  const talk = await startTalk(browser, relay.port, transport);
  await sleep(SHORT_S * 1000);
  const before = relay.counts.bytes;
  for (let number = 1; number <= MESSAGES; number += 1) {
    await talk.say(number);
    await sleep(BETWEEN_MS);
  }
  const { heard } = await talk.state();
  const message = (relay.counts.bytes - before) / heard;
  await sleep(SHORT_S * 1000);
  const idleBefore = relay.counts.bytes;
  await sleep(IDLE_S * 1000);
  // Two pages were idle.
  const one = (relay.counts.bytes - idleBefore) / 2 / (IDLE_S / SHORT_S);
  const hour = (one * 3600) / defaultS / 1000;
  console.log(
    `${transport}: ${heard} of ${MESSAGES} messages heard, ${Math.round(message)} bytes each for sender and receiver together; ${Math.round(one)} bytes a ${unit}, ${hour.toFixed(1)} KB an idle hour`,
  );
  await talk.close();
}
await browser.close();
relay.stop();
await demo.stop();
process.exit(0);
