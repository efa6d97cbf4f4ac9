import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../server/src/toolbox.ts';
import { ascii, type ByteString, EMPTY } from '../kit/index.ts';
import { attribute, encodeBody, NS, type Payload } from './index.ts';

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
