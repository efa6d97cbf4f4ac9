import { describe, expect, it } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import { ascii, EMPTY } from '../kit/index.ts';
import { NS, type Payload } from '../wire/index.ts';
import { bounce } from './bounce.ts';

function payload(xml: string, namespace: string = NS.client): Payload {
  return { bytes: toolbox.encodeUtf8(xml), name: /^<(\w+)/.exec(xml)?.[1] ?? '', namespace };
}

const back = (given: Payload): string | undefined => {
  const bytes = bounce(given, 'j@x', toolbox);
  return bytes === undefined ? undefined : toolbox.decodeUtf8(bytes);
};

const UNAVAILABLE =
  "<error type='wait'><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
const SERVICE =
  "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

describe('what goes back (XEP-0206 §7)', () => {
  it.each([
    [
      'a message with all that is in it',
      "<message xmlns='jabber:client' from='r@x/y' to='j@x' id='1' type='chat'><body>Grüße &amp; so</body><x xmlns='urn:x'/></message>",
      `<message xmlns='jabber:client' type='error' to='r@x/y' id='1'><body>Grüße &amp; so</body><x xmlns='urn:x'/>${UNAVAILABLE}</message>`,
    ],
    [
      'a message to the bare JID',
      "<message xmlns='jabber:client' from='r@x/y' to='j@x'/>",
      `<message xmlns='jabber:client' type='error' to='r@x/y'>${UNAVAILABLE}</message>`,
    ],
    [
      'a message of type normal to the full JID',
      "<message xmlns='jabber:client' from='r@x/y' to='j@x/z' type='normal'/>",
      `<message xmlns='jabber:client' type='error' to='r@x/y'>${UNAVAILABLE}</message>`,
    ],
    [
      'a request, without its content',
      "<iq xmlns='jabber:client' from='x' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
      `<iq xmlns='jabber:client' type='error' to='x' id='1'>${SERVICE}</iq>`,
    ],
    [
      'a push of the server itself',
      "<iq xmlns='jabber:client' id='push' type='set'><query xmlns='jabber:iq:roster'/></iq>",
      `<iq xmlns='jabber:client' type='error' id='push'>${SERVICE}</iq>`,
    ],
    [
      'what a name and an id hold of XML',
      "<iq xmlns='jabber:client' from='a&amp;b@x/&lt;' id='&apos;' type='get'/>",
      `<iq xmlns='jabber:client' type='error' to='a&amp;b@x/&lt;' id='&apos;'>${SERVICE}</iq>`,
    ],
  ])('%s', (_, xml, expected) => {
    expect(back(payload(xml))).toBe(expected);
  });
});

describe('what does not go back', () => {
  it.each([
    ["<message xmlns='jabber:client' from='r@x/y' type='error'/>"],
    ["<message xmlns='jabber:client' from='r@x/y' type='headline'/>"],
    // An error takes the occupant out of the room.
    ["<message xmlns='jabber:client' from='room@muc/nick' type='groupchat'/>"],
    // Copies of XEP-0280, archives, services.
    ["<message xmlns='jabber:client' from='j@x' to='j@x/z' type='chat'/>"],
    ["<message xmlns='jabber:client' from='r@x' to='j@x/z' type='chat'/>"],
    ["<message xmlns='jabber:client' from='pubsub.x' to='j@x'/>"],
    ["<message xmlns='jabber:client' from='J@x/other' to='j@x/z' type='chat'/>"],
    ["<message xmlns='jabber:client' from='r@x/y' to='j@x' type='new'/>"],
    ["<message xmlns='jabber:client'><body>from the account itself</body></message>"],
    ["<iq xmlns='jabber:client' from='r@x' type='result' id='1'/>"],
    ["<iq xmlns='jabber:client' from='r@x' type='error' id='1'/>"],
    ["<iq xmlns='jabber:client' from='r@x' id='1'/>"],
    ["<presence xmlns='jabber:client' from='r@x'/>"],
  ])('%s', (xml) => {
    expect(back(payload(xml))).toBeUndefined();
  });

  it('a shell whose sender was told already, and the place of a request', () => {
    const shell = payload("<message xmlns='jabber:client' from='r@x/y' to='j@x/z' type='chat'/>");
    expect(back(shell)).toBeDefined();
    expect(back({ ...shell, isAnswered: true })).toBeUndefined();
    expect(back({ name: 'iq', namespace: NS.client, bytes: EMPTY })).toBeUndefined();
  });

  it('an element of another namespace, whatever its name', () => {
    expect(back(payload("<message xmlns='urn:x' from='r@x'/>", 'urn:x'))).toBeUndefined();
    expect(
      back({ bytes: ascii('<stream:features/>'), name: 'features', namespace: NS.stream }),
    ).toBeUndefined();
  });
});
