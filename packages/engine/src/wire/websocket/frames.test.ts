import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import {
  CLIENT_XML_LIMITS,
  closeFrameTo,
  decodeFrame,
  frameOf,
  NS,
  openFrame,
  streamErrorFrame,
} from '../index.ts';

const toolbox = nodeToolbox();
const LIMITS = { ...CLIENT_XML_LIMITS, stanzaBytesMax: 200 };
const FRAMING = `xmlns='${NS.framing}'`;

function read(text: string | Uint8Array): string {
  const decoded = decodeFrame(Buffer.from(text), LIMITS, toolbox);
  if (!decoded.ok) return decoded.fault.code;
  const { value } = decoded;
  switch (value.type) {
    case 'open':
      return `open ${value.to} ${value.from} ${value.lang} ${value.version}`;
    case 'payload':
      return `${value.payload.namespace} ${toolbox.decodeUtf8(value.payload.bytes)}`;
    default:
      return value.type;
  }
}

describe('a message of a client (RFC 7395 §3.3)', () => {
  it.each([
    [`<open ${FRAMING} to='a&amp;b' from="j@x" xml:lang='de' version='1.0'/>`, 'open a&b j@x de 1.0'],
    [`<f:open xmlns:f='${NS.framing}' to='x'/>`, 'open x undefined undefined undefined'],
    [`<open ${FRAMING} to='x'></open>`, 'open x undefined undefined undefined'],
    [`<close ${FRAMING}/>`, 'close'],
    ["<iq xmlns='jabber:client'/>", "jabber:client <iq xmlns='jabber:client'/>"],
    ['<iq/>', 'jabber:client <iq/>'],
    ["<open xmlns='urn:x'/>", "urn:x <open xmlns='urn:x'/>"],
    ["<?xml version='1.0'?>\n <a>ü 😀</a>\n", 'jabber:client <a>ü 😀</a>'],
    [
      `<stream:error xmlns:stream='${NS.stream}'/>`,
      `${NS.stream} <stream:error xmlns:stream='${NS.stream}'/>`,
    ],
    ['', 'nothing'],
    [' \r\n\t', 'nothing'],
    ['<a>', 'not-well-formed'],
    ['<a/><b/>', 'not-well-formed'],
    ['</a>', 'not-well-formed'],
    ['<a/>x', 'not-well-formed'],
    ['<stream:features/>', 'not-well-formed'],
    ['x<a/>', 'character-data'],
    ['<!DOCTYPE a><a/>', 'restricted-xml'],
    ['<a><!-- x --></a>', 'restricted-xml'],
    ['<a>&x;</a>', 'restricted-xml'],
    [`<a>${'x'.repeat(200)}</a>`, 'stanza-too-large'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('is in UTF-8', () => {
    expect(read(Buffer.from('<a>\xff</a>', 'latin1'))).toBe('not-utf8');
  });
});

describe('a message to a client', () => {
  const text = (bytes: ReturnType<typeof frameOf>): string => toolbox.decodeUtf8(bytes);

  it.each([
    ['<stream:features/>', `<stream:features xmlns:stream='${NS.stream}'/>`],
    [
      "<stream:error a='b'><x/></stream:error>",
      `<stream:error xmlns:stream='${NS.stream}' a='b'><x/></stream:error>`,
    ],
    [`<stream:error xmlns:stream="${NS.stream}"/>`, `<stream:error xmlns:stream="${NS.stream}"/>`],
    [`<error xmlns='${NS.stream}'/>`, `<error xmlns='${NS.stream}'/>`],
  ])('declares the prefix that a stream declares: %s', (given, written) => {
    const payload = { bytes: toolbox.encodeUtf8(given), name: '', namespace: NS.stream };
    expect(text(frameOf(payload, toolbox))).toBe(written);
  });

  it('that is a stanza is left as it is', () => {
    const bytes = toolbox.encodeUtf8("<message xmlns='jabber:client'/>");
    expect(frameOf({ bytes, name: 'message', namespace: NS.client }, toolbox)).toBe(bytes);
  });

  it('escapes what others chose', () => {
    expect(text(openFrame("a'<&", '1"', undefined, toolbox))).toBe(
      `<open ${FRAMING} version='1.0' from='a&apos;&lt;&amp;' id='1&quot;'/>`,
    );
    expect(text(closeFrameTo("wss://x/?a&b'", toolbox))).toBe(
      `<close ${FRAMING} see-other-uri='wss://x/?a&amp;b&apos;'/>`,
    );
    expect(text(streamErrorFrame('reset', '<x>', toolbox))).toContain('>&lt;x&gt;</text></stream:error>');
  });
});
