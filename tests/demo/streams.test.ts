import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { DirectClient, header } from './direct-client.ts';

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const streamError = (condition: string) =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
const saslFailure = (condition: string) => `<failure ${SASL}><${condition}/></failure>`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

let server: DemoServer;
const clients: DirectClient[] = [];

beforeAll(async () => {
  server = await startDemoServer({ limits: { resourcesMax: 2 } });
});
afterAll(() => server.close());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(): Promise<DirectClient> {
  const client = await DirectClient.connect(server.port);
  clients.push(client);
  return client;
}

async function logIn(username = '', resource = ''): Promise<DirectClient> {
  const client = await DirectClient.logIn(server.port, username, resource);
  clients.push(client);
  return client;
}

async function rest(client: DirectClient): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const text = await client.next();
    all.push(text);
    if (text === 'closed') return all;
  }
}

describe('a stream that must not be ends with', () => {
  it.each([
    ['host-unknown', header('example.org')],
    ['improper-addressing', header('').replace("to='' ", '')],
    ['unsupported-version', header('demo.localhost', '0.9')],
    ['invalid-namespace', "<stream xmlns='jabber:client'>"],
    ['not-well-formed', '<stream:stream to=demo.localhost>'],
    ['restricted-xml', `<!DOCTYPE x><x/>`],
  ])('%s before its features', async (condition, text) => {
    const client = await connect();
    client.send(text);
    expect(await rest(client)).toEqual(['header', streamError(condition), 'end', 'closed']);
  });

  it.each([
    ['not-authorized', "<message to='romeo@demo.localhost'/>"],
    ['not-authorized', "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"],
    ['not-authorized', `<whatever ${SASL}/>`],
    ['not-well-formed', '<auth></iq>'],
    ['restricted-xml', '<!-- comment -->'],
    ['policy-violation', '<a>'.repeat(65)],
  ])('%s before log-in', async (condition, text) => {
    const client = await connect();
    await client.open();
    client.send(text);
    expect(await rest(client)).toEqual([streamError(condition), 'end', 'closed']);
  });

  it.each([
    ['not-well-formed', '<message><body></message>'],
    ['not-well-formed', '<message to="a" to="b"/>'],
    ['restricted-xml', '<?x y?>'],
    ['unsupported-stanza-type', '<x/>'],
    ['unsupported-stanza-type', "<message xmlns='jabber:server'/>"],
    ['invalid-from', "<message from='juliet@demo.localhost'/>"],
    ['invalid-from', "<message from='romeo@demo.localhost/other'/>"],
    ['policy-violation', `<message><body>${'x'.repeat(300 * 1024)}`],
  ])('%s when bound', async (condition, text) => {
    const client = await logIn('romeo', 'orchard');
    client.send(text);
    expect(await rest(client)).toEqual([streamError(condition), 'end', 'closed']);
  });

  it('unsupported-encoding when its bytes are no UTF-8', async () => {
    const client = await logIn();
    client.sendBytes(Buffer.from('<message><body>\xff</body></message>', 'latin1'));
    expect(await rest(client)).toEqual([streamError('unsupported-encoding'), 'end', 'closed']);
  });
});

describe('SASL (RFC 6120 §6)', () => {
  it.each([
    ['an unknown mechanism', `<auth ${SASL} mechanism='EXTERNAL'>=</auth>`, 'invalid-mechanism'],
    [
      'a wrong password',
      `<auth ${SASL} mechanism='PLAIN'>${base64('\0romeo\0wrong')}</auth>`,
      'not-authorized',
    ],
    [
      'an unknown user',
      `<auth ${SASL} mechanism='PLAIN'>${base64('\0yorick\0demo')}</auth>`,
      'not-authorized',
    ],
    ['two parts', `<auth ${SASL} mechanism='PLAIN'>${base64('romeo\0demo')}</auth>`, 'malformed-request'],
    [
      'another authorization identity',
      `<auth ${SASL} mechanism='PLAIN'>${base64('juliet@demo.localhost\0romeo\0demo')}</auth>`,
      'invalid-authzid',
    ],
    ['what is no base64', `<auth ${SASL} mechanism='PLAIN'>!?</auth>`, 'incorrect-encoding'],
    ['a response to nothing', `<response ${SASL}>=</response>`, 'malformed-request'],
    ['an abort', `<abort ${SASL}/>`, 'aborted'],
  ])('answers %s with a failure, after which the client may try again', async (_what, text, condition) => {
    const client = await connect();
    await client.open();
    client.send(text);
    expect(await client.next()).toBe(saslFailure(condition));
    client.send(`<auth ${SASL} mechanism='ANONYMOUS'/>`);
    expect(await client.next()).toBe(`<success ${SASL}/>`);
  });

  it('asks for what an initial response would have held', async () => {
    const client = await connect();
    await client.open();
    client.send(`<auth ${SASL} mechanism='PLAIN'/>`);
    expect(await client.next()).toBe(`<challenge ${SASL}/>`);
    client.send(`<response ${SASL}>${base64('\0romeo\0demo')}</response>`);
    expect(await client.next()).toBe(`<success ${SASL}/>`);
  });

  it('ends a stream on which too many log-ins failed', async () => {
    const client = await connect();
    await client.open();
    client.send(`<abort ${SASL}/>`.repeat(6));
    expect((await rest(client)).slice(-3)).toEqual([streamError('policy-violation'), 'end', 'closed']);
  });
});

describe('binding (RFC 6120 §7)', () => {
  const bind = (inside: string, id = " id='b'") =>
    `<iq type='set'${id}><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${inside}</bind></iq>`;

  async function authenticated(): Promise<DirectClient> {
    const client = await connect();
    await client.open();
    client.send(`<auth ${SASL} mechanism='PLAIN'>${base64('\0romeo\0demo')}</auth>`);
    await client.next();
    expect(await client.open()).toBe(
      "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>" +
        "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>" +
        "<sm xmlns='urn:xmpp:sm:3'/></stream:features>",
    );
    return client;
  }

  it('gives the resource asked for, and one of its own making else', async () => {
    const [asked, left] = [await authenticated(), await authenticated()];
    asked.send(bind('<resource>orchard</resource>'));
    expect(await asked.next()).toContain('<jid>romeo@demo.localhost/orchard</jid>');
    left.send(bind(''));
    expect(await left.next()).toMatch(/<jid>romeo@demo\.localhost\/[0-9a-f]{16}<\/jid>/);
  });

  it('ends who had the resource', async () => {
    const old = await logIn('juliet', 'balcony');
    const client = await logIn('juliet', 'balcony');
    expect(client.jid).toBe('juliet@demo.localhost/balcony');
    expect(await rest(old)).toEqual([streamError('conflict'), 'end', 'closed']);
    expect(await client.settle()).toEqual([]);
  });

  it.each([
    ['a resource with control characters', bind('<resource>a&#9;b</resource>')],
    ['a resource without end', bind(`<resource>${'x'.repeat(1024)}</resource>`)],
    ['a request without an id', bind('', '')],
  ])('refuses %s', async (_what, text) => {
    const client = await authenticated();
    client.send(text);
    expect(await client.next()).toContain('<bad-request');
    client.send(bind(''));
    expect(await client.next()).toContain('<jid>');
  });

  it('refuses more resources than an account may have', async () => {
    await logIn('juliet', '1');
    await logIn('juliet', '2');
    const third = await connect();
    await third.open();
    third.send(`<auth ${SASL} mechanism='PLAIN'>${base64('\0juliet\0demo')}</auth>`);
    await third.next();
    await third.open();
    third.send(bind('<resource>3</resource>'));
    expect(await third.next()).toContain('<resource-constraint');
  });

  it('comes before everything else', async () => {
    const client = await authenticated();
    client.send('<presence/>');
    expect(await rest(client)).toEqual([streamError('not-authorized'), 'end', 'closed']);
  });
});

describe('the end', () => {
  it('is answered with ours', async () => {
    const client = await logIn();
    client.send('</stream:stream>');
    expect(await rest(client)).toEqual(['end', 'closed']);
  });

  it('of the server is told', async () => {
    const own = await startDemoServer();
    const client = await DirectClient.logIn(own.port);
    const idle = await DirectClient.connect(own.port);
    await own.close();
    expect(await rest(client)).toEqual([streamError('system-shutdown'), 'end', 'closed']);
    expect(await rest(idle)).toEqual(['header', streamError('system-shutdown'), 'end', 'closed']);
  });
});

describe('limits', () => {
  it('guests beyond the limit are asked to come later', async () => {
    const small = await startDemoServer({ limits: { accountsMax: 3 } });
    const first = await DirectClient.logIn(small.port);
    const second = await DirectClient.connect(small.port);
    await second.open();
    second.send(`<auth ${SASL} mechanism='ANONYMOUS'/>`);
    expect(await second.next()).toBe(saslFailure('temporary-auth-failure'));
    first.send('</stream:stream>');
    await rest(first);
    second.send(`<auth ${SASL} mechanism='ANONYMOUS'/>`);
    expect(await second.next()).toBe(`<success ${SASL}/>`);
    await small.close();
  });

  it('who does not log in is shown out', async () => {
    const hasty = await startDemoServer({ limits: { loginMs: 50 } });
    const client = await DirectClient.connect(hasty.port);
    expect(await rest(client)).toEqual(['header', streamError('connection-timeout'), 'end', 'closed']);
    await hasty.close();
  });

  it('a client that does not read is cut off, and the others go on', async () => {
    const tight = await startDemoServer({ limits: { queueBytesMax: 64 * 1024 } });
    const hung = await DirectClient.logIn(tight.port, 'romeo', 'x');
    const writer = await DirectClient.logIn(tight.port, 'juliet', 'x');
    hung.hang();
    const message = `<message to='romeo@demo.localhost/x' id='m'><body>${'x'.repeat(100_000)}</body></message>`;
    let refused = false;
    for (let round = 0; round < 500 && !refused; round++) {
      writer.send(message);
      refused = (await writer.settle()).some((text) => text.includes('<service-unavailable'));
    }
    expect(refused).toBe(true);
    hung.close();
    await tight.close();
  });
});
