import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { DirectClient } from './direct-client.ts';

/* Stream management of the demo server (XEP-0198), byte for byte. */

const SM = "xmlns='urn:xmpp:sm:3'";
const REQUEST = `<r ${SM}/>`;
const STANZA_ERRORS = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const failed = (condition: string) => `<failed ${SM}><${condition} ${STANZA_ERRORS}/></failed>`;

let server: DemoServer;
/** Its streams are given up at once, and little of them is kept. */
let hasty: DemoServer;
const clients: DirectClient[] = [];

beforeEach(async () => {
  server = await startDemoServer();
  hasty = await startDemoServer({ limits: { resumeMs: 50, unackedMax: 5 } });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all([server.close(), hasty.close()]);
});

async function logIn(username = '', resource = '', at = server): Promise<DirectClient> {
  const client = await DirectClient.logIn(at.port, username, resource);
  clients.push(client);
  return client;
}

interface Managed {
  readonly client: DirectClient;
  readonly id: string;
}

async function managed(username = '', resource = '', at = server): Promise<Managed> {
  const client = await logIn(username, resource, at);
  client.send(`<enable ${SM} resume='true'/>`);
  const enabled = await client.next();
  expect(enabled).toMatch(/^<enabled xmlns='urn:xmpp:sm:3' id='[0-9a-f]{32}' resume='true' max='\d+'\/>$/);
  return { client, id: /id='(\w+)'/.exec(enabled)?.[1] ?? '' };
}

/** Logged in, and nothing bound. */
async function authenticated(username: string, at = server): Promise<DirectClient> {
  const client = await DirectClient.connect(at.port);
  clients.push(client);
  await client.open();
  const plain = Buffer.from(`\0${username}\0demo`).toString('base64');
  client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`);
  await client.next();
  await client.open();
  return client;
}

async function resume(username: string, previd: string, h: number | string): Promise<DirectClient> {
  const client = await authenticated(username);
  client.send(`<resume ${SM} previd='${previd}' h='${h}'/>`);
  return client;
}

function chat(to: string, text: string): string {
  return `<message type='chat' to='${to}' id='${text}'><body>${text}</body></message>`;
}

function textsIn(all: readonly string[]): string[] {
  return all.flatMap((text) => /<body>(.*)<\/body>/.exec(text)?.[1] ?? []);
}

async function bodies(client: DirectClient, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) {
    const text = await client.next();
    if (text === 'closed') throw new Error(`closed after ${all.join(' ')}`);
    all.push(...textsIn([text]));
  }
  return all;
}

/** What somebody hears until, and with, the news that another is gone. */
async function untilTheEnd(witness: DirectClient, of: string): Promise<string[]> {
  const heard: string[] = [];
  for (;;) {
    const text = await witness.next();
    if (text === 'closed') throw new Error('closed');
    heard.push(text);
    if (text.includes("type='unavailable'") && text.includes(of)) return heard;
  }
}

describe('acknowledgement', () => {
  it('counts stanzas from <enable/> on', async () => {
    const { client } = await managed('romeo');
    client.send(REQUEST);
    expect(await client.next()).toBe(`<a ${SM} h='0'/>`);
    client.send(`<presence/>${chat('romeo@demo.localhost', 'to myself')}${REQUEST}`);
    expect((await client.settle()).filter((text) => text.startsWith('<a '))).toEqual([`<a ${SM} h='2'/>`]);
  });

  it('is asked for, and again while it gets on', async () => {
    const [{ client }, juliet] = [await managed('romeo'), await logIn('juliet')];
    juliet.send(chat(client.jid, '1') + chat(client.jid, '2') + chat(client.jid, '3'));
    const came = [await client.next(), await client.next(), await client.next(), await client.next()];
    expect(textsIn(came)).toEqual(['1', '2', '3']);
    expect(came[1]).toBe(REQUEST);
    client.send(`<a ${SM} h='1'/>`);
    expect(await client.next()).toBe(REQUEST);
    client.send(`<a ${SM} h='1'/><a ${SM} h='3'/>`);
    expect(await client.settle()).toEqual([]);
  });

  it.each([
    [
      'more than was sent',
      '1',
      `<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><handled-count-too-high ${SM} h='1' send-count='0'/>`,
    ],
    ['no number', 'x', '<bad-format '],
  ])('of %s ends the stream', async (_, h, error) => {
    const { client } = await managed('romeo');
    client.send(`<a ${SM} h='${h}'/>`);
    expect(await client.next()).toContain(error);
  });

  it('is there once, after the binding, and without resumption where that is not wanted', async () => {
    const early = await authenticated('romeo');
    early.send(`<enable ${SM} resume='true'/>`);
    expect(await early.next()).toBe(failed('unexpected-request'));
    const client = await logIn('romeo');
    client.send(`<enable ${SM}/><enable ${SM}/><resume ${SM} previd='x' h='0'/>`);
    expect(await client.next()).toBe(`<enabled ${SM}/>`);
    expect([await client.next(), await client.next()]).toEqual([
      failed('unexpected-request'),
      failed('unexpected-request'),
    ]);
  });
});

describe('resumption', () => {
  it('gives what was not acknowledged, in order and once, and nobody else notices', async () => {
    const [{ client, id }, juliet] = [await managed('romeo'), await logIn('juliet')];
    juliet.send('<presence/>');
    await juliet.settle();
    client.send(`<presence/>${chat(juliet.jid, 'one')}${chat(juliet.jid, 'two')}`);
    expect(await bodies(juliet, 2)).toEqual(['one', 'two']);
    await client.settle();
    juliet.send(chat(client.jid, 'a') + chat(client.jid, 'b'));
    expect(await bodies(client, 2)).toEqual(['a', 'b']);
    client.close();
    juliet.send(chat(client.jid, 'c'));
    expect(await juliet.settle()).toEqual([]);
    // Two presences and the answer to a ping came before the messages.
    const again = await resume('romeo', id, 4);
    expect(await again.next()).toBe(`<resumed ${SM} previd='${id}' h='4'/>`);
    expect(await bodies(again, 2)).toEqual(['b', 'c']);
    expect(await again.next()).toBe(REQUEST);
    again.send(`<a ${SM} h='6'/>${chat(juliet.jid, 'three')}${REQUEST}`);
    expect(await bodies(juliet, 1)).toEqual(['three']);
    expect(await again.next()).toBe(`<a ${SM} h='5'/>`);
    expect(await juliet.settle()).toEqual([]);
  });

  it('takes a stream from a connection that is not known to be lost', async () => {
    const { client, id } = await managed('romeo');
    const again = await resume('romeo', id, 0);
    expect(await again.next()).toContain('<resumed');
    expect(await client.next()).toContain('<conflict');
    again.send(chat(client.jid, 'still me'));
    expect(await bodies(again, 1)).toEqual(['still me']);
  });

  it('is refused to another account, and for what is unknown', async () => {
    const { id } = await managed('romeo');
    const thief = await resume('juliet', id, 0);
    expect(await thief.next()).toBe(failed('item-not-found'));
    thief.send(`<resume ${SM} previd='nothing' h='0'/>`);
    expect(await thief.next()).toBe(failed('item-not-found'));
    thief.send(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`);
    expect(await thief.next()).toContain('<jid>juliet@');
  });

  it('with an h that is too high ends the stream', async () => {
    const { client, id } = await managed('romeo');
    client.close();
    const again = await resume('romeo', id, 1);
    expect(await again.next()).toContain(`<handled-count-too-high ${SM} h='1' send-count='0'/>`);
    const third = await resume('romeo', id, 0);
    expect(await third.next()).toBe(failed('item-not-found'));
  });

  it('ends with a goodbye: what was not acknowledged is stored', async () => {
    const [{ client, id }, juliet] = [await managed('romeo'), await logIn('juliet')];
    client.send('<presence/>');
    await client.settle();
    juliet.send(chat('romeo@demo.localhost', 'kept'));
    expect(await bodies(client, 1)).toEqual(['kept']);
    client.send('</stream:stream>');
    while ((await client.next()) !== 'closed');
    const again = await resume('romeo', id, 0);
    expect(await again.next()).toBe(failed('item-not-found'));
    again.close();
    const next = await logIn('romeo');
    next.send('<presence/>');
    expect(await bodies(next, 1)).toEqual(['kept']);
  });
});

describe('a stream that is not resumed in time', () => {
  it('has its messages stored, with the time they were sent and once, and its requests refused', async () => {
    const juliet = await logIn('juliet', '', hasty);
    juliet.send('<presence/>');
    const before = new Date().toISOString();
    const heard: string[] = [];
    for (const round of [1, 2]) {
      const { client } = await managed('romeo', '', hasty);
      client.send('<presence/>');
      await client.settle();
      if (round === 1) {
        juliet.send(chat('romeo@demo.localhost', 'late'));
        expect(await bodies(client, 1)).toEqual(['late']);
        juliet.send(`<iq type='get' id='q' to='${client.jid}'><query xmlns='x'/></iq>`);
      }
      client.close();
      heard.push(...(await untilTheEnd(juliet, client.jid)));
    }
    expect(heard.filter((text) => text.includes("id='q'")).join()).toContain('<service-unavailable');
    const last = await logIn('romeo', '', hasty);
    last.send('<presence/>');
    const [late = '', ...more] = (await last.settle()).filter((text) => text.includes('<body>'));
    expect(more).toEqual([]);
    expect(late.match(/<delay /g)).toHaveLength(1);
    const stamp = /stamp='([^']+)'/.exec(late)?.[1] ?? '';
    expect(stamp >= before && stamp <= new Date().toISOString()).toBe(true);
  });

  it('of a guest gives messages back to their senders', async () => {
    const [{ client }, juliet] = [await managed('', '', hasty), await logIn('juliet', '', hasty)];
    juliet.send(chat(client.jid, 'lost'));
    expect(await bodies(client, 1)).toEqual(['lost']);
    client.close();
    const error = await juliet.next();
    expect(error).toContain("id='lost'");
    expect(error).toContain('<service-unavailable');
  });

  it('does not double what another resource has', async () => {
    const other = await logIn('romeo', 'other', hasty);
    const { client } = await managed('romeo', 'gone', hasty);
    const juliet = await logIn('juliet', '', hasty);
    other.send('<presence/>');
    client.send('<presence/>');
    await client.settle();
    juliet.send(chat('romeo@demo.localhost', 'to both') + chat(client.jid, 'to one'));
    expect(await bodies(client, 2)).toEqual(['to both', 'to one']);
    client.close();
    const heard = await untilTheEnd(other, client.jid);
    expect(textsIn([...heard, ...(await other.settle())])).toEqual(['to both', 'to one']);
  });
});

it('more than may wait for acknowledgement ends the stream, and is stored', async () => {
  const [{ client }, juliet] = [await managed('romeo', '', hasty), await logIn('juliet', '', hasty)];
  const texts = ['1', '2', '3', '4', '5', '6'];
  juliet.send(texts.map((text) => chat(client.jid, text)).join(''));
  expect(await bodies(client, 6)).toEqual(texts);
  let last = await client.next();
  while (!last.includes('stream:error')) last = await client.next();
  expect(last).toContain('<resource-constraint');
  await juliet.settle();
  const next = await logIn('romeo', '', hasty);
  next.send('<presence/>');
  expect(await bodies(next, 6)).toEqual(texts);
});
