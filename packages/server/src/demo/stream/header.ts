import { randomBytes } from 'node:crypto';
import { ascii, type ByteString, type Toolbox } from '@boshd/engine/kit';
import { attribute, type FramerFault, NS, type StreamHeader } from '@boshd/engine/wire';
import type { StreamError } from '../domain/session.ts';

/** Which stream error a fault of the framer is (RFC 6120 §4.9.3). */
export const FAULTS: Readonly<Record<FramerFault['code'], StreamError>> = {
  'not-utf8': 'unsupported-encoding',
  'not-well-formed': 'not-well-formed',
  'restricted-xml': 'restricted-xml',
  'not-namespace-well-formed': 'not-well-formed',
  'not-xmpp': 'invalid-namespace',
  'stanza-too-large': 'policy-violation',
  'too-deep': 'policy-violation',
  'too-many-attributes': 'policy-violation',
  'too-many-declarations': 'policy-violation',
  'name-too-long': 'policy-violation',
};

/** Our stream header (RFC 6120 §4.7), with a new id each time (§4.7.3). */
export function streamHeader(domain: string, to: string | undefined, toolbox: Toolbox): ByteString {
  const id = randomBytes(16).toString('hex');
  const addresses = [
    attribute('from', domain, toolbox),
    ascii(to === undefined ? '' : attribute('to', to, toolbox)),
  ];
  return ascii(
    `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' version='1.0'` +
      ` xml:lang='en' id='${id}'${addresses.join('')}>`,
  );
}

/** RFC 6120 §4.7.1 (to) and §4.7.5 (version). */
export function problemOf(header: StreamHeader, domain: string): StreamError | undefined {
  if (header.to === undefined || header.to === '') return 'improper-addressing';
  if (header.to.toLowerCase() !== domain) return 'host-unknown';
  return header.version === '1.0' ? undefined : 'unsupported-version';
}
