import type { ByteString } from '../../kit/index.ts';
import { NS } from '../xml/names.ts';
import type { OuterBinding } from '../xml/namespaces.ts';

/**
 * One complete XML element carried in a <body/> or in an XMPP stream (XEP-0124 §6 calls it a payload).
 *
 * `bytes` is the element as it must stand on the other side: the decoder of request bodies gives it as it must stand in
 * a stream whose default namespace is jabber:client, the framer of the stream gives it as it must stand in a <body/>.
 */
export interface Payload {
  readonly bytes: ByteString;
  /** Local name of the element, as text: message, iq, presence, auth, features ... */
  readonly name: string;
  /** Its namespace: jabber:client for stanzas, also where the wire said httpbind or none. */
  readonly namespace: string;
  /** Made by boshd itself for the client: the server did not send it, so it is not counted in XEP-0198's h. */
  readonly isOwn?: true | undefined;
  /** Its sender was told by an error already that it did not arrive: it is not told again. */
  readonly isAnswered?: true | undefined;
  /**
   * Where it begins among all the bytes that the server has sent. Only of stanzas that can be read again there, as they are: of a
   * framer that marks them.
   */
  readonly at?: number | undefined;
  /** Only where it uses prefixes that the server's stream root declares: `bytes` repeats the declarations. */
  readonly outside?: DeclaredOutside | undefined;
}

/**
 * Whether it is one of the three that are counted (RFC 6120 §8, XEP-0198 §2). One without bytes is the place of a stanza that
 * the client does not get.
 */
export function isStanza({ name, namespace, isOwn }: Pick<Payload, 'name' | 'namespace' | 'isOwn'>): boolean {
  const isCounted = name === 'message' || name === 'presence' || name === 'iq';
  return isCounted && namespace === NS.client && isOwn !== true;
}

/** Bytes of it in a <body/>. */
export function writtenBytes({ bytes, outside }: Payload): number {
  return (outside?.bytes ?? bytes).length;
}

/**
 * The same element for a place where the declarations stand around it. A declaration of a kilobyte that ten thousand payloads of
 * six bytes use must not make ten megabytes of a reply.
 */
export interface DeclaredOutside {
  readonly bytes: ByteString;
  readonly used: readonly OuterBinding[];
  /** All that the stream root declares. The same object for all payloads of one root. */
  readonly root: readonly OuterBinding[];
}
