import { NS, type XmlElement } from '@boshd/engine/wire';
import { element } from '../domain/stanza.ts';
import { MECHANISM_NAMES } from '../sasl/mechanisms.ts';
import { TOKEN_MECHANISM } from '../sasl/tokens.ts';

/** What a client may do before it is logged in: SASL (RFC 6120 §6), or SASL2 (XEP-0388) with a token or a resumption in it. */
export function loginFeatures(): XmlElement {
  return element(
    'features',
    NS.stream,
    {},
    element('mechanisms', NS.sasl, {}, ...mechanisms(NS.sasl, MECHANISM_NAMES)),
    element(
      'authentication',
      NS.sasl2,
      {},
      ...mechanisms(NS.sasl2, MECHANISM_NAMES),
      element(
        'inline',
        NS.sasl2,
        {},
        element('sm', NS.streamManagement),
        element('fast', NS.fast, {}, ...mechanisms(NS.fast, [TOKEN_MECHANISM])),
      ),
    ),
  );
}

/** What a client may do when it is logged in. The session is optional, which old clients do not know (RFC 6121 §1.4). */
export function bindFeatures(): XmlElement {
  const session = element('session', NS.legacySession, {}, element('optional', NS.legacySession));
  const management = element('sm', NS.streamManagement);
  return element('features', NS.stream, {}, element('bind', NS.bind), session, management);
}

function mechanisms(namespace: string, names: readonly string[]): readonly XmlElement[] {
  return names.map((name) => element('mechanism', namespace, {}, name));
}
