import type { Result, Toolbox } from '@boshd/engine/kit';
import type { Reply } from '@boshd/engine/manager';
import type { BodyFault, DecodedBody, XmlLimits } from '@boshd/engine/wire';
import type { Headers } from '../request/head.ts';

/** How a page may talk to a site (XEP-0124 §5, XEP-0252, docs/window-name.md, RFC 7395); a site says which it takes. */
export type SyntaxName = BodySyntaxName | 'websocket';

/** The ways in which a <body/> is carried in HTTP. */
export type BodySyntaxName = 'post' | 'script' | 'window-name';

/**
 * One of them. The siblings of this folder have this shape: how a request is read, how its reply is written, and which
 * headers that takes. The engine knows nothing of it.
 */
export interface Syntax {
  readonly name: BodySyntaxName;
  /** Starts to read a request of this syntax. */
  begin(carrier: Carrier, limits: BodyLimits): Incoming;
  /** The reply as it is written. */
  dress(reply: Reply, toolbox: Toolbox): Dressed;
  /** Headers of its replies, in place of those common to all. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where in a request a <body/> may be, besides the content. */
export interface Carrier {
  readonly method: string;
  readonly headers: Headers;
  /** Without the question mark, as sent. */
  readonly query: string;
}

export interface BodyLimits {
  /** Of a <body/>, after decompression. */
  readonly bodyBytesMax: number;
  readonly xml: XmlLimits;
  /** Whether its content coding may be one that compresses. */
  readonly takesCompressed: boolean;
}

export interface RequestLook {
  readonly sid: string | undefined;
  /** Of the content, as it came. */
  readonly bytes: number;
}

/** A <body/> while its request comes in. */
export interface Incoming {
  /** Takes a piece of the content. */
  add(chunk: Uint8Array): void;
  /** It will not be taken, whatever else comes. */
  readonly tooLarge: boolean;
  /** What is still to come makes no difference: the <body/> is there, or so much too large that the rest is not awaited. */
  readonly isSettled: boolean;
  /** Once all of it is there: its content coding is not known, so there is no <body/> to be read. */
  readonly isUnreadable: boolean;
  /**
   * Once all of it is there: what its start tag says, where that must be looked up before the rest is decoded. Undefined: it is
   * short, or its start tag cannot be read.
   */
  look(toolbox: Toolbox): RequestLook | undefined;
  /** Its first bytes, one a character, for a look without reading it as XML. */
  beginning(): string;
  /** The <body/>, once all of it is there; or, as soon as it is too large, the fault that says so. */
  decode(toolbox: Toolbox): Result<DecodedBody, BodyFault>;
}

/** What a reply consists of on the wire, besides its headers. */
export type Dressed = Pick<Reply, 'status' | 'contentType' | 'body'>;
