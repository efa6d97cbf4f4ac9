import { AssertionFailed, type ByteString, join, type Toolbox } from '@boshd/engine/kit';
import {
  attribute,
  NS,
  type Payload,
  readElement,
  readStartTag,
  writeElement,
  type XmlElement,
} from '@boshd/engine/wire';
import { type Jid, parseJid } from './jid.ts';

/** A stanza of a client, its start tag read; what is inside stays untouched bytes until somebody must know it. */
export interface Stanza {
  readonly name: 'message' | 'presence' | 'iq';
  readonly bytes: ByteString;
  /** Its start tag's attributes by the names written, namespace declarations too. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly qualifiedName: string;
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly to: Jid | undefined;
  /** `to` is there and is no address. */
  readonly toIsBad: boolean;
}

/** The stanza errors that the demo server sends, with the type that RFC 6120 §8.3.3 goes with each. */
const STANZA_ERRORS = {
  'bad-request': 'modify',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'remote-server-not-found': 'cancel',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
} as const;

export type StanzaError = keyof typeof STANZA_ERRORS;

/** Reads a payload's start tag; undefined where it is no stanza (RFC 6120 §8). */
export function readStanza(payload: Payload, toolbox: Toolbox): Stanza | undefined {
  const { name } = payload;
  if (payload.namespace !== NS.client) return undefined;
  if (name !== 'message' && name !== 'presence' && name !== 'iq') return undefined;
  const { attributes, qualifiedName } = readStartTag(payload.bytes, toolbox);
  const to = attributes.get('to');
  const jid = to === undefined ? undefined : parseJid(to);
  return {
    name,
    bytes: payload.bytes,
    attributes,
    qualifiedName,
    type: attributes.get('type'),
    id: attributes.get('id'),
    to: jid,
    toIsBad: to !== undefined && jid === undefined,
  };
}

/** What is inside, as a tree. */
export function insideOf(stanza: Stanza, toolbox: Toolbox): readonly XmlElement[] {
  return readElement(stanza.bytes, toolbox).children;
}

/** The stanza as it goes on, byte for byte but for its addresses (RFC 6120 §8.1.2.1: `from` is the server's to say). */
export function readdressed(stanza: Stanza, from: string, to: string, toolbox: Toolbox): ByteString {
  const tag = [`<${stanza.qualifiedName}` as ByteString];
  tag.push(attribute('from', from, toolbox), attribute('to', to, toolbox));
  for (const [name, value] of stanza.attributes) {
    // The stream declares jabber:client already.
    if (name === 'from' || name === 'to' || (name === 'xmlns' && value === NS.client)) continue;
    tag.push(attribute(name, value, toolbox));
  }
  return join(...tag, stanza.bytes.slice(startTagEnd(stanza.bytes)) as ByteString);
}

/** Adds an element behind what is inside the stanza. */
export function withChild(stanza: ByteString, child: ByteString): ByteString {
  const tagEnd = startTagEnd(stanza);
  if (stanza.startsWith('/>', tagEnd)) {
    const name = /^<[^\s/>]+/.exec(stanza)?.[0].slice(1);
    return `${stanza.slice(0, tagEnd)}>${child}</${name}>` as ByteString;
  }
  const endTag = stanza.lastIndexOf('</');
  return `${stanza.slice(0, endTag)}${child}${stanza.slice(endTag)}` as ByteString;
}

/** The error that answers a stanza (RFC 6120 §8.3.1), or undefined where none may: errors and results answer nothing. */
export function bounce(
  stanza: Stanza,
  sender: string,
  error: StanzaError,
  toolbox: Toolbox,
): ByteString | undefined {
  if (stanza.type === 'error' || (stanza.name === 'iq' && stanza.type === 'result')) return undefined;
  const cause = element('error', NS.client, { type: STANZA_ERRORS[error] }, element(error, NS.stanzaErrors));
  const from = stanza.attributes.get('to');
  // An address that is none can not be answered from.
  const attributes = { type: 'error', id: stanza.id, from: stanza.toIsBad ? undefined : from, to: sender };
  return writeElement(element(stanza.name, NS.client, attributes, cause), toolbox);
}

/** The result of an iq (RFC 6120 §8.2.3). */
export function iqResult(
  stanza: Stanza,
  sender: string,
  toolbox: Toolbox,
  ...inside: XmlElement[]
): ByteString {
  const attributes = { type: 'result', id: stanza.id, from: stanza.attributes.get('to'), to: sender };
  return writeElement(element('iq', NS.client, attributes, ...inside), toolbox);
}

/** Makes a tree; attributes that are undefined are left out. */
export function element(
  name: string,
  namespace: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...inside: readonly (XmlElement | string)[]
): XmlElement {
  const written = new Map<string, string>();
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) written.set(key, value);
  }
  const children = inside.filter((part) => typeof part !== 'string');
  const text = inside.filter((part) => typeof part === 'string').join('');
  return { name, namespace, attributes: written, children, text };
}

/** Where the start tag's `>` or `/>` begins. `>` may stand in an attribute's value (XML 1.0 §2.4). */
function startTagEnd(bytes: ByteString): number {
  let quote = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes.charAt(at);
    if (quote !== '') {
      if (byte === quote) quote = '';
    } else if (byte === '"' || byte === "'") quote = byte;
    else if (byte === '>') return bytes[at - 1] === '/' ? at - 1 : at;
  }
  throw new AssertionFailed('the framer gave out an element without an end of its start tag');
}
