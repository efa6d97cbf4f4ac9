import { type ByteString, EMPTY, type Toolbox } from '../kit/index.ts';
import {
  isStanza,
  NS,
  type Payload,
  type ReturnedFor,
  readElement,
  readStartTag,
  rootAttribute,
  stanzaErrorsFor,
  stanzaOf,
  writeElement,
  type XmlElement,
} from '../wire/index.ts';
import { isFromAnotherResource } from './addresses.ts';
import { UNDERSTOOD_BYTES_MAX } from './stream.ts';

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** Types of messages that go back, undefined for none. */
const RETURNED: ReadonlySet<string | undefined> = new Set([undefined, 'normal', 'chat']);

/**
 * What the server gets for a stanza that the client never got (XEP-0206 §7): an error to the sender for a request, and for a
 * message of somebody: from the full JID of another account, whatever it is addressed to, since a lost message is worse than
 * a shown resource. Nothing for the rest: an error would throw the user out of a room, and nobody waits for one behind a
 * bare JID (a copy of XEP-0280, an archive, a room, a service) or in the own account.
 *
 * A message keeps its content, so that a server with offline storage can store it, unless it is very long.
 */
export function bounce(
  payload: Payload,
  account: string | undefined,
  toolbox: Toolbox,
): ByteString | undefined {
  const { bytes, name, isAnswered } = payload;
  // One without bytes is the place of a request, whose sender has got an error already.
  if (!isStanza(payload) || name === 'presence' || isAnswered === true || bytes === EMPTY) return undefined;
  const type = rootAttribute(bytes, 'type', toolbox);
  if (name === 'iq') {
    if (type !== 'get' && type !== 'set') return undefined;
    return writeElement(
      errorTo(withoutContent(payload, toolbox), [], 'cancel', 'service-unavailable'),
      toolbox,
    );
  }
  // Without `from` it is from the account itself (RFC 6120 §8.1.2.1).
  const from = rootAttribute(bytes, 'from', toolbox);
  const to = rootAttribute(bytes, 'to', toolbox);
  if (!RETURNED.has(type) || !isFromAnotherResource(from, to, account)) return undefined;
  const stanza = isLong(payload) ? withoutContent(payload, toolbox) : readElement(bytes, toolbox);
  return writeElement(errorTo(stanza, stanza.children, 'wait', 'recipient-unavailable'), toolbox);
}

/**
 * What the client gets for stanzas of its own that the server does not have, or may not have: an error for each message and request, as
 * if from the one that it was for. Nothing for presence, answers and errors.
 */
export function bounceToClient(
  stanzas: readonly Pick<Payload, 'bytes'>[],
  why: ReturnedFor,
  toolbox: Toolbox,
): readonly Payload[] {
  let length = 0;
  for (const { bytes } of stanzas) length += bytes.length;
  const forSomebody = stanzas.flatMap((stanza) => stanzaOf(stanza, toolbox) ?? []);
  return stanzaErrorsFor(forSomebody, length, why, toolbox);
}

function isLong({ bytes }: Payload): boolean {
  return bytes.length > UNDERSTOOD_BYTES_MAX;
}

function withoutContent({ name, namespace, bytes }: Payload, toolbox: Toolbox): XmlElement {
  return { name, namespace, attributes: readStartTag(bytes, toolbox).attributes, children: [], text: '' };
}

function errorTo(
  stanza: XmlElement,
  content: readonly XmlElement[],
  kind: 'wait' | 'cancel',
  condition: string,
): XmlElement {
  const attributes = new Map([['type', 'error']]);
  const from = stanza.attributes.get('from');
  const id = stanza.attributes.get('id');
  if (from !== undefined) attributes.set('to', from);
  if (id !== undefined) attributes.set('id', id);
  const cause: XmlElement = {
    name: condition,
    namespace: NS.stanzaErrors,
    attributes: NO_ATTRIBUTES,
    children: [],
    text: '',
  };
  const error: XmlElement = {
    name: 'error',
    namespace: NS.client,
    attributes: new Map([['type', kind]]),
    children: [cause],
    text: '',
  };
  return { ...stanza, attributes, children: [...content, error] };
}
