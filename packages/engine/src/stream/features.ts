import type { Toolbox } from '../kit/index.ts';
import { NS, type Payload, readElement, writeElement, type XmlElement } from '../wire/index.ts';

/** What the stream must know of a server's features, and what of them the client is shown. */
export interface Features {
  readonly offersStartTls: boolean;
  /** A client can log in or go on in some way: SASL, SASL2, jabber:iq:auth, registration, or the bind after log-in. */
  readonly offersAnything: boolean;
  readonly shown: Payload;
}

const WAYS_ON: ReadonlySet<string> = new Set([
  `${NS.sasl2} authentication`,
  `${NS.bind} bind`,
  // XEP-0078 §3, XEP-0077 §9
  'http://jabber.org/features/iq-auth auth',
  'http://jabber.org/features/iq-register register',
]);

/**
 * Not for a BOSH client: TLS and compression are boshd's affair on this link (XEP-0206 §4), channel bindings would bind
 * to boshd's TLS and not the client's, and a client's own stream management, SASL2, Bind 2 and FAST would collide with
 * boshd's on the same stream.
 */
const HIDDEN: ReadonlySet<string> = new Set([
  `${NS.tls} starttls`,
  `${NS.compressFeature} compression`,
  `${NS.channelBinding} sasl-channel-binding`,
  `${NS.streamManagement} sm`,
  'urn:xmpp:sm:2 sm',
  `${NS.sasl2} authentication`,
  `${NS.bind2} bind`,
  `${NS.fast} fast`,
]);

export function readFeatures(payload: Payload, showExternal: boolean, toolbox: Toolbox): Features {
  const features = readElement(payload.bytes, toolbox);
  const shown = features.children.flatMap((child) =>
    isHidden(child) ? [] : [withoutUnusable(child, showExternal)],
  );
  const bytes = writeElement({ ...features, children: shown }, toolbox);
  return {
    offersStartTls: features.children.some(
      ({ namespace, name }) => namespace === NS.tls && name === 'starttls',
    ),
    offersAnything: shown.some(hasMechanism) || features.children.some(isWayOn),
    shown: { ...payload, bytes },
  };
}

function hasMechanism({ namespace, name, children }: XmlElement): boolean {
  return namespace === NS.sasl && name === 'mechanisms' && children.length > 0;
}

function isWayOn({ namespace, name }: XmlElement): boolean {
  return WAYS_ON.has(`${namespace} ${name}`);
}

function isHidden({ namespace, name }: XmlElement): boolean {
  return HIDDEN.has(`${namespace} ${name}`);
}

function withoutUnusable(feature: XmlElement, showExternal: boolean): XmlElement {
  if (feature.namespace !== NS.sasl || feature.name !== 'mechanisms') return feature;
  const children = feature.children.filter(({ name, text }) => {
    const mechanism = text.trim();
    return (
      name !== 'mechanism' || (!mechanism.endsWith('-PLUS') && (showExternal || mechanism !== 'EXTERNAL'))
    );
  });
  return { ...feature, children };
}
