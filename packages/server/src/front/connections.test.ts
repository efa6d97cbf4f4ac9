import { afterEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  holdAll,
  post,
  request,
  startFront,
  textReply,
} from '../../../../tests/support/front-rig.ts';
import { FRONT_LIMITS } from './options.ts';

/** More than the socket buffers of any system take, so that a client that does not read leaves some unwritten. */
const HUGE = 'x'.repeat(64 * 1024 * 1024);

let rig: FrontRig;

afterEach(() => rig.stop());

test('a client that goes away before its reply is reported, once, with its sid', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  const { request: id } = await rig.next('request');
  client.destroy();
  expect(await rig.next('request-aborted')).toEqual({ type: 'request-aborted', request: id, sid: 's' });
  rig.front.respond(id, textReply('<body/>'));
  rig.front.drop(id);
  expect(rig.inputs.length).toBe(2);
});

test('a client that closes its half of the connection has gone away', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  await rig.next('request');
  client.socket.end();
  await rig.next('request-aborted');
});

test('a client that goes away in the middle of its request is not reported', async () => {
  rig = await startFront({}, holdAll);
  const [first, second, third] = [rig.connect(), rig.connect(), rig.connect()];
  first.write('POST /http-bind HT');
  second.write(post(bodyOf(1)).slice(0, -5));
  await new Promise((resolve) => second.socket.once('ready', resolve));
  third.write(post(bodyOf(2)));
  await rig.next('request');
  first.destroy();
  second.destroy();
  third.destroy();
  await rig.next('request-aborted');
  expect(rig.inputs.map(({ type }) => type)).toEqual(['request', 'request-aborted']);
});

test('a reply that was written whole is not reported as lost', async () => {
  rig = await startFront({}, answerAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  await client.reply();
  client.destroy();
  const other = rig.connect();
  other.write(post(bodyOf(2)));
  await other.reply();
  expect(rig.inputs.map(({ type }) => type)).toEqual(['request', 'reply-taken', 'request']);
});

describe('what shows that a reply was read', () => {
  const lines = () => rig.inputs.flatMap((input) => (input.type === 'request' ? [input.line] : []));
  const forwarded = { 'X-Forwarded-For': '203.0.113.7' };

  test('the next request on the connection; not behind a proxy that is not known, and not when requests overtake replies', async () => {
    rig = await startFront({}, answerAll);
    const [first, second, proxied, pipelined] = [rig.connect(), rig.connect(), rig.connect(), rig.connect()];
    for (const client of [first, second, first]) {
      client.write(post(bodyOf(1)));
      await client.reply();
    }
    for (const header of ['Via', 'X-Forwarded-For', 'Forwarded']) {
      proxied.write(post(bodyOf(1), { [header]: '1.1 cdn' }));
      await proxied.reply();
    }
    const [one, two, again, ...others] = lines();
    expect(one).toBeTypeOf('number');
    expect(again).toBe(one);
    expect(two).not.toBe(one);
    expect(others).toEqual([undefined, undefined, undefined]);
    pipelined.write(`${request('GET', '/nowhere')}${post(bodyOf(1))}`.repeat(2));
    for (let count = 0; count < 4; count += 1) await pipelined.reply();
    expect(lines().at(-1)).toBe(undefined);
  });

  test('a trusted proxy names the connection of the browser, nobody else does', async () => {
    rig = await startFront({ trustedProxies: ['127.0.0.1'] }, answerAll);
    const client = rig.connect();
    for (const port of ['50001', '', 'x', '500010']) {
      client.write(post(bodyOf(1), { ...forwarded, 'X-Boshd-Client-Port': port }));
      await client.reply();
    }
    expect(lines()).toEqual(['50001', undefined, undefined, undefined]);
    await rig.stop();
    rig = await startFront({}, answerAll);
    const stranger = rig.connect();
    stranger.write(post(bodyOf(1), { ...forwarded, 'X-Boshd-Client-Port': '50001' }));
    await stranger.reply();
    expect(lines()).toEqual([undefined]);
  });

  test('a client that closes the connection after its only reply; not one that leaves something unread, nor a proxy', async () => {
    rig = await startFront({}, answerAll);
    const told = () => rig.inputs.filter(({ type }) => type === 'reply-taken');
    const reader = rig.connect();
    reader.write(post(bodyOf(1)));
    const { request: id } = await rig.next('request');
    await reader.reply();
    reader.socket.end();
    expect(await rig.next('reply-taken')).toEqual({ type: 'reply-taken', request: id, sid: 's' });
    const [unread, proxied, twice] = [rig.connect(), rig.connect(), rig.connect()];
    unread.write(post(bodyOf(2)));
    proxied.write(post(bodyOf(2), forwarded));
    await proxied.reply();
    for (let count = 0; count < 2; count += 1) {
      twice.write(post(bodyOf(2)));
      await twice.reply();
    }
    while (rig.inputs.length < 6) await rig.next('request');
    // What the system of a client does that closes and leaves bytes unread.
    unread.socket.resetAndDestroy();
    for (const client of [proxied, twice]) client.destroy();
    await Promise.all([unread, proxied, twice].map(({ closed }) => closed));
    reader.destroy();
    const last = rig.connect();
    last.write(post(bodyOf(3)));
    await last.reply();
    expect(told().length).toBe(1);
  });
});

test('a reply that its client does not read to the end is reported as lost', async () => {
  rig = await startFront({}, (input, front) => {
    if (input.type === 'request') front.respond(input.request, textReply(HUGE));
  });
  const client = rig.connect();
  client.socket.pause();
  client.write(post(bodyOf(1)));
  const { request: id } = await rig.next('request');
  client.destroy();
  expect(await rig.next('reply-lost')).toEqual({ type: 'reply-lost', request: id, sid: 's' });
});

test('a client that stops reading is cut off after a while', async () => {
  const limits = { ...FRONT_LIMITS, replyMs: 200 };
  rig = await startFront({ limits }, (input, front) => {
    if (input.type === 'request') front.respond(input.request, textReply(HUGE));
  });
  const client = rig.connect();
  client.socket.pause();
  client.write(post(bodyOf(1)));
  await rig.next('reply-lost');
  client.socket.resume();
  await client.closed;
});

test('a dropped request ends its connection without a reply and without a report', async () => {
  rig = await startFront({}, (input, front) => {
    if (input.type === 'request') front.drop(input.request);
  });
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  expect(await client.rest()).toBe('');
  expect(rig.inputs.map(({ type }) => type)).toEqual(['request']);
});

test('pipelined requests are answered in their order, whatever the order of the answers', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)) + request('GET', '/nowhere') + post(bodyOf(2)) + post(bodyOf(3)));
  const ids: number[] = [];
  for (let count = 0; count < 3; count += 1) ids.push((await rig.next('request')).request);
  for (const index of [2, 0, 1]) rig.front.respond(ids[index] ?? 0, textReply(`reply ${index}`));
  const bodies: string[] = [];
  for (let count = 0; count < 4; count += 1) bodies.push((await client.reply()).body);
  expect(bodies).toEqual(['reply 0', 'There is nothing at this path.\n', 'reply 1', 'reply 2']);
});

test('a request of another form behind a held one is heard at once, and answered in its turn', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  const first = await rig.next('request');
  const body = bodyOf(2);
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  client.write(request('POST', '/http-bind', { 'Transfer-Encoding': 'chunked' }, chunk) + post(bodyOf(3)));
  const [second, third] = [await rig.next('request'), await rig.next('request')];
  rig.front.respond(third.request, textReply('reply 3'));
  rig.front.respond(second.request, textReply('reply 2'));
  rig.front.respond(first.request, textReply('reply 1'));
  const bodies: string[] = [];
  for (let count = 0; count < 3; count += 1) bodies.push((await client.reply()).body);
  expect(bodies).toEqual(['reply 1', 'reply 2', 'reply 3']);
});

test.each<[what: string, cutAt: (text: string) => readonly number[]]>([
  ['head and body', (text) => [text.indexOf('<body')]],
  ['the head, twice', () => [10, 60]],
  ['every byte', (text) => Array.from({ length: text.length }, (_, at) => at)],
])('requests whose bytes come apart: %s', async (_what, cutAt) => {
  rig = await startFront({}, answerAll);
  const client = rig.connect();
  for (const rid of [1, 2, 3]) {
    const text = post(bodyOf(rid));
    const cuts = [...cutAt(text), text.length];
    for (const [index, end] of cuts.entries()) {
      client.write(text.slice(cuts[index - 1] ?? 0, end));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.reply()).body).toBe('<body/>');
  }
});

test.each([
  ['head', 'POST /http-bind HTTP/1.1\r\nHo'],
  ['body', post(bodyOf(1)).slice(0, -5)],
])('a client that closes its half in the middle of a %s is told so', async (_what, text) => {
  rig = await startFront({}, answerAll);
  const client = rig.connect();
  client.socket.end(text, 'latin1');
  const reply = await client.reply();
  expect([reply.status, reply.headers['connection']]).toEqual([400, 'close']);
  await client.closed;
  expect(rig.inputs).toEqual([]);
});

test('of pipelined requests, those not yet written are reported when the client goes away', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)) + post(bodyOf(2)));
  const [first, second] = [await rig.next('request'), await rig.next('request')];
  rig.front.respond(second.request, textReply('<body/>'));
  client.destroy();
  expect((await rig.next('request-aborted')).request).toBe(first.request);
  expect((await rig.next('reply-lost')).request).toBe(second.request);
});

test('more pipelined requests than anyone needs end the connection', async () => {
  rig = await startFront({ limits: { ...FRONT_LIMITS, pipelinedMax: 3 } }, holdAll);
  const client = rig.connect();
  client.write([1, 2, 3, 4, 5].map((rid) => post(bodyOf(rid))).join(''));
  await client.closed;
  for (let count = 0; count < 3; count += 1) await rig.next('request-aborted');
  expect(rig.inputs.length).toBe(6);
});

test('more connections than the limit are turned away, with one line in the log', async () => {
  rig = await startFront({ limits: { ...FRONT_LIMITS, connectionsMax: 1 } }, answerAll);
  const first = rig.connect();
  first.write(post(bodyOf(1)));
  await first.reply();
  await Promise.all([rig.connect().closed, rig.connect().closed, rig.connect().closed]);
  expect(rig.log).toMatchObject([{ event: 'request-refused', code: 'too-many-connections' }]);
  first.write(post(bodyOf(2)));
  expect((await first.reply()).body).toBe('<body/>');
});

test.each<[version: string, headers: string, connection: string]>([
  ['1.0', '', 'close'],
  ['1.0', 'Connection: keep-alive\r\n', 'keep-alive'],
  ['1.0', 'Host: a.example\r\n', 'close'],
  ['1.1', 'Host: a.example\r\n', 'keep-alive'],
  ['1.1', 'Host: a.example\r\nConnection: close\r\n', 'close'],
])('HTTP/%s with %j', async (version, headers, connection) => {
  rig = await startFront({}, answerAll);
  const client = rig.connect();
  const body = bodyOf(1);
  client.write(`POST /http-bind HTTP/${version}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
  const reply = await client.reply();
  expect(reply).toMatchObject({ status: 200, body: '<body/>' });
  expect(reply.headers['connection']).toBe(connection);
  if (connection === 'close') await client.closed;
});

test('a connection serves a limited number of requests', async () => {
  rig = await startFront({ limits: { ...FRONT_LIMITS, requestsPerConnectionMax: 2 } }, answerAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  expect((await client.reply()).headers['connection']).toBe('keep-alive');
  client.write(post(bodyOf(2)));
  expect((await client.reply()).headers['connection']).toBe('close');
  await client.closed;
});

test('a connection without requests ends after a while, one with a held request does not', async () => {
  rig = await startFront({ limits: { ...FRONT_LIMITS, keepAliveMs: 100 } }, (input, front) => {
    if (input.type === 'request' && input.body.attributes.rid === 1) answerAll(input, front);
  });
  const [idle, busy] = [rig.connect(), rig.connect()];
  busy.write(post(bodyOf(2)));
  const held = await rig.next('request');
  idle.write(post(bodyOf(1)));
  await idle.reply();
  await idle.closed;
  rig.front.respond(held.request, textReply('still here'));
  expect((await busy.reply()).body).toBe('still here');
});

test('what comes too slowly is answered with 408, without touching the engine', async () => {
  rig = await startFront({ limits: { ...FRONT_LIMITS, headersMs: 200, bodyMs: 100 } }, answerAll);
  const [silent, slowHead, slowBody] = [rig.connect(), rig.connect(), rig.connect()];
  slowHead.write('POST /http-bind HTTP/1.1\r\nHost: a\r\n');
  slowBody.write(request('POST', '/http-bind', { 'Content-Length': '10' }, 'half'));
  for (const client of [silent, slowHead, slowBody]) {
    const reply = await client.reply();
    expect(reply.status).toBe(408);
    expect(reply.headers).toMatchObject({ connection: 'close', 'x-content-type-options': 'nosniff' });
    await client.closed;
  }
  expect(rig.inputs).toEqual([]);
});

test('closing: held requests get their replies, new connections none', async () => {
  rig = await startFront({}, holdAll);
  const [held, idle] = [rig.connect(), rig.connect()];
  idle.write(request('GET', '/http-bind'));
  await idle.reply();
  held.write(post(bodyOf(1)));
  const { request: id } = await rig.next('request');
  const closed = rig.front.close(20_000);
  await idle.closed;
  const late = rig.connect();
  await late.closed;
  rig.front.respond(id, textReply('bye'));
  const reply = await held.reply();
  expect(reply.body).toBe('bye');
  expect(reply.headers['connection']).toBe('close');
  await held.closed;
  await closed;
});

test('closing: what is left at the deadline is cut', async () => {
  rig = await startFront({}, holdAll);
  const client = rig.connect();
  client.write(post(bodyOf(1)));
  await rig.next('request');
  await rig.front.close(50);
  await client.closed;
  await rig.next('request-aborted');
});
