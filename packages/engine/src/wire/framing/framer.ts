import type { ByteString, Toolbox } from '../../kit/index.ts';
import type { Payload } from '../body/payload.ts';
import type { XmlLimits } from '../xml/limits.ts';

/** What a stream header says (RFC 6120 §4.7). */
export interface StreamHeader {
  readonly id: string | undefined;
  readonly from: string | undefined;
  /** Whom the stream is for: what a client's header says, and the demo server must know. */
  readonly to: string | undefined;
  readonly version: string | undefined;
  readonly lang: string | undefined;
}

/** Attributes of a stanza (RFC 6120 §8.1) that are read although the stanza is not passed on. */
export type StanzaAttribute = 'to' | 'from' | 'id' | 'type';

/**
 * An element that is well-formed (XML 1.0) and can not be passed on all the same, as far as its start tag says what it was.
 * `name` is empty for what is no element: text or a comment between the stanzas.
 */
export interface Skipped {
  readonly fault: FramerFault;
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<StanzaAttribute, string>;
  /** Attributes that are there and longer than what is read of them. */
  readonly oversized: ReadonlySet<StanzaAttribute>;
  /** Codes of <status/> in the <x/> of a presence in a room (XEP-0045 §16.6). */
  readonly statuses: readonly string[];
}

/** What came out of a stream, in order. */
export type FramerEvent =
  | { readonly type: 'header'; readonly header: StreamHeader }
  | { readonly type: 'payload'; readonly payload: Payload }
  /** The end of an element that can not be passed on. */
  | { readonly type: 'skipped'; readonly skipped: Skipped }
  /** </stream:stream> */
  | { readonly type: 'end' };

export interface FramerFault {
  readonly code:
    | 'not-utf8'
    | 'not-well-formed'
    | 'restricted-xml'
    | 'not-xmpp'
    | 'too-many-declarations'
    /** Well-formed XML 1.0, but not by Namespaces in XML 1.0. */
    | 'not-namespace-well-formed'
    | 'stanza-too-large'
    | 'too-deep'
    | 'too-many-attributes'
    | 'name-too-long';
  readonly detail: string;
  /** The configuration key of the limit that spoke, where one did. */
  readonly key?: string;
}

/**
 * Cuts the server's side of an XMPP stream into payloads, however it was chunked (RFC 6120 §4 and §11).
 * An idle framer holds no buffer.
 */
export interface StanzaFramer {
  /**
   * Takes the next bytes (valid only during the call) and appends what became whole to `events`. Returns a fault when
   * the stream is not XMPP, or not well-formed (XML 1.0); events before it are good, and the framer must not be fed again.
   * What breaks a limit, or the rules of namespaces, is read to its end and becomes a `skipped`.
   */
  push(chunk: Uint8Array, events: FramerEvent[]): FramerFault | undefined;
  /** Bytes kept of an unfinished payload. */
  readonly bufferedBytes: number;
  /** Why the unfinished element can not be passed on; undefined where there is none, or no reason yet. */
  readonly skipping: FramerFault | undefined;
  /** Starts again, for a new stream (after TLS or SASL, or on another link). Unfinished bytes are dropped. */
  reset(): void;
  /** So many bytes are not read, and count all the same. */
  passOver(byteCount: number): void;
  /** Bytes before the unfinished element, of all that came; where there is none, all of them. */
  readonly position: number;
  /** Bytes of the unfinished element, kept or not. */
  readonly unreadBytes: number;
  /** What the root of the open stream declares, the same object as long as it is the same root. Only of a framer that marks stanzas. */
  readonly root: RootFacts | undefined;
  /** Goes on within a stream that another framer has begun, at a position of it. */
  goOn(root: RootFacts | undefined, position: number): void;
}

/** What payloads of a stream are read by, as plain data: what its root declares. */
export interface RootFacts {
  readonly defaultNamespace: string;
  /** As written, prefix included: what the end tag must say. */
  readonly qualifiedName: ByteString;
  readonly bindings: readonly RootBinding[];
}

interface RootBinding {
  readonly prefix: ByteString;
  readonly namespace: string;
  /** As it is repeated on a payload that uses it. */
  readonly declaration: ByteString;
}

/** @param isMarked stanzas bear their positions (`Payload.at`) */
export type MakeFramer = (limits: XmlLimits, toolbox: Toolbox, isMarked?: boolean) => StanzaFramer;
