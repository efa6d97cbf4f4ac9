import type { XmlNode } from '@boshd/engine/client';
import { ClientError, type ClientErrorCode } from '../errors.ts';

/** RFC 6120 §4.9.3: those that say more than that the stream is over. */
const BY_CONDITION: Readonly<Record<string, ClientErrorCode>> = {
  conflict: 'replaced',
  'host-unknown': 'unknown-domain',
  'host-gone': 'server-unreachable',
  'policy-violation': 'policy-violation',
  'not-authorized': 'not-authorized',
  'remote-connection-failed': 'server-unreachable',
  'system-shutdown': 'shut-down',
};

export function reasonOfStreamError(error: XmlNode): ClientError {
  const [named] = error.elements().filter(({ name }) => name !== 'text');
  const condition = named?.name ?? 'undefined-condition';
  const text = error.child('text')?.text;
  const words = text === undefined ? condition : `${condition} (${text})`;
  const code = BY_CONDITION[condition] ?? 'stream-error';
  return new ClientError(code, `the XMPP server ended the stream: ${words}`, { condition });
}
