import type { Toolbox } from '../kit/index.ts';
import type { XmlLimits } from './body.ts';
import type { Payload } from './payload.ts';

/** What a stream header says (RFC 6120 §4.7). */
export interface StreamHeader {
  readonly id: string | undefined;
  readonly from: string | undefined;
  /** Whom the stream is for: what a client's header says, and the demo server must know. */
  readonly to: string | undefined;
  readonly version: string | undefined;
  readonly lang: string | undefined;
}

/** What came out of a stream, in order. */
export type FramerEvent =
  | { readonly type: 'header'; readonly header: StreamHeader }
  | { readonly type: 'payload'; readonly payload: Payload }
  /** </stream:stream> */
  | { readonly type: 'end' };

export interface FramerFault {
  readonly code:
    | 'not-utf8'
    | 'not-well-formed'
    | 'restricted-xml'
    | 'not-xmpp'
    | 'too-many-declarations'
    | 'stanza-too-large'
    | 'too-deep'
    | 'too-many-attributes'
    | 'name-too-long';
  readonly detail: string;
}

/**
 * Cuts the server's side of an XMPP stream into payloads, however it was chunked (RFC 6120 §4 and §11).
 * An idle framer holds no buffer.
 */
export interface StanzaFramer {
  /**
   * Takes the next bytes (valid only during the call) and appends what became whole to `events`. Returns a fault when
   * the stream is not XMPP or breaks a limit; events before it are good, and the framer must not be fed again.
   */
  push(chunk: Uint8Array, events: FramerEvent[]): FramerFault | undefined;
  /** Bytes kept of an unfinished payload. */
  readonly bufferedBytes: number;
  /** Starts again, for a new stream on the same link (after TLS or SASL). Unfinished bytes are dropped. */
  reset(): void;
}

export type MakeFramer = (limits: XmlLimits, toolbox: Toolbox) => StanzaFramer;
