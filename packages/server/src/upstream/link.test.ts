import type { Socket } from 'node:net';
import { ascii } from '@boshd/engine/kit';
import type { DialPlan } from '@boshd/engine/site';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  InputRecorder,
  type LoopbackServer,
  listen,
  planFor,
  until,
  unusedPort,
} from '../../../../tests/support/upstream-rig.ts';
import type { UpstreamOptions } from './kit/options.ts';
import { createUpstream, type Upstream } from './upstream.ts';

let recorder: InputRecorder;
let upstream: Upstream;
let servers: LoopbackServer[];

beforeEach(() => {
  recorder = new InputRecorder();
  servers = [];
  start();
});
afterEach(async () => {
  await upstream.stop(0);
  await Promise.all(servers.map((server) => server.close()));
});

function start(options: UpstreamOptions = {}): void {
  upstream = createUpstream(options, recorder.submit);
}

async function serve(handle: (socket: Socket) => void): Promise<LoopbackServer> {
  const server = await listen(handle);
  servers.push(server);
  return server;
}

/** An operator's override to the loopback server, in plain text. */
function plain(port: number): DialPlan {
  return planFor('x.example', { target: { host: '127.0.0.1', port }, tls: 'insecure-none' });
}

describe('a link', () => {
  test('comes up, carries bytes both ways, and ends when the server ends it', async () => {
    const server = await serve((socket) => {
      socket.on('data', (bytes) => socket.write(`echo ${bytes.toString('latin1')}`, 'latin1'));
    });
    upstream.dial(1, plain(server.port));
    expect(await recorder.next(1, 'link-up')).toEqual({
      type: 'link-up',
      link: 1,
      secure: false,
      remote: `127.0.0.1:${server.port}`,
      next: 'again',
    });
    upstream.send(1, ascii('caf\u00c3\u00a9'));
    await recorder.until(() => recorder.text(1) === 'echo caf\u00c3\u00a9', 'the echo');
    expect(upstream.stats).toMatchObject({
      links: 1,
      dialling: 0,
      dials: 1,
      sentBytes: 5,
      receivedBytes: 10,
    });
    for (const socket of server.sockets) socket.end('bye');
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'link-lost' });
    expect(recorder.text(1)).toMatch(/bye$/);
    expect(upstream.stats).toMatchObject({ links: 0 });
  });

  test('what is sent in one turn goes out in one piece', async () => {
    const chunks: string[] = [];
    const server = await serve((socket) =>
      socket.on('data', (bytes) => chunks.push(bytes.toString('latin1'))),
    );
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    for (const part of ['a', 'b', 'c']) upstream.send(1, ascii(part));
    upstream.close(1);
    await until(() => chunks.join('') === 'abc');
    expect(chunks).toEqual(['abc']);
  });

  test('a reset is a link lost, told once', async () => {
    const server = await serve(() => undefined);
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    for (const socket of server.sockets) socket.resetAndDestroy();
    const down = await recorder.next(1, 'link-down');
    expect(down).toMatchObject({ reason: 'link-lost', detail: expect.stringContaining('ECONNRESET') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorder.of(1).filter(({ type }) => type === 'link-down').length).toBe(1);
  });

  test('outputs for a link that is gone or never was are ignored', async () => {
    const server = await serve((socket) => socket.end());
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-down');
    for (const link of [1, 77]) {
      upstream.send(link, ascii('x'));
      upstream.read(link, false);
      upstream.secure(link);
      upstream.close(link);
    }
    expect(recorder.of(77)).toEqual([]);
  });
});

describe('closing', () => {
  test('flushes what was sent, and says nothing more', async () => {
    let received = '';
    const server = await serve((socket) => {
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
      });
      socket.on('end', () => socket.end('late words'));
    });
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    const much = ascii('x'.repeat(500_000));
    upstream.send(1, much);
    upstream.send(1, ascii('</stream:stream>'));
    upstream.close(1);
    upstream.close(1);
    upstream.send(1, ascii('too late'));
    await until(() => upstream.stats.closing === 0);
    expect(received.length).toBe(much.length + '</stream:stream>'.length);
    expect(received.endsWith('</stream:stream>')).toBe(true);
    expect(recorder.of(1).filter(({ type }) => type !== 'link-up' && type !== 'link-blocked')).toEqual([]);
  });

  test("does not wait for the end of the server's socket after its goodbye", async () => {
    await upstream.stop();
    start({ limits: { lingerMs: 600_000 } });
    let ended = false;
    const server = await serve((socket) => {
      socket.allowHalfOpen = true;
      socket.on('data', () => socket.write("<presence type='unavailable'/></stream:stream>"));
      socket.on('end', () => {
        ended = true;
      });
    });
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    upstream.send(1, ascii('</stream:stream>'));
    upstream.close(1);
    await until(() => upstream.stats.closing === 0 && ended);
    expect(recorder.of(1).map(({ type }) => type)).toEqual(['link-up']);
  });

  test('does not wait for ever for a server that does not close', async () => {
    await upstream.stop();
    start({ limits: { lingerMs: 50 } });
    const server = await serve((socket) => {
      socket.allowHalfOpen = true;
      socket.resume();
    });
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    upstream.close(1);
    expect(upstream.stats).toMatchObject({ links: 0, closing: 1 });
    await until(() => upstream.stats.closing === 0);
    expect(recorder.of(1).map(({ type }) => type)).toEqual(['link-up']);
  });

  test('gives up a dial', async () => {
    const server = await serve(() => undefined);
    upstream.dial(1, plain(server.port));
    upstream.close(1);
    expect(upstream.stats).toMatchObject({ dialling: 0, links: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(recorder.inputs).toEqual([]);
  });

  test('stop closes every link and every dial', async () => {
    const received: string[] = [];
    const server = await serve((socket) =>
      socket.on('data', (bytes) => received.push(bytes.toString('latin1'))),
    );
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    upstream.dial(2, plain(server.port));
    upstream.send(1, ascii('goodbye'));
    await upstream.stop();
    expect(received.join('')).toBe('goodbye');
    expect(upstream.stats).toMatchObject({ links: 0, dialling: 0, closing: 0 });
    expect(recorder.inputs.map(({ type }) => type)).toEqual(['link-up']);
    expect(() => upstream.dial(3, plain(server.port))).toThrow('none after the stop');
  });
});

describe('back-pressure', () => {
  test('a server that does not read blocks the link, and frees it when it reads', async () => {
    const server = await serve((socket) => socket.pause());
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    const piece = ascii('x'.repeat(200_000));
    let sent = 0;
    while (!recorder.of(1).some(({ type }) => type === 'link-blocked')) {
      upstream.send(1, piece);
      sent += piece.length;
      expect(sent).toBeLessThan(50_000_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await recorder.next(1, 'link-blocked')).toMatchObject({ blocked: true });
    for (const socket of server.sockets) socket.resume();
    const isFree = (): boolean =>
      recorder.of(1).some((input) => input.type === 'link-blocked' && !input.blocked);
    await recorder.until(isFree, 'the link to be free again');
    expect(recorder.of(1).map(({ type }) => type)).toEqual(['link-up', 'link-blocked', 'link-blocked']);
  });

  test('a server that takes nothing any more is dead after a while', async () => {
    await upstream.stop();
    start({ limits: { blockedMs: 100, unsentBytesMax: 100 * 1024 * 1024 } });
    const server = await serve((socket) => socket.pause());
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    const piece = ascii('x'.repeat(200_000));
    for (let at = 0; at < 400 && !recorder.of(1).some(({ type }) => type === 'link-blocked'); at += 1) {
      upstream.send(1, piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await recorder.next(1, 'link-down')).toMatchObject({
      reason: 'link-lost',
      detail: `127.0.0.1:${server.port}: took nothing of what was sent for 0.1 s`,
    });
  });

  test('more than the limit ends the link', async () => {
    const server = await serve((socket) => socket.pause());
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    const piece = ascii('x'.repeat(100_000));
    for (let at = 0; at < 1000 && upstream.stats.links > 0; at += 1) {
      upstream.send(1, piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'client-flood' });
  });

  test('reading can be stopped and taken up again, and the end waits for its turn', async () => {
    const server = await serve((socket) => socket.on('data', () => socket.end('more')));
    upstream.dial(1, plain(server.port));
    await recorder.next(1, 'link-up');
    upstream.read(1, false);
    upstream.send(1, ascii('say more'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(recorder.of(1).map(({ type }) => type)).toEqual(['link-up']);
    upstream.read(1, true);
    await recorder.next(1, 'link-down');
    expect(recorder.text(1)).toBe('more');
  });
});

describe('an operator may name any host', () => {
  test.each(['localhost', 'x.localhost', '127.0.0.1'])('%s', async (host) => {
    const server = await serve(() => undefined);
    upstream.dial(1, { ...plain(server.port), target: { host, port: server.port } });
    await recorder.next(1, 'link-up');
  });

  test('nobody listens there: refused, after one more try', async () => {
    const port = await unusedPort();
    await upstream.stop();
    start({ limits: { retryMs: 30 } });
    upstream.dial(1, plain(port));
    const down = await recorder.next(1, 'link-down');
    expect(down).toMatchObject({
      reason: 'connect-refused',
      detail: expect.stringContaining(`127.0.0.1:${port}`),
    });
    expect(upstream.stats).toMatchObject({ links: 0, dialling: 0 });
  });

  test('a server that is just being restarted is met at the second try', async () => {
    const port = await unusedPort();
    await upstream.stop();
    start({ limits: { retryMs: 1_000 } });
    upstream.dial(1, plain(port));
    await new Promise((resolve) => setTimeout(resolve, 200));
    servers.push(await listen(() => undefined, { port }));
    await recorder.next(1, 'link-up');
  });
});

test('no listeners, handles or sockets are left when thousands of links have come and gone', async () => {
  const server = await serve((socket) => socket.end());
  const before = process.getActiveResourcesInfo().length;
  const count = 1_000;
  for (let link = 0; link < count; link += 50) {
    for (let at = link; at < link + 50; at += 1) upstream.dial(at, plain(server.port));
    const last = link + 50;
    await recorder.until(
      () => recorder.inputs.filter(({ type }) => type === 'link-down').length >= last,
      'all links to end',
    );
  }
  expect(upstream.stats).toMatchObject({ links: 0, dialling: 0, closing: 0, dials: count });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(process.getActiveResourcesInfo().length).toBeLessThan(before + 20);
});
