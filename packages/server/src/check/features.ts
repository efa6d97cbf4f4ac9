import { NS, type XmlElement } from '@boshd/engine/wire';
import type { OfferedFeatures } from './report/report.ts';

const KNOWN: ReadonlySet<string> = new Set([
  `${NS.sasl} mechanisms`,
  `${NS.sasl2} authentication`,
  `${NS.tls} starttls`,
  'http://jabber.org/features/iq-register register',
]);

/** What a server offers, as a person wants to know it. */
export function offeredFeatures(features: XmlElement, showExternal: boolean): OfferedFeatures {
  const { children } = features;
  const mechanisms = mechanismsOf(children.find(isA(NS.sasl, 'mechanisms')));
  const sasl2 = children.find(isA(NS.sasl2, 'authentication'));
  const inline = sasl2?.children.find(({ name }) => name === 'inline')?.children ?? [];
  const bind2 = inline.find(isA(NS.bind2, 'bind'));
  const isHidden = (mechanism: string): boolean =>
    mechanism.endsWith('-PLUS') || (mechanism === 'EXTERNAL' && !showExternal);
  const isManaged = isA(NS.streamManagement, 'sm');
  return {
    mechanisms: mechanisms.filter((mechanism) => !isHidden(mechanism)),
    hiddenMechanisms: mechanisms.filter(isHidden),
    sasl2: sasl2 === undefined ? undefined : mechanismsOf(sasl2),
    fast: optional(inline.find(isA(NS.fast, 'fast')), mechanismsOf),
    bind2: bind2 !== undefined,
    streamManagement: children.some(isManaged) || inline.some(isManaged) || hasVariable(bind2),
    registration: children.some(isA('http://jabber.org/features/iq-register', 'register')),
    others: children
      .filter(({ namespace, name }) => !KNOWN.has(`${namespace} ${name}`))
      .map(({ namespace, name }) => `{${namespace}}${name}`),
  };
}

/** RFC 6120 §5.4.1 */
export function startTlsOf(features: XmlElement): 'required' | 'optional' | 'none' {
  const offer = features.children.find(isA(NS.tls, 'starttls'));
  if (offer === undefined) return 'none';
  return offer.children.some(({ name }) => name === 'required') ? 'required' : 'optional';
}

/** XEP-0386 §4: what may be had together with the bind. */
function hasVariable(bind2: XmlElement | undefined): boolean {
  const inline = bind2?.children.find(({ name }) => name === 'inline');
  return (
    inline?.children.some(
      ({ name, attributes }) => name === 'feature' && attributes.get('var') === NS.streamManagement,
    ) === true
  );
}

function mechanismsOf(element: XmlElement | undefined): readonly string[] {
  return (element?.children ?? []).filter(({ name }) => name === 'mechanism').map(({ text }) => text.trim());
}

function isA(namespace: string, name: string): (element: XmlElement) => boolean {
  return (element) => element.namespace === namespace && element.name === name;
}

function optional<In, Out>(value: In | undefined, use: (value: In) => Out): Out | undefined {
  return value === undefined ? undefined : use(value);
}
