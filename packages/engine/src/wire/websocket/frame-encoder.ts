import { ascii, type ByteString, join, type Toolbox } from '../../kit/index.ts';
import type { Payload } from '../body/payload.ts';
import { attribute, escapeText } from '../elements/escape.ts';
import { readStartTag } from '../elements/start-tag.ts';
import { NS } from '../xml/names.ts';

const OPEN = ascii(`<open xmlns='${NS.framing}' version='1.0'`);
const END = ascii('/>');
const STREAM_PREFIX = '<stream:';
const STREAM_DECLARATION = `xmlns:stream`;

export const CLOSE_FRAME: ByteString = ascii(`<close xmlns='${NS.framing}'/>`);

/** <open/> of the server (RFC 7395 §3.4). */
export function openFrame(from: string, id: string, lang: string | undefined, toolbox: Toolbox): ByteString {
  // Before a domain is known there is none to answer for.
  const sender = from === '' ? ascii('') : attribute('from', from, toolbox);
  const language = lang === undefined ? ascii('') : attribute('xml:lang', lang, toolbox);
  return join(OPEN, sender, attribute('id', id, toolbox), language, END);
}

/** <close/> that sends the client to another WebSocket (RFC 7395 §3.6.1). */
export function closeFrameTo(uri: string, toolbox: Toolbox): ByteString {
  return join(ascii(`<close xmlns='${NS.framing}'`), attribute('see-other-uri', uri, toolbox), END);
}

/** A stream error of our own (RFC 6120 §4.9). */
export function streamErrorFrame(condition: string, text: string, toolbox: Toolbox): ByteString {
  const words = text === '' ? '' : `<text xmlns='${NS.streamErrors}'>${escapeText(text, toolbox)}</text>`;
  return ascii(
    `<stream:error xmlns:stream='${NS.stream}'><${condition} xmlns='${NS.streamErrors}'/>${words}</stream:error>`,
  );
}

/**
 * A payload of the framer as a message, which stands alone: prefix `stream`, which a stream and a <body/> declare, is
 * declared on it.
 */
export function frameOf({ namespace, bytes }: Payload, toolbox: Toolbox): ByteString {
  if (namespace !== NS.stream || !bytes.startsWith(STREAM_PREFIX)) return bytes;
  const { qualifiedName, attributes } = readStartTag(bytes, toolbox);
  if (attributes.has(STREAM_DECLARATION)) return bytes;
  const nameEnd = 1 + toolbox.encodeUtf8(qualifiedName).length;
  return `${bytes.slice(0, nameEnd)} ${STREAM_DECLARATION}='${NS.stream}'${bytes.slice(nameEnd)}` as ByteString;
}
