import type { Toolbox } from '../../kit/index.ts';
import type { RefusedStanza } from '../body/body.ts';
import type { Payload } from '../body/payload.ts';
import { NS } from '../xml/names.ts';
import { writeElement, type XmlElement } from './element.ts';

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** What a client can do about an error (RFC 6120 §8.3.2), by its condition. */
const TYPES = {
  'bad-request': 'modify',
  'policy-violation': 'modify',
  'not-authorized': 'auth',
} as const;

/** The error that the client gets back for a stanza of its own, as if from the one that it was for (RFC 6120 §8.3). */
export function stanzaErrorFor(
  { name, to, from, id }: RefusedStanza,
  condition: keyof typeof TYPES,
  toolbox: Toolbox,
): Payload {
  const attributes = new Map([['type', 'error']]);
  if (id !== undefined) attributes.set('id', id);
  if (to !== undefined) attributes.set('from', to);
  if (from !== undefined) attributes.set('to', from);
  const cause = element(condition, NS.stanzaErrors, NO_ATTRIBUTES, []);
  const error = element('error', NS.client, new Map([['type', TYPES[condition]]]), [cause]);
  const bytes = writeElement(element(name, NS.client, attributes, [error]), toolbox);
  return { bytes, name, namespace: NS.client, isOwn: true };
}

function element(
  name: string,
  namespace: string,
  attributes: ReadonlyMap<string, string>,
  children: readonly XmlElement[],
): XmlElement {
  return { name, namespace, attributes, children, text: '' };
}
