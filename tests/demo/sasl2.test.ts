import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Mechanism, startSasl } from '../support/xmpp/sasl.ts';
import { DirectClient } from './direct-client.ts';

/* SASL2 (XEP-0388), FAST (XEP-0484) and resumption inside of them (XEP-0198 §9.2), byte for byte. */

const SASL2 = "xmlns='urn:xmpp:sasl:2'";
const FAST = "xmlns='urn:xmpp:fast:0'";
const SM = "xmlns='urn:xmpp:sm:3'";
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const failure = (condition: string) =>
  `<failure ${SASL2}><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`;
const DAY_MS = 24 * 60 * 60 * 1000;

let server: DemoServer;
const clients: DirectClient[] = [];

beforeAll(async () => {
  server = await startDemoServer();
});
afterAll(() => server.close());
afterEach(() => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.close();
});

async function connect(): Promise<DirectClient> {
  const client = await DirectClient.connect(server.port);
  clients.push(client);
  await client.open();
  return client;
}

function authenticate(mechanism: string, initial: string | Buffer | undefined, more = ''): string {
  const response = initial === undefined ? '' : `<initial-response>${base64(initial)}</initial-response>`;
  return `<authenticate ${SASL2} mechanism='${mechanism}'>${response}${more}</authenticate>`;
}

/** Logs in and returns <success/>. */
async function logIn(client: DirectClient, mechanism: Mechanism, user = 'romeo', more = ''): Promise<string> {
  const exchange = startSasl(mechanism, user, 'demo');
  client.send(authenticate(mechanism, exchange.initial, more));
  for (;;) {
    const text = await client.next();
    const data = Buffer.from(/>([^<>]+)</.exec(text)?.[1] ?? '', 'base64').toString();
    if (text.startsWith('<challenge')) {
      client.send(`<response ${SASL2}>${base64(exchange.answer(data))}</response>`);
    } else {
      if (text.startsWith('<success')) exchange.finish(data);
      return text;
    }
  }
}

const BIND = `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`;

async function bind(client: DirectClient): Promise<string> {
  client.send(BIND);
  return /<jid>(.*)<\/jid>/.exec(await client.next())?.[1] ?? '';
}

describe('SASL2', () => {
  it('is offered beside SASL, with what may stand in it', async () => {
    const client = await DirectClient.connect(server.port);
    clients.push(client);
    const features = await client.open();
    const mechanisms =
      '<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>' +
      '<mechanism>PLAIN</mechanism><mechanism>ANONYMOUS</mechanism>';
    expect(features).toContain(
      `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${mechanisms}</mechanisms>`,
    );
    expect(features).toContain(
      `<authentication ${SASL2}>${mechanisms}<inline><sm ${SM}/>` +
        `<fast ${FAST}><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>`,
    );
  });

  it.each<Mechanism>(['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'ANONYMOUS'])(
    'logs in by %s; the features follow without a restart',
    async (mechanism) => {
      const client = await connect();
      const success = await logIn(client, mechanism);
      const whom = mechanism === 'ANONYMOUS' ? 'guest-[0-9a-f]{16}' : 'romeo';
      const identifier = `<authorization-identifier>${whom}@demo.localhost</authorization-identifier>`;
      expect(success).toMatch(new RegExp(`^<success ${SASL2}>.*${identifier}</success>$`));
      expect(await client.next()).toMatch(/^<stream:features><bind /);
      expect(await bind(client)).toMatch(new RegExp(`^${whom}@demo.localhost/`));
    },
  );

  it.each([
    ['a wrong password', authenticate('PLAIN', '\0romeo\0wrong'), 'not-authorized'],
    ['an unknown mechanism', authenticate('X', ''), 'invalid-mechanism'],
    [
      'what is no base64',
      `<authenticate ${SASL2} mechanism='PLAIN'><initial-response>!</initial-response></authenticate>`,
      'incorrect-encoding',
    ],
    ['an answer to nothing', `<response ${SASL2}/>`, 'malformed-request'],
    ['what is given up', `<abort ${SASL2}/>`, 'aborted'],
    [
      'a token without saying which client',
      authenticate('HT-SHA-256-NONE', 'romeo\0x', `<fast ${FAST}/>`),
      'malformed-request',
    ],
    ['a token that nobody gave', fast('romeo', 'x', randomUUID()), 'not-authorized'],
    ['a token of nobody', fast('nobody', 'x', randomUUID()), 'not-authorized'],
  ])('refuses %s, and then takes the right one', async (_, text, condition) => {
    const client = await connect();
    client.send(text);
    expect(await client.next()).toBe(failure(condition));
    expect(await logIn(client, 'PLAIN')).toContain('<success');
  });

  it('ends the stream after too many failures, together with those of SASL', async () => {
    const client = await connect();
    const sasl = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>`;
    client.send(sasl + authenticate('X', '') + sasl + authenticate('X', '') + sasl);
    for (let count = 0; count < 5; count++) expect(await client.next()).toContain('<failure');
    expect(await client.next()).toContain('<policy-violation');
  });
});

const agentOf = (agent: string) => `<user-agent id='${agent}'><software>test</software></user-agent>`;
const WANTED = `<request-token ${FAST} mechanism='HT-SHA-256-NONE'/>`;

function hmac(token: string, role: string): Buffer {
  return createHmac('sha256', token).update(role).digest();
}

/** <authenticate/> by a token. */
function fast(user: string, token: string, agent: string, attributes = '', more = ''): string {
  const message = Buffer.concat([Buffer.from(`${user}\0`), hmac(token, 'Initiator')]);
  const inside = `${agentOf(agent)}<fast ${FAST}${attributes}/>${more}`;
  return authenticate('HT-SHA-256-NONE', message, inside);
}

function tokenIn(success: string): string {
  return /<token xmlns='urn:xmpp:fast:0' token='([^']+)'/.exec(success)?.[1] ?? '';
}

interface Given {
  readonly agent: string;
  readonly token: string;
}

async function token(user = 'romeo'): Promise<Given> {
  const agent = randomUUID();
  const success = await logIn(await connect(), 'PLAIN', user, agentOf(agent) + WANTED);
  return { agent, token: tokenIn(success) };
}

async function use(text: string): Promise<string> {
  const client = await connect();
  client.send(text);
  return await client.next();
}

describe('a token', () => {
  it('is given to who asks, with its expiry, and logs in; the server proves that it knows it', async () => {
    const agent = randomUUID();
    const success = await logIn(await connect(), 'SCRAM-SHA-256', 'romeo', agentOf(agent) + WANTED);
    const expiry = Date.parse(/expiry='([^']+)'/.exec(success)?.[1] ?? '');
    expect(Math.abs(expiry - Date.now() - DAY_MS)).toBeLessThan(DAY_MS / 100);
    const client = await connect();
    client.send(fast('romeo', tokenIn(success), agent, " count='1'"));
    expect(await client.next()).toBe(
      `<success ${SASL2}><additional-data>${base64(hmac(tokenIn(success), 'Responder'))}</additional-data>` +
        '<authorization-identifier>romeo@demo.localhost</authorization-identifier></success>',
    );
    expect(await client.next()).toContain('<bind');
    expect(await bind(client)).toMatch(/^romeo@/);
  });

  it.each([
    ['does not ask', ''],
    ['does not say who it is', WANTED],
    ['asks for another mechanism', agentOf('a') + WANTED.replace('NONE', 'EXPR')],
  ])('is not given to a client that %s', async (_, more) => {
    expect(await logIn(await connect(), 'PLAIN', 'romeo', more)).not.toContain('<token');
  });

  it('is not good for another client, another account, or plain SASL', async () => {
    const given = await token();
    expect(await use(fast('romeo', given.token, randomUUID()))).toBe(failure('not-authorized'));
    expect(await use(fast('juliet', given.token, given.agent))).toBe(failure('not-authorized'));
    expect(await use(authenticate('PLAIN', `\0romeo\0${given.token}`))).toBe(failure('not-authorized'));
    expect(await use(fast('romeo', given.token, given.agent))).toContain('<success');
  });

  it('counts: a count that is not higher than the last is a replay', async () => {
    const { agent, token: secret } = await token();
    expect(await use(fast('romeo', secret, agent, " count='2'"))).toContain('<success');
    for (const count of ['1', '2']) {
      expect(await use(fast('romeo', secret, agent, ` count='${count}'`))).toBe(failure('not-authorized'));
    }
    for (const count of ['0', '-1', 'x', '']) {
      expect(await use(fast('romeo', secret, agent, ` count='${count}'`))).toBe(failure('malformed-request'));
    }
    expect(await use(fast('romeo', secret, agent, " count='3'"))).toContain('<success');
  });

  it('expires', async () => {
    const { agent, token: secret } = await token();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY_MS + 1 });
    expect(await use(fast('romeo', secret, agent))).toBe(failure('credentials-expired'));
  });

  it('is followed by a new one when it gets old; it is good until that is used', async () => {
    const { agent, token: old } = await token();
    expect(await use(fast('romeo', old, agent))).not.toContain('<token');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY_MS * 0.6 });
    const lost = tokenIn(await use(fast('romeo', old, agent)));
    const fresh = tokenIn(await use(fast('romeo', old, agent)));
    expect(new Set([old, lost, fresh, '']).size).toBe(4);
    // What was given and not used is void once another is given.
    expect(await use(fast('romeo', lost, agent))).toBe(failure('not-authorized'));
    expect(await use(fast('romeo', fresh, agent))).toContain('<success');
    expect(await use(fast('romeo', old, agent))).toBe(failure('not-authorized'));
  });

  it('ends when its client says so', async () => {
    const { agent, token: secret } = await token();
    expect(await use(fast('romeo', secret, agent, " invalidate='true'"))).toContain('<success');
    expect(await use(fast('romeo', secret, agent))).toBe(failure('not-authorized'));
  });

  it('is forgotten when there are too many, the oldest first', async () => {
    const first = await token('juliet');
    const all: Given[] = [];
    for (let count = 0; count < 20; count++) all.push(await token('juliet'));
    expect(await use(fast('juliet', first.token, first.agent))).toBe(failure('not-authorized'));
    const [second = first] = all;
    expect(await use(fast('juliet', second.token, second.agent))).toContain('<success');
  });
});

describe('resumption inside of <authenticate/>', () => {
  async function cutGuest() {
    const client = await connect();
    const agent = randomUUID();
    const success = await logIn(client, 'ANONYMOUS', '', agentOf(agent) + WANTED);
    await client.next();
    const jid = await bind(client);
    client.send(`<enable ${SM} resume='true'/>`);
    const id = /id='(\w+)'/.exec(await client.next())?.[1] ?? '';
    client.close();
    return { agent, id, jid, user: jid.slice(0, jid.indexOf('@')), token: tokenIn(success) };
  }

  it('brings a guest back by its token, with what came meanwhile and without features', async () => {
    const { agent, id, jid, user, token: secret } = await cutGuest();
    const juliet = await DirectClient.logIn(server.port, 'juliet');
    clients.push(juliet);
    juliet.send(`<message type='chat' to='${jid}'><body>meanwhile</body></message>`);
    expect(await juliet.settle()).toEqual([]);
    const client = await connect();
    client.send(fast(user, secret, agent, " count='1'", `<resume ${SM} previd='${id}' h='0'/>`));
    const success = await client.next();
    expect(success).toContain(`<authorization-identifier>${jid}</authorization-identifier>`);
    expect(success).toContain(`<resumed ${SM} previd='${id}' h='0'/>`);
    expect(await client.next()).toContain('meanwhile');
    expect(await client.next()).toBe(`<r ${SM}/>`);
    client.send(`<a ${SM} h='1'/>`);
    expect(await client.settle()).toEqual([]);
    // The guest is gone with its stream, and its token too.
    client.send('</stream:stream>');
    while ((await client.next()) !== 'closed');
    expect(await use(fast(user, secret, agent, " count='2'"))).toBe(failure('not-authorized'));
  });

  it('that fails leaves the client logged in, to bind', async () => {
    const client = await connect();
    const success = await logIn(client, 'PLAIN', 'romeo', `<resume ${SM} previd='gone' h='0'/>`);
    expect(success).toContain(
      `<failed ${SM}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed></success>`,
    );
    expect(await client.next()).toContain('<bind');
    expect(await bind(client)).toMatch(/^romeo@/);
  });

  it('is not looked at where the log-in fails', async () => {
    const { agent, id, user, token: secret } = await cutGuest();
    const resume = `<resume ${SM} previd='${id}' h='0'/>`;
    expect(await use(fast(user, 'guessed', agent, '', resume))).toBe(failure('not-authorized'));
    expect(await use(fast(user, secret, agent, '', resume))).toContain('<resumed');
  });
});
