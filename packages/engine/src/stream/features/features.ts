import type { Toolbox } from '../../kit/index.ts';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '../../wire/index.ts';
import { element } from '../sasl2/convert.ts';
import { readOffer, type Sasl2Offer } from '../sasl2/offer.ts';

/** What the stream must know of a server's features, and what of them the client is shown. */
export interface Features {
  readonly offersStartTls: boolean;
  /** A client can log in or go on in some way: SASL, SASL2, jabber:iq:auth, registration, or the bind after log-in. */
  readonly offersAnything: boolean;
  /** XEP-0198 */
  readonly offersManagement: boolean;
  /** SCRAM-…-PLUS, which is hidden: a client that could use it concludes that the server has none. */
  readonly hidesBinding: boolean;
  /** XEP-0388 */
  readonly offer: Sasl2Offer | undefined;
  /** Mechanisms of RFC 6120's SASL, the server's own. */
  readonly hasSasl: boolean;
  readonly shown: Payload;
}

const WAYS_ON: ReadonlySet<string> = new Set([
  `${NS.sasl2} authentication`,
  `${NS.bind} bind`,
  // XEP-0078 §4, XEP-0077 §8
  'http://jabber.org/features/iq-auth auth',
  'http://jabber.org/features/iq-register register',
]);

/** What of the features is the client's affair. */
export interface Showing {
  /** EXTERNAL would authenticate boshd, not the client. */
  readonly external: boolean;
  /** The client keeps its own stream management, and boshd keeps out. */
  readonly management: boolean;
  /** What the server offers by SASL2 alone is shown as SASL, for boshd can translate it. */
  readonly bridge: boolean;
}

/**
 * Not for a BOSH client: TLS and compression are boshd's affair on this link (XEP-0206 §4), and channel bindings would
 * bind to boshd's TLS and not the client's.
 */
const HIDDEN: ReadonlySet<string> = new Set([
  `${NS.tls} starttls`,
  `${NS.compressFeature} compression`,
  `${NS.channelBinding} sasl-channel-binding`,
]);

/** A client's own stream management, SASL2, Bind 2 and FAST would collide with boshd's on the same stream. */
const HIDDEN_MANAGEMENT: ReadonlySet<string> = new Set([
  `${NS.streamManagement} sm`,
  'urn:xmpp:sm:2 sm',
  `${NS.sasl2} authentication`,
  `${NS.bind2} bind`,
  `${NS.fast} fast`,
]);

export function readFeatures(payload: Payload, showing: Showing, toolbox: Toolbox): Features {
  const features = readElement(payload.bytes, toolbox);
  const offer = readOffer(features);
  const mechanisms = showing.bridge && offer !== undefined ? mechanismsOf(features, offer) : [];
  const shown = [...mechanisms, ...features.children].flatMap((child) =>
    isHidden(child, showing) ? [] : [withoutUnusable(child, showing.external)],
  );
  const bytes = writeElement({ ...features, children: shown }, toolbox);
  return {
    offersStartTls: features.children.some(
      ({ namespace, name }) => namespace === NS.tls && name === 'starttls',
    ),
    offersAnything: shown.some(hasMechanism) || features.children.some(isWayOn),
    hidesBinding: features.children.some(hasBound),
    offersManagement: features.children.some(
      ({ namespace, name }) => namespace === NS.streamManagement && name === 'sm',
    ),
    offer,
    hasSasl: features.children.some(hasMechanism),
    shown: { bytes, name: payload.name, namespace: payload.namespace },
  };
}

/** The list that a client of RFC 6120 looks for, where the server has none. */
function mechanismsOf({ children }: XmlElement, { mechanisms }: Sasl2Offer): readonly XmlElement[] {
  if (children.some(({ namespace, name }) => namespace === NS.sasl && name === 'mechanisms')) return [];
  const names = mechanisms.map((mechanism) => element('mechanism', NS.sasl, mechanism));
  return [element('mechanisms', NS.sasl, '', names)];
}

function hasMechanism({ namespace, name, children }: XmlElement): boolean {
  return namespace === NS.sasl && name === 'mechanisms' && children.length > 0;
}

function isWayOn({ namespace, name }: XmlElement): boolean {
  return WAYS_ON.has(`${namespace} ${name}`);
}

function isHidden({ namespace, name }: XmlElement, { management }: Showing): boolean {
  const feature = `${namespace} ${name}`;
  return HIDDEN.has(feature) || (!management && HIDDEN_MANAGEMENT.has(feature));
}

/** Mechanisms that bind to the TLS of the link, of which boshd and not the client is an end (RFC 5801 §5, XEP-0440). */
const BOUND = /-PLUS$|^HT-.+-(?:UNIQ|ENDP|EXPR)$/;

function hasBound({ name, children }: XmlElement): boolean {
  return name === 'mechanisms' && children.some(({ text }) => text.trim().endsWith('-PLUS'));
}

function withoutUnusable(feature: XmlElement, showExternal: boolean): XmlElement {
  if (feature.namespace !== NS.sasl || feature.name !== 'mechanisms') return feature;
  const children = feature.children.filter(({ name, text }) => {
    const mechanism = text.trim();
    return name !== 'mechanism' || (!BOUND.test(mechanism) && (showExternal || mechanism !== 'EXTERNAL'));
  });
  return { ...feature, children };
}
