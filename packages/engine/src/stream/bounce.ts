import type { ByteString, Toolbox } from '../kit/index.ts';
import {
  NS,
  type Payload,
  readElement,
  readStartTag,
  rootAttribute,
  writeElement,
  type XmlElement,
} from '../wire/index.ts';
import { UNDERSTOOD_BYTES_MAX } from './stream.ts';

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/**
 * What the server gets for a stanza that the client never got (XEP-0206 §7): an error to the sender for a message or a
 * request, nothing for the rest. A message keeps its content, so that a server with offline storage can store it, unless
 * it is very long.
 */
export function bounce(payload: Payload, toolbox: Toolbox): ByteString | undefined {
  const { bytes, name, namespace } = payload;
  if (namespace !== NS.client || (name !== 'message' && name !== 'iq')) return undefined;
  const type = rootAttribute(bytes, 'type', toolbox);
  if (name === 'iq') {
    if (type !== 'get' && type !== 'set') return undefined;
    return writeElement(
      errorTo(withoutContent(payload, toolbox), [], 'cancel', 'service-unavailable'),
      toolbox,
    );
  }
  // Without `from` it is from the account itself (RFC 6120 §8.1.2.1): nobody is to be told.
  if (rootAttribute(bytes, 'from', toolbox) === undefined || type === 'error' || type === 'headline')
    return undefined;
  const stanza = isLong(payload) ? withoutContent(payload, toolbox) : readElement(bytes, toolbox);
  return writeElement(errorTo(stanza, stanza.children, 'wait', 'recipient-unavailable'), toolbox);
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
