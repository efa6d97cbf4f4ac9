import type { Fragment } from './fragment.ts';
import type { Payload } from './payload.ts';

/** The attributes of a request's <body/>, read and checked; undefined where the client did not send one. XEP-0124 §6 to §17. */
export interface BodyAttributes {
  /** 0 to 2^53-1, digits without leading zeros (XEP-0124 §14.1; 0 as xmpp-bosh-client and Strophe may start there). */
  readonly rid: number;
  readonly sid: string | undefined;
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly route: string | undefined;
  /** xml:lang */
  readonly lang: string | undefined;
  readonly ver: { readonly major: number; readonly minor: number } | undefined;
  /** Seconds. */
  readonly wait: number | undefined;
  readonly hold: number | undefined;
  readonly ack: number | undefined;
  readonly content: string | undefined;
  readonly key: string | undefined;
  readonly newkey: string | undefined;
  /** Seconds. */
  readonly pause: number | undefined;
  readonly stream: string | undefined;
  /** type='terminate', also in the spelling 'terminal' of old clients; every other type is undefined. */
  readonly terminate: boolean;
  /** The condition of a terminate, where a client tells one. */
  readonly condition: string | undefined;
  /** xmpp:version (XEP-0206 §3) */
  readonly xmppVersion: string | undefined;
  /** xmpp:restart='true' or '1' (XEP-0206 §5) */
  readonly restart: boolean;
}

/** A request's <body/>: attributes, and the payloads ready for the XMPP stream. */
export interface DecodedBody {
  readonly attributes: BodyAttributes;
  readonly payloads: readonly Payload[];
  /** In script syntax: its content as it came, which may begin and end within a payload; `payloads` is empty then. */
  readonly fragment?: Fragment | undefined;
  /** Something is wrong with it, so nothing of it is passed on; `payloads` is empty then. */
  readonly refused?: RefusedContent | undefined;
}

/** What is known of a <body/> that was refused. */
export interface RefusedContent {
  /** A BodyFaultCode, for logs and metrics. */
  readonly code: string;
  readonly detail: string;
  /** A limit of this service was exceeded; otherwise it is not what XMPP allows. */
  readonly isLimit: boolean;
  /** Bytes of the whole <body/>. */
  readonly bytes: number;
  /** Whether its rid could be read; where not, `attributes.rid` is 0 and says nothing. */
  readonly hasRid: boolean;
  /** The stanzas whose senders wait for an answer, as far as their start tags could be read, in order. */
  readonly stanzas: readonly RefusedStanza[];
}

/** A message that is no error, or an iq get or set, that is not passed on. */
export interface RefusedStanza {
  readonly name: 'message' | 'iq';
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly id: string | undefined;
}

/** A reply's <body/>, as the client's end reads it. */
export interface DecodedReply {
  /** By name without a prefix, as `xml:lang` in the xml namespace, else by `{namespace}name`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** As they must stand where the default namespace is jabber:client and prefix `stream` is declared. */
  readonly payloads: readonly Payload[];
}

/** Why a request's body was refused. Stable codes; `detail` is for logs, names what is wrong and where, holds no content. */
export interface BodyFault {
  readonly code: BodyFaultCode;
  readonly detail: string;
}

export type BodyFaultCode =
  | 'not-utf8'
  | 'not-well-formed'
  | 'restricted-xml'
  | 'wrong-root'
  | 'character-data'
  | 'bad-attribute'
  | 'body-too-large'
  | 'stanza-too-large'
  | 'too-deep'
  | 'too-many-attributes'
  | 'name-too-long'
  | 'too-many-payloads'
  | 'stream-element';

const LIMITS: ReadonlySet<BodyFaultCode> = new Set<BodyFaultCode>([
  'body-too-large',
  'stanza-too-large',
  'too-deep',
  'too-many-attributes',
  'name-too-long',
  'too-many-payloads',
]);

/** Whether a limit of this service was exceeded, and not a rule of XML or XMPP broken. */
export function isLimitFault({ code }: BodyFault): boolean {
  return LIMITS.has(code);
}
