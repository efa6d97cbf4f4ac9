import { parseXml, type XmlElement } from '../../support/xmpp/xml.ts';
import type { HttpReply } from './http.ts';

export const HTTPBIND = 'http://jabber.org/protocol/httpbind';
export const STREAMS = 'http://etherx.jabber.org/streams';

/** An HTTP reply, read as a <body/> where it is one. */
export interface BoshReply extends HttpReply {
  /** The <body/>; undefined where the content is none, and `fault` says why. */
  readonly body: XmlElement | undefined;
  readonly fault: string | undefined;
  readonly payloads: readonly XmlElement[];
  /** `type` of the <body/>. */
  readonly type: string | undefined;
  readonly condition: string | undefined;
  /** Milliseconds from the request to the reply. */
  readonly tookMs: number;
}

export function readBosh(reply: HttpReply, tookMs: number): BoshReply {
  let body: XmlElement | undefined;
  let fault: string | undefined;
  try {
    body = parseXml(reply.text);
    if (body.name !== 'body' || body.namespace !== HTTPBIND) {
      fault = `the root is <${body.name}/> in "${body.namespace}"`;
      body = undefined;
    }
  } catch (error) {
    fault = reply.text === '' ? 'no content' : `not XML: ${String(error).slice(0, 120)}`;
  }
  return {
    ...reply,
    body,
    fault,
    payloads: body?.children ?? [],
    type: body?.attributes.get('type'),
    condition: body?.attributes.get('condition'),
    tookMs,
  };
}

/** What a reply was, in a few words for the table: `terminate/item-not-found`, `empty`, `<message/> <iq/>`, `HTTP 404`. */
export function describe(reply: BoshReply): string {
  const { status, body, fault, payloads, type, condition } = reply;
  const parts: string[] = [];
  if (status !== 200) parts.push(`HTTP ${status}`);
  if (body === undefined) parts.push(fault ?? '');
  else {
    if (type !== undefined) parts.push(condition === undefined ? `type=${type}` : `${type}/${condition}`);
    if (payloads.length > 0) parts.push(payloads.map(({ name }) => `<${name}/>`).join(' '));
    else if (type === undefined) parts.push('empty');
  }
  return parts.join(' ');
}

/** 200 and a <body/> that ends nothing. */
export function isGood({ status, body, type }: BoshReply): boolean {
  return status === 200 && body !== undefined && type === undefined;
}

/** 200 and an empty <body/> of no type. */
export function isEmpty(reply: BoshReply): boolean {
  return isGood(reply) && reply.payloads.length === 0;
}

export function isTerminal(reply: BoshReply, condition: string): boolean {
  return reply.status === 200 && reply.type === 'terminate' && reply.condition === condition;
}
