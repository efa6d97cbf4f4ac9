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
  'remote-server-timeout': 'wait',
} as const;

/** Why the client gets a stanza of its own back. */
export type ReturnedFor = keyof typeof TYPES;

/** Bytes of errors to the client: as much as may come of what it sent for a server. */
const FACTOR = 4;
const BYTES_MIN = 4096;

/**
 * The errors that the client gets back for stanzas of its own, as if from those that they were for (RFC 6120 §8.3): as many as may
 * come of the bytes that they had.
 */
export function stanzaErrorsFor(
  stanzas: readonly RefusedStanza[],
  bytes: number,
  condition: ReturnedFor,
  toolbox: Toolbox,
): readonly Payload[] {
  let mayTake = FACTOR * bytes + BYTES_MIN;
  const errors: Payload[] = [];
  for (const stanza of stanzas) {
    const error = errorFor(stanza, condition, toolbox);
    mayTake -= error.bytes.length;
    if (mayTake < 0) break;
    errors.push(error);
  }
  return errors;
}

function errorFor({ name, to, from, id }: RefusedStanza, condition: ReturnedFor, toolbox: Toolbox): Payload {
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
