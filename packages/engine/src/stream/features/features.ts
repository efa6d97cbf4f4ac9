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
  /** XEP-0388 */
  readonly offer: Sasl2Offer | undefined;
  /** Mechanisms of RFC 6120's SASL, the server's own. */
  readonly hasSasl: boolean;
  readonly shown: Payload;
  readonly mechanisms: ShownMechanisms;
}

/** What a client may log in with, as it was shown it. */
export interface ShownMechanisms {
  /** RFC 6120's SASL */
  readonly sasl: readonly string[];
  /** SASL2, and in it FAST (XEP-0388, XEP-0484) */
  readonly sasl2: readonly string[];
  /** SCRAM-…-PLUS, which is hidden: a client that could use it concludes that the server has none. */
  readonly hidesBinding: boolean;
}

export const NO_MECHANISMS: ShownMechanisms = { sasl: [], sasl2: [], hidesBinding: false };

const WAYS_ON: ReadonlySet<string> = new Set([
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
  const { sasl, sasl2 } = mechanismsShown(shown);
  return {
    offersStartTls: features.children.some(
      ({ namespace, name }) => namespace === NS.tls && name === 'starttls',
    ),
    offersAnything: sasl.length + sasl2.length > 0 || features.children.some(isWayOn),
    offersManagement: features.children.some(
      ({ namespace, name }) => namespace === NS.streamManagement && name === 'sm',
    ),
    offer,
    hasSasl: features.children.some(hasMechanism),
    shown: { bytes, name: payload.name, namespace: payload.namespace },
    mechanisms: { sasl, sasl2, hidesBinding: features.children.some(hasBound) },
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

/** Lists of mechanisms: of SASL, of SASL2, and of FAST, which stands inside of SASL2's. */
const LISTS: ReadonlySet<string> = new Set([
  `${NS.sasl} mechanisms`,
  `${NS.sasl2} authentication`,
  `${NS.fast} fast`,
]);

function isList({ namespace, name }: XmlElement): boolean {
  return LISTS.has(`${namespace} ${name}`);
}

function hasBound(feature: XmlElement): boolean {
  return isList(feature) && feature.children.some(({ text }) => text.trim().endsWith('-PLUS'));
}

/** A feature without the mechanisms, and the other things, that no client can use through boshd. */
function withoutUnusable(feature: XmlElement, showExternal: boolean): XmlElement {
  const isInline = feature.namespace === NS.sasl2 && feature.name === 'inline';
  if (!isInline && !isList(feature)) return feature;
  const children = feature.children.flatMap((child) => {
    if (HIDDEN.has(`${child.namespace} ${child.name}`)) return [];
    if (child.name !== 'mechanism') return [withoutUnusable(child, showExternal)];
    const mechanism = child.text.trim();
    return BOUND.test(mechanism) || (mechanism === 'EXTERNAL' && !showExternal) ? [] : [child];
  });
  return { ...feature, children };
}

function mechanismsShown(shown: readonly XmlElement[]): Pick<ShownMechanisms, 'sasl' | 'sasl2'> {
  const sasl: string[] = [];
  const sasl2: string[] = [];
  for (const feature of shown.filter(isList)) {
    const inline = feature.children.filter(
      ({ namespace, name }) => namespace === NS.sasl2 && name === 'inline',
    );
    const lists = [feature, ...inline.flatMap(({ children }) => children.filter(isList))];
    (feature.namespace === NS.sasl ? sasl : sasl2).push(...lists.flatMap(namesIn));
  }
  return { sasl, sasl2 };
}

function namesIn({ children }: XmlElement): readonly string[] {
  const names = children.filter(({ name }) => name === 'mechanism').map(({ text }) => text.trim());
  // A request without a mechanism asks for none of them.
  return names.filter((name) => name !== '');
}
