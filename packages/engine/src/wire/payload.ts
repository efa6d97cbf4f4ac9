import type { ByteString } from '../kit/index.ts';

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
}
