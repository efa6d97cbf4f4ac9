import { BoshTransport, connect, type Session, type SessionState, xml } from '@boshd/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Login } from '../../packages/client/src/xmpp/login.ts';
import { until } from '../support/program.ts';
import { DEMO_DOMAIN, type Demo, startDemo } from './demo.ts';
import { type Fate, type RoughRoad, roughRoad } from './rough-road.ts';

let demo: Demo;
const roads: RoughRoad[] = [];
const sessions: Session[] = [];
beforeAll(async () => {
  demo = await startDemo();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await Promise.all(roads.splice(0).map((road) => road.close()));
});
afterAll(() => demo.stop());

async function guest(url = demo.url): Promise<Session> {
  const session = connect({ url, domain: DEMO_DOMAIN });
  sessions.push(session);
  await session.ready;
  return session;
}

async function road(url = demo.url): Promise<RoughRoad> {
  const made = await roughRoad(url);
  roads.push(made);
  return made;
}

const chat = (to: string | undefined, text: string) =>
  xml('message', { to, type: 'chat' }, xml('body', {}, text));

async function texts(session: Session, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const stanza of session) {
    if (stanza.name === 'message') found.push(stanza.child('body')?.text ?? '');
    if (found.length === count) break;
  }
  return found;
}

function statesOf(session: Session): SessionState[] {
  const states: SessionState[] = [];
  session.onState((state) => states.push(state));
  return states;
}

const FATES: readonly (readonly [string, readonly Fate[]])[] = [
  ['a request that is lost', ['request lost']],
  ['a reply that is lost', ['reply lost']],
  ['replies out of order', ['late', 'passes', 'late']],
  ['an error page of a proxy', [{ status: 502 }]],
  ['a page that says 200', [{ status: 200 }]],
  ['HTTP 429 with Retry-After', [{ status: 429, headers: { 'Retry-After': '1' } }]],
  [
    'a storm',
    [
      'request lost',
      'reply lost',
      { status: 503 },
      'reply lost',
      'late',
      'request lost',
      'passes',
      'reply lost',
    ],
  ],
];

describe.each(FATES)('%s', (_name, fates) => {
  it('loses nothing, doubles nothing, and keeps the order', async () => {
    const way = await road();
    const [sender, receiver] = await Promise.all([guest(way.url), guest()]);
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
    way.fates.push(...fates);
    const sendings = lines.map((line) => sender.send(chat(receiver.jid, line)));
    expect(await texts(receiver, lines.length)).toEqual(lines);
    await Promise.all(sendings.map(({ done }) => done));
    way.fates.push(...fates);
    for (const line of lines) receiver.send(chat(sender.jid, line));
    expect(await texts(sender, lines.length)).toEqual(lines);
    expect(sendings.map(({ state }) => state.name)).toEqual(lines.map(() => 'sent'));
  });
});

it('is interrupted while nothing gets through, and online again', async () => {
  const way = await road();
  const session = await guest(way.url);
  const states = statesOf(session);
  way.fates.push({ status: 502 }, { status: 502 });
  const sending = session.send(chat(session.jid, 'to myself'));
  await sending.done;
  await until('it is online again', () => states.at(-1)?.name === 'online');
  expect(states.map(({ name }) => name)).toEqual(['online', 'interrupted', 'online']);
  expect(states[1]).toMatchObject({ reason: { code: 'busy', status: 502 } });
});

it('repeats a request as it was, with the same rid', async () => {
  const way = await road();
  const session = await guest(way.url);
  way.fates.push('request lost', 'reply lost', 'request lost');
  await session.send(chat(session.jid, 'twice on the way')).done;
  const ridOf = (body: string) => / rid='(\d+)'/.exec(body)?.[1];
  const rids = new Set(way.bodies.map(ridOf));
  expect(rids.size).toBeLessThan(way.bodies.length);
  expect(new Set(way.bodies).size).toBe(rids.size);
});

it('waits as long as Retry-After says', async () => {
  const way = await road();
  const session = await guest(way.url);
  way.fates.push({ status: 429, headers: { 'Retry-After': '2' } });
  const begin = performance.now();
  await session.send(chat(session.jid, 'after a while')).done;
  expect(performance.now() - begin).toBeGreaterThan(1900);
});

it('signs in again when the service lost the session, with what waits', async () => {
  const own = await startDemo();
  const session = await guest(own.url);
  const states = statesOf(session);
  await own.end('SIGKILL');
  await until('it is interrupted', () => states.at(-1)?.name === 'interrupted');
  const again = await startDemo(own.port);
  session.retry();
  const isNew = (state: SessionState) => state.name === 'online' && state.isNew;
  await until('it is new, a second time', () => states.filter(isNew).length === 2);
  const sending = session.send(chat(session.jid, 'here again'));
  expect(await texts(session, 1)).toEqual(['here again']);
  await sending.done;
  await session.close();
  await Promise.all([own.stop(), again.stop()]);
});

it('says of a stanza that nobody confirmed that it is in doubt', async () => {
  const own = await startDemo();
  const way = await road(own.url);
  const session = await guest(way.url);
  way.fates.push(...Array.from({ length: 30 }, (): Fate => 'reply lost'));
  const sending = session.send(chat(session.jid, 'perhaps'));
  await until('it was sent', () => way.bodies.some((body) => body.includes('perhaps')));
  await own.end('SIGKILL');
  const again = await startDemo(own.port);
  way.fates.length = 0;
  session.retry();
  await expect(sending.done).rejects.toMatchObject({ code: 'in-doubt', cause: { code: 'session-lost' } });
  await session.close();
  await Promise.all([own.stop(), again.stop()]);
});

it('goes on with a session that somebody else made and logged in', async () => {
  const first = new BoshTransport(
    { url: demo.url, to: DEMO_DOMAIN },
    {
      started: () => undefined,
      received: (payloads) => {
        for (const { node } of payloads) login.take(node);
      },
      sent: () => undefined,
      refused: () => undefined,
      troubled: () => undefined,
      ended: () => undefined,
    },
  );
  const login = new Login({
    send: (node) => first.send([{ id: 0, xml: node.toString() }]),
    restart: () => first.restart(),
  });
  first.open();
  const jid = await login.run({ credentials: { type: 'anonymous' }, resource: undefined }, true);
  const { snapshot } = first;
  if (snapshot === undefined) throw new Error('no session');
  first.abandon();
  const attach = { jid, sid: snapshot.terms.sid, rid: snapshot.nextRid };
  const session = connect({ url: demo.url, attach });
  sessions.push(session);
  expect(await session.ready).toBe(jid);
  const sending = session.send(chat(jid, 'attached'));
  expect(await texts(session, 1)).toEqual(['attached']);
  await sending.done;
  await session.close();
  const late = connect({ url: demo.url, attach });
  const states = statesOf(late);
  await until('it is told that the session is over', () => states.at(-1)?.name === 'ended');
  expect(late.state).toMatchObject({ name: 'ended', reason: { code: 'session-lost' } });
});

it('closes within seconds although nothing gets through', async () => {
  const own = await startDemo();
  const session = await guest(own.url);
  await own.end('SIGKILL');
  const sending = session.send(chat(session.jid, 'never'));
  await session.close();
  expect(session.state).toEqual({ name: 'ended', reason: undefined });
  expect(sending.state.name).toBe('failed');
  await own.stop();
});
