import type { Toolbox } from '../../kit/index.ts';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '../../wire/index.ts';

/*
 * SASL as the client speaks it (RFC 6120 §6) and as the server hears it (XEP-0388), element by element. The data inside is
 * the same; what differs is how "empty" and "absent" are told apart, and what stands around it.
 */

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export function element(
  name: string,
  namespace: string,
  text = '',
  children: readonly XmlElement[] = [],
): XmlElement {
  return { name, namespace, attributes: NO_ATTRIBUTES, children, text };
}

export function withAttributes(tag: XmlElement, attributes: Readonly<Record<string, string>>): XmlElement {
  return { ...tag, attributes: new Map(Object.entries(attributes)) };
}

export function payloadOf(tag: XmlElement, toolbox: Toolbox): Payload {
  return { name: tag.name, namespace: tag.namespace, bytes: writeElement(tag, toolbox) };
}

/** RFC 6120 §6.4.2: "=" is data of no length, nothing is no data. In SASL2 an empty element is data of no length. */
function dataFromClient(text: string): string | undefined {
  const data = text.trim();
  if (data === '') return undefined;
  return data === '=' ? '' : data;
}

/** <auth/> as <authenticate/>, with what boshd adds to it. */
export function authenticateFrom(auth: XmlElement, additions: readonly XmlElement[]): XmlElement {
  const initial = dataFromClient(auth.text);
  const children =
    initial === undefined ? additions : [element('initial-response', NS.sasl2, initial), ...additions];
  const mechanism = auth.attributes.get('mechanism') ?? '';
  return withAttributes(element('authenticate', NS.sasl2, '', children), { mechanism });
}

/** <response/> and <abort/> of the client. */
export function stepFromClient(step: XmlElement): XmlElement {
  return element(step.name, NS.sasl2, dataFromClient(step.text) ?? '');
}

/** <challenge/>, <success/> and <failure/> of the server, as a client of RFC 6120 knows them. */
export function stepFromServer(step: XmlElement): XmlElement {
  if (step.name === 'success') return successFromServer(step);
  if (step.name === 'failure') return failureFromServer(step);
  return element(step.name, NS.sasl, step.text.trim());
}

/** XEP-0388 §2.6.1: additional data is the text of RFC 6120's success; empty, it is "=", for that is not none. */
function successFromServer({ children }: XmlElement): XmlElement {
  const data = children.find(({ name, namespace }) => name === 'additional-data' && namespace === NS.sasl2);
  if (data === undefined) return element('success', NS.sasl);
  const text = data.text.trim();
  return element('success', NS.sasl, text === '' ? '=' : text);
}

/** The condition keeps its name; where it stands in SASL2's own namespace (Prosody's errors do), it is put right. */
function failureFromServer({ children }: XmlElement): XmlElement {
  const kept: XmlElement[] = [];
  for (const child of children) {
    if (child.namespace !== NS.sasl && child.namespace !== NS.sasl2) continue;
    kept.push(element(child.name, NS.sasl, child.name === 'text' ? child.text : ''));
  }
  // RFC 6120 §6.5 has the condition first.
  kept.sort((a, b) => Number(a.name === 'text') - Number(b.name === 'text'));
  if (kept[0] === undefined || kept[0].name === 'text') kept.unshift(element('not-authorized', NS.sasl));
  return element('failure', NS.sasl, '', kept);
}

/** What a client of RFC 6120 is told of a second step, which it cannot take (XEP-0388 §2.6.3). */
export const SECOND_STEP: XmlElement = element('failure', NS.sasl, '', [
  element('not-authorized', NS.sasl),
  element('text', NS.sasl, 'The server asks for a second step, which this client cannot be asked for.'),
]);

/** The first child of a name, or its text. */
export function childOf(tag: XmlElement, name: string, namespace: string): XmlElement | undefined {
  return tag.children.find((child) => child.name === name && child.namespace === namespace);
}

export function read({ bytes }: Payload, toolbox: Toolbox): XmlElement {
  return readElement(bytes, toolbox);
}
