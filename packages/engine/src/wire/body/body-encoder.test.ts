import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { ascii, type ByteString, EMPTY } from '../../kit/index.ts';
import {
  attribute,
  encodeBody,
  type FramerEvent,
  makeFramer,
  NS,
  type Payload,
  SERVER_XML_LIMITS,
} from '../index.ts';

const toolbox = nodeToolbox();
const message: Payload = {
  bytes: ascii("<message xmlns='jabber:client'/>"),
  name: 'message',
  namespace: NS.client,
};
const features: Payload = { bytes: ascii('<stream:features/>'), name: 'features', namespace: NS.stream };
const sid = attribute('sid', 'a&b', toolbox);
const BODY = "<body xmlns='http://jabber.org/protocol/httpbind'";
const STREAM = " xmlns:stream='http://etherx.jabber.org/streams'";

describe('encodeBody', () => {
  it.each<[attributes: ByteString, payloads: readonly Payload[], declareStream: boolean, text: string]>([
    [EMPTY, [], false, `${BODY}/>`],
    [EMPTY, [], true, `${BODY}${STREAM}/>`],
    [sid, [], false, `${BODY} sid='a&amp;b'/>`],
    [EMPTY, [message], false, `${BODY}>${message.bytes}</body>`],
    [sid, [message, message], false, `${BODY} sid='a&amp;b'>${message.bytes}${message.bytes}</body>`],
    [EMPTY, [features], false, `${BODY}${STREAM}><stream:features/></body>`],
    [
      sid,
      [message, features],
      true,
      `${BODY}${STREAM} sid='a&amp;b'>${message.bytes}<stream:features/></body>`,
    ],
  ])('%j %j %j', (attributes, payloads, declareStream, text) => {
    expect(encodeBody(attributes, payloads, declareStream)).toBe(text);
  });
});

/** What a server sends in a stream whose root declares so much. */
function sent(declarations: string, text: string): Payload[] {
  const events: FramerEvent[] = [];
  const root = `<stream:stream xmlns='${NS.client}'${STREAM}${declarations}>`;
  const fault = makeFramer(SERVER_XML_LIMITS, toolbox).push(Buffer.from(root + text), events);
  if (fault !== undefined) throw new Error(fault.detail);
  return events.flatMap((event) => (event.type === 'payload' ? [event.payload] : []));
}

describe('prefixes of the server’s stream root', () => {
  const P = " xmlns:p='urn:p'";
  const Q = ' xmlns:q="urn:q"';
  const CLIENT = `xmlns='${NS.client}'`;

  it.each<[what: string, payloads: readonly Payload[], text: string]>([
    ['are not declared where none is used', sent(P + Q, '<a/>'), `${BODY}><a ${CLIENT}/></body>`],
    ['are declared once', sent(P + Q, '<p:a/><p:a/>'), `${BODY}${P}><p:a/><p:a/></body>`],
    [
      'are declared as they are used',
      sent(P + Q, "<a q:b=''/><p:a/><q:c/>"),
      `${BODY}${Q}${P}><a ${CLIENT} q:b=''/><p:a/><q:c/></body>`,
    ],
    [
      'are those that a payload declares itself no more',
      sent(P, `<p:a${Q}/>`),
      `${BODY}${P}><p:a${Q}/></body>`,
    ],
    [
      'stand beside prefix stream, which is declared once as well',
      sent(P, '<iq><stream:a/></iq><stream:features><p:a/></stream:features>'),
      `${BODY}${STREAM}${P}><iq ${CLIENT}><stream:a/></iq><stream:features><p:a/></stream:features></body>`,
    ],
    [
      'stand on the payload where the prefix is one of ours',
      sent(" xmlns:xmpp='urn:x'", '<xmpp:a/>'),
      `${BODY}><xmpp:a xmlns:xmpp='urn:x'/></body>`,
    ],
    [
      'stand on the payload where another root is declared already',
      [...sent(P, '<p:a/>'), ...sent(" xmlns:p='urn:x'", '<p:a/>')],
      `${BODY}${P}><p:a/><p:a xmlns:p='urn:x'/></body>`,
    ],
  ])('%s', (_, payloads, text) => {
    expect(encodeBody(EMPTY, payloads)).toBe(text);
  });
});
