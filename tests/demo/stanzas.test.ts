import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { DirectClient } from './direct-client.ts';

const ROMEO = 'romeo@demo.localhost/orchard';
const JULIET = 'juliet@demo.localhost/balcony';

let server: DemoServer;
let romeo: DirectClient;
let juliet: DirectClient;

beforeAll(async () => {
  server = await startDemoServer({
    accounts: ['romeo', 'juliet', 'nurse', 'tybalt'].map((username) => ({ username, password: 'demo' })),
    limits: { offlineMessagesMax: 2, offlineBytesMax: 2000, rosterItemsMax: 3 },
  });
});
afterAll(() => server.close());

/** Both online and nothing left to read. */
beforeEach(async () => {
  romeo = await DirectClient.logIn(server.port, 'romeo', 'orchard');
  juliet = await DirectClient.logIn(server.port, 'juliet', 'balcony');
  romeo.send('<presence/>');
  await romeo.settle();
  juliet.send('<presence/>');
  await juliet.settle();
  await romeo.settle();
});
afterEach(async () => {
  const all = [romeo, juliet];
  for (const client of all) client.send('</stream:stream>');
  for (const client of all) while ((await client.next()) !== 'closed');
});

interface Row {
  readonly what: string;
  readonly send: string;
  /** What comes back to romeo. */
  readonly romeo?: readonly string[];
  readonly juliet?: readonly string[];
}

function error(name: string, id: string, from: string, type: string, condition: string): string {
  const address = from === '' ? '' : ` from='${from}'`;
  const cause = `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
  return `<${name} type='error' id='${id}'${address} to='${ROMEO}'>${cause}</${name}>`;
}

async function run(row: Row): Promise<void> {
  romeo.send(row.send);
  expect(await romeo.settle()).toEqual(row.romeo ?? []);
  expect(await juliet.settle()).toEqual(row.juliet ?? []);
}

describe('messages (RFC 6121 §8)', () => {
  it.each<Row>([
    {
      what: 'to a bare JID reaches the resource, as written but for its addresses',
      send: `<message to="juliet@demo.localhost" type='chat' id='m1'><body>wherefore &lt;\u00e9\u{1f339}&gt;</body></message>`,
      juliet: [
        `<message from='${ROMEO}' to='juliet@demo.localhost' type='chat' id='m1'><body>wherefore &lt;\u00e9\u{1f339}&gt;</body></message>`,
      ],
    },
    {
      what: 'to a full JID',
      send: `<message to='${JULIET}'><body>x</body></message>`,
      juliet: [`<message from='${ROMEO}' to='${JULIET}'><body>x</body></message>`],
    },
    {
      what: 'chat to a resource that is gone goes to the others',
      send: `<message to='juliet@demo.localhost/tomb' type='chat'><body>x</body></message>`,
      juliet: [
        `<message from='${ROMEO}' to='juliet@demo.localhost/tomb' type='chat'><body>x</body></message>`,
      ],
    },
    {
      what: 'a normal one does not',
      send: `<message to='juliet@demo.localhost/tomb' id='m2'><body>x</body></message>`,
      romeo: [error('message', 'm2', 'juliet@demo.localhost/tomb', 'cancel', 'service-unavailable')],
    },
    {
      what: 'to the own account without an address',
      send: `<message id='m3'><body>x</body></message>`,
      romeo: [`<message from='${ROMEO}' to='romeo@demo.localhost' id='m3'><body>x</body></message>`],
    },
    {
      what: 'to nobody',
      send: `<message to='yorick@demo.localhost' id='m4' type='chat'><body>x</body></message>`,
      romeo: [error('message', 'm4', 'yorick@demo.localhost', 'cancel', 'service-unavailable')],
    },
    {
      what: 'to another domain',
      send: `<message to='a@example.org' id='m5'><body>x</body></message>`,
      romeo: [error('message', 'm5', 'a@example.org', 'cancel', 'remote-server-not-found')],
    },
    {
      what: 'to no address at all',
      send: `<message to='@' id='m6'><body>x</body></message>`,
      romeo: [error('message', 'm6', '', 'modify', 'jid-malformed')],
    },
    {
      what: 'of type groupchat',
      send: `<message to='juliet@demo.localhost' id='m7' type='groupchat'><body>x</body></message>`,
      romeo: [error('message', 'm7', 'juliet@demo.localhost', 'cancel', 'service-unavailable')],
    },
    {
      what: 'an error to nobody is dropped',
      send: `<message to='yorick@demo.localhost' id='m8' type='error'><body>x</body></message>`,
    },
    {
      what: 'a headline to somebody offline is dropped',
      send: `<message to='nurse@demo.localhost' id='m9' type='headline'><body>x</body></message>`,
    },
    {
      what: 'a chat state to somebody offline is dropped',
      send: `<message to='nurse@demo.localhost' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    },
    {
      what: 'a greater-than sign in an attribute ends no start tag',
      send: `<message to='juliet@demo.localhost' id='a>b"c/>'/>`,
      juliet: [`<message from='${ROMEO}' to='juliet@demo.localhost' id='a&gt;b&quot;c/&gt;'/>`],
    },
    {
      what: 'a prefixed one keeps its prefix',
      send: `<j:message xmlns:j='jabber:client' to='juliet@demo.localhost'><j:body>x</j:body></j:message>`,
      juliet: [
        `<j:message from='${ROMEO}' to='juliet@demo.localhost' xmlns:j='jabber:client'><j:body>x</j:body></j:message>`,
      ],
    },
  ])('$what', run);

  it('are kept for who is offline, up to the limit, and come with their time', async () => {
    const tybalt = (text: string) =>
      `<message to='tybalt@demo.localhost' id='${text}' type='chat'><body>${text}</body></message>`;
    romeo.send(['one', 'two', 'three'].map(tybalt).join(''));
    expect(await romeo.settle()).toEqual([
      error('message', 'three', 'tybalt@demo.localhost', 'cancel', 'service-unavailable'),
    ]);
    const client = await DirectClient.logIn(server.port, 'tybalt');
    client.send('<presence><priority>-1</priority></presence>');
    expect((await client.settle()).filter((text) => text.startsWith('<message'))).toEqual([]);
    client.send('<presence/>');
    const kept = (await client.settle()).filter((text) => text.startsWith('<message'));
    expect(kept.map((text) => /<body>(.*?)<\/body>/.exec(text)?.[1])).toEqual(['one', 'two']);
    for (const text of kept) {
      expect(text).toMatch(
        /<delay xmlns='urn:xmpp:delay' from='demo.localhost' stamp='\d{4}-[^']*Z'\/><\/message>$/,
      );
    }
    client.close();
  });

  it('that are too large to be kept come back', async () => {
    romeo.send(
      `<message to='nurse@demo.localhost' id='big' type='chat'><body>${'x'.repeat(2000)}</body></message>`,
    );
    expect(await romeo.settle()).toEqual([
      error('message', 'big', 'nurse@demo.localhost', 'cancel', 'service-unavailable'),
    ]);
  });
});

describe('iq (RFC 6120 §8.2.3 and §10)', () => {
  const ping = "<ping xmlns='urn:xmpp:ping'/>";
  it.each<Row>([
    {
      what: 'ping of the domain',
      send: `<iq type='get' id='i1' to='demo.localhost'>${ping}</iq>`,
      romeo: [`<iq type='result' id='i1' from='demo.localhost' to='${ROMEO}'/>`],
    },
    {
      what: 'ping of the own account',
      send: `<iq type='get' id='i2'>${ping}</iq>`,
      romeo: [`<iq type='result' id='i2' to='${ROMEO}'/>`],
    },
    {
      what: 'to another resource goes there',
      send: `<iq type='get' id='i3' to='${JULIET}'>${ping}</iq>`,
      juliet: [`<iq from='${ROMEO}' to='${JULIET}' type='get' id='i3'>${ping}</iq>`],
    },
    {
      what: 'so does its result',
      send: `<iq type='result' id='i4' to='${JULIET}'/>`,
      juliet: [`<iq from='${ROMEO}' to='${JULIET}' type='result' id='i4'/>`],
    },
    {
      what: 'to a resource that is gone',
      send: `<iq type='get' id='i5' to='juliet@demo.localhost/tomb'>${ping}</iq>`,
      romeo: [error('iq', 'i5', 'juliet@demo.localhost/tomb', 'cancel', 'service-unavailable')],
    },
    {
      what: 'to the bare JID of another',
      send: `<iq type='get' id='i6' to='juliet@demo.localhost'>${ping}</iq>`,
      romeo: [error('iq', 'i6', 'juliet@demo.localhost', 'cancel', 'service-unavailable')],
    },
    {
      what: 'to another domain',
      send: `<iq type='get' id='i7' to='example.org'>${ping}</iq>`,
      romeo: [error('iq', 'i7', 'example.org', 'cancel', 'remote-server-not-found')],
    },
    {
      what: 'of a namespace that nobody knows',
      send: `<iq type='get' id='i8'><query xmlns='x:y'/></iq>`,
      romeo: [error('iq', 'i8', '', 'cancel', 'service-unavailable')],
    },
    {
      what: 'with two children',
      send: `<iq type='get' id='i9'>${ping}${ping}</iq>`,
      romeo: [error('iq', 'i9', '', 'modify', 'bad-request')],
    },
    {
      what: 'without a type',
      send: `<iq id='i10'>${ping}</iq>`,
      romeo: [error('iq', 'i10', '', 'modify', 'bad-request')],
    },
    {
      what: 'a result to nobody is dropped',
      send: `<iq type='result' id='i11' to='yorick@demo.localhost/x'/>`,
    },
    { what: 'a result to the domain is dropped', send: `<iq type='result' id='i12' to='demo.localhost'/>` },
    {
      what: 'the session of RFC 3921',
      send: `<iq type='set' id='i13'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>`,
      romeo: [`<iq type='result' id='i13' to='${ROMEO}'/>`],
    },
    {
      what: 'disco items',
      send: `<iq type='get' id='i14' to='demo.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
      romeo: [
        `<iq type='result' id='i14' from='demo.localhost' to='${ROMEO}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
      ],
    },
    {
      what: 'disco info of a node, of which there is none',
      send: `<iq type='get' id='i15' to='demo.localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>`,
      romeo: [error('iq', 'i15', 'demo.localhost', 'cancel', 'item-not-found')],
    },
  ])('$what', run);

  it('disco info names the server and what it can', async () => {
    romeo.send(
      "<iq type='get' id='d' to='demo.localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    const info = await romeo.next();
    expect(info).toContain("<identity category='server' type='im' name='boshd demo'/>");
    expect(info).toContain("<feature var='urn:xmpp:ping'/>");
  });
});

describe('presence (RFC 6121 §3 and §4)', () => {
  it.each<Row>([
    {
      what: 'of who is there already reaches everybody',
      send: '<presence><show>away</show></presence>',
      romeo: [`<presence from='${ROMEO}' to='romeo@demo.localhost'><show>away</show></presence>`],
      juliet: [`<presence from='${ROMEO}' to='juliet@demo.localhost'><show>away</show></presence>`],
    },
    {
      what: 'unavailable too',
      send: "<presence type='unavailable'><status>bye</status></presence>",
      romeo: [
        `<presence from='${ROMEO}' to='romeo@demo.localhost' type='unavailable'><status>bye</status></presence>`,
      ],
      juliet: [
        `<presence from='${ROMEO}' to='juliet@demo.localhost' type='unavailable'><status>bye</status></presence>`,
      ],
    },
    {
      what: 'directed to one resource',
      send: `<presence to='${JULIET}'><status>psst</status></presence>`,
      juliet: [`<presence from='${ROMEO}' to='${JULIET}'><status>psst</status></presence>`],
    },
    { what: 'directed to nobody is dropped', send: "<presence to='yorick@demo.localhost'/>" },
    { what: 'directed elsewhere is dropped', send: "<presence to='a@example.org' type='subscribe'/>" },
    {
      what: 'a request to subscribe is granted at once',
      send: "<presence to='juliet@demo.localhost' type='subscribe' id='p1'/>",
      romeo: [
        "<presence type='subscribed' id='p1' from='juliet@demo.localhost' to='romeo@demo.localhost'/>",
        `<presence from='${JULIET}' to='romeo@demo.localhost'/>`,
      ],
    },
    {
      what: 'a probe is answered',
      send: "<presence to='juliet@demo.localhost' type='probe'/>",
      romeo: [`<presence from='${JULIET}' to='romeo@demo.localhost'/>`],
    },
    { what: 'nobody can be unsubscribed', send: "<presence to='juliet@demo.localhost' type='unsubscribe'/>" },
  ])('$what', run);

  it('of a newcomer reaches all, and theirs come back; its end is told when the connection breaks', async () => {
    const guest = await DirectClient.logIn(server.port);
    expect(guest.bare).toMatch(/^guest-[0-9a-f]{16}@demo\.localhost$/);
    guest.send('<presence/>');
    expect((await guest.settle()).sort()).toEqual(
      [
        `<presence from='${guest.jid}' to='${guest.bare}'/>`,
        `<presence from='${ROMEO}' to='${guest.bare}'/>`,
        `<presence from='${JULIET}' to='${guest.bare}'/>`,
      ].sort(),
    );
    expect(await juliet.next()).toBe(`<presence from='${guest.jid}' to='juliet@demo.localhost'/>`);
    guest.close();
    expect(await juliet.next()).toBe(
      `<presence from='${guest.jid}' to='juliet@demo.localhost' type='unavailable'/>`,
    );
  });

  it('directed by who is not available is taken back at the end', async () => {
    const nurse = await DirectClient.logIn(server.port, 'nurse', 'shy');
    const tybalt = await DirectClient.logIn(server.port, 'tybalt', 'cat');
    nurse.send(`<presence to='${tybalt.jid}'/>`);
    expect(await tybalt.next()).toBe(`<presence from='${nurse.jid}' to='${tybalt.jid}'/>`);
    nurse.close();
    expect(await tybalt.next()).toBe(`<presence from='${nurse.jid}' to='${tybalt.jid}' type='unavailable'/>`);
    tybalt.close();
  });
});
