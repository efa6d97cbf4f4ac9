/**
 * `npm run measure:regions`: two members in two regions, each with a NATS server of its own, joined by a gateway that is made slow by a relay.
 * Says how long a message takes from a client of the near region whose session is there, and of one whose session is in the far region; and
 * the line of the log that names the reason. Needs nats-server. (A kernel with netem would do the same by tc; the relay needs no root.)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accepting, ended, freePort } from './page.mjs';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const ROUNDS = 40;
/** One way, as between Europe and North America. */
const DELAY_MS = 50;
const REGIONS = { eu: 'DE', us: 'US' };
const NAMESPACE = 'http://jabber.org/protocol/httpbind';

const { startDemoServer } = await import('../../packages/server/dist/demo/index.js');
const directory = mkdtempSync(join(tmpdir(), 'boshd-regions-'));
const xmpp = await startDemoServer();
const children = [];
const ports = Object.fromEntries(
  await Promise.all(
    Object.keys(REGIONS).map(async (region) => [
      region,
      { nats: await freePort(), gateway: await freePort(), http: await freePort() },
    ]),
  ),
);
writeFileSync(join(directory, 'keys'), `${'0123456789abcdef'.repeat(2)}\n`, { mode: 0o600 });
for (const region of Object.keys(REGIONS)) await startNats(region);
const logs = {};
for (const region of Object.keys(REGIONS)) await startMember(region);
await sleep(8 * DELAY_MS + 2000);

for (const [region, country] of Object.entries(REGIONS)) {
  const times = await roundTrips(country);
  times.sort((a, b) => a - b);
  console.log(
    `client at the member in eu, session in ${region}: a message there and back takes ${times[ROUNDS / 2].toFixed(1)} ms (median of ${ROUNDS}), ${times[ROUNDS - 3].toFixed(1)} ms (95 of 100)`,
  );
}
console.log(logs.eu.split('\n').find((line) => line.includes('a new session goes to another member')));
for (const child of children) await ended(child, 'SIGKILL');
rmSync(directory, { recursive: true });
process.exit(0);

async function startNats(region) {
  const { nats, gateway } = ports[region];
  // What leads to the other region is slow, both ways.
  const others = await Promise.all(
    Object.keys(REGIONS)
      .filter((other) => other !== region)
      .map(
        async (other) => `{ name: ${other}, url: "nats://127.0.0.1:${await slowWay(ports[other].gateway)}" }`,
      ),
  );
  const file = join(directory, `${region}.conf`);
  writeFileSync(
    file,
    `gateway { name: ${region}, listen: "127.0.0.1:${gateway}", advertise: "127.0.0.1:1", gateways: [${others.join(', ')}] }\n`,
  );
  start('nats-server', ['-a', '127.0.0.1', '-p', String(nats), '-c', file]);
  await accepting(nats);
}

async function startMember(region) {
  const { http, nats } = ports[region];
  const file = join(directory, `${region}.json`);
  const config = {
    listen: [`127.0.0.1:${http}`],
    trustedProxies: ['127.0.0.1'],
    upstream: { overrides: { [xmpp.domain]: { host: '127.0.0.1', port: xmpp.port, tls: 'insecure-none' } } },
    cluster: { id: region, region, keysFile: join(directory, 'keys') },
    nats: { servers: [`nats://127.0.0.1:${nats}`] },
    regions: Object.fromEntries(Object.entries(REGIONS).map(([name, code]) => [name, { countries: [code] }])),
    geo: { header: 'x-country' },
  };
  writeFileSync(file, JSON.stringify(config));
  const child = start(process.execPath, [MAIN, 'serve', '--config', file]);
  logs[region] = '';
  child.stdout.on('data', (chunk) => {
    logs[region] += chunk;
  });
  await accepting(http);
}

function start(command, args) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  child.stdout.resume();
  children.push(child);
  return child;
}

/** A port that leads to another one, later by DELAY_MS in each direction. */
async function slowWay(to) {
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1');
    for (const [here, there] of [
      [from, onward],
      [onward, from],
    ]) {
      here.on('data', (data) => setTimeout(() => there.write(data), DELAY_MS));
      here.on('close', () => there.destroy()).on('error', () => there.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return server.address().port;
}

/** A guest who writes to the own address, again and again. */
async function roundTrips(country) {
  let rid = 1000;
  let sid = '';
  const send = async (inside, more = '') => {
    rid += 1;
    const id = sid === '' ? '' : `sid='${sid}' `;
    const response = await fetch(`http://127.0.0.1:${ports.eu.http}/http-bind`, {
      method: 'POST',
      headers: { 'x-country': country },
      body: `<body xmlns='${NAMESPACE}' rid='${rid}' ${id}${more}>${inside}</body>`,
    });
    return response.text();
  };
  const xbosh = "xmlns:xmpp='urn:xmpp:xbosh'";
  const reply = await send(
    '',
    `to='${xmpp.domain}' wait='10' hold='1' ver='1.11' xmpp:version='1.0' ${xbosh}`,
  );
  sid = /sid=['"]([^'"]+)/.exec(reply)?.[1] ?? '';
  await send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
  await send('', `xmpp:restart='true' ${xbosh}`);
  const bound = await send(
    "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
  );
  const jid = /<jid>([^<]+)/.exec(bound)?.[1];
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    let text = await send(
      `<message xmlns='jabber:client' to='${jid}' type='chat'><body>${round}</body></message>`,
    );
    // A client with one connection is answered after 250 ms, with or without the message.
    while (!text.includes(`<body>${round}</body>`)) {
      if (text.includes('terminate')) throw new Error(`the session ended: ${text}`);
      text = await send('');
    }
    times.push(performance.now() - begun);
  }
  await send('', "type='terminate'");
  return times;
}
