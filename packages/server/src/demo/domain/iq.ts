import { NS, type XmlElement } from '@boshd/engine/wire';
import { answerRoster, NS_ROSTER } from './roster.ts';
import type { Session } from './session.ts';
import { element, insideOf, iqResult, type Stanza } from './stanza.ts';
import { type DomainState, refuse } from './state.ts';

/** XEP-0199 */
const NS_PING = 'urn:xmpp:ping';
/** XEP-0030 */
const NS_DISCO_INFO = 'http://jabber.org/protocol/disco#info';
const NS_DISCO_ITEMS = 'http://jabber.org/protocol/disco#items';
/** XEP-0092 */
const NS_VERSION = 'jabber:iq:version';

type Answer = (state: DomainState, session: Session, stanza: Stanza) => XmlElement | undefined;

/** What the domain itself answers to a get, by namespace of what is inside. */
const DOMAIN_GETS: Readonly<Record<string, Answer>> = {
  [NS_PING]: () => undefined,
  [NS_DISCO_INFO]: () => discoInfo({ category: 'server', type: 'im', name: 'boshd demo' }),
  [NS_DISCO_ITEMS]: () => element('query', NS_DISCO_ITEMS),
  [NS_VERSION]: () =>
    element(
      'query',
      NS_VERSION,
      {},
      element('name', NS_VERSION, {}, 'boshd demo'),
      element('version', NS_VERSION, {}, '1'),
    ),
};

/** What the server answers on behalf of a user to that user. */
const ACCOUNT_GETS: Readonly<Record<string, Answer>> = {
  [NS_PING]: () => undefined,
  [NS_DISCO_INFO]: (_state, session) =>
    discoInfo({ category: 'account', type: session.account.guest ? 'anonymous' : 'registered' }),
  [NS_DISCO_ITEMS]: () => element('query', NS_DISCO_ITEMS),
};

/** Whether an iq has what RFC 6120 §8.2.3 asks for: an id, a type, and one child in a request. */
export function isProperIq(state: DomainState, stanza: Stanza): boolean {
  if (stanza.id === undefined || stanza.id === '') return false;
  if (stanza.type === 'result' || stanza.type === 'error') return true;
  const isRequest = stanza.type === 'get' || stanza.type === 'set';
  return isRequest && insideOf(stanza, state.toolbox).length === 1;
}

/** Answers a request to the server itself (RFC 6120 §10.5.2). */
export function answerForDomain(state: DomainState, session: Session, stanza: Stanza): void {
  answer(state, session, stanza, DOMAIN_GETS);
}

/** Answers a request without `to`, or to the user's own bare JID (RFC 6120 §10.3.3). */
export function answerForAccount(state: DomainState, session: Session, stanza: Stanza): void {
  const namespace = insideOf(stanza, state.toolbox)[0]?.namespace;
  if (namespace === NS_ROSTER && (stanza.type === 'get' || stanza.type === 'set')) {
    answerRoster(state, session, stanza);
  } else if (namespace === NS.legacySession && stanza.type === 'set') {
    // RFC 3921 §3, which does nothing any more but is still asked for.
    session.send(iqResult(stanza, session.jid, state.toolbox));
  } else {
    answer(state, session, stanza, ACCOUNT_GETS);
  }
}

function answer(
  state: DomainState,
  session: Session,
  stanza: Stanza,
  gets: Readonly<Record<string, Answer>>,
): void {
  if (stanza.type === 'result' || stanza.type === 'error') return;
  const [inside] = insideOf(stanza, state.toolbox);
  const namespace = inside?.namespace ?? '';
  const found = stanza.type === 'get' && Object.hasOwn(gets, namespace) ? gets[namespace] : undefined;
  // XEP-0030 §4.1: we have no nodes.
  if (found !== undefined && inside?.attributes.has('node')) refuse(state, session, stanza, 'item-not-found');
  else if (found === undefined) refuse(state, session, stanza, 'service-unavailable');
  else {
    const result = found(state, session, stanza);
    const children = result === undefined ? [] : [result];
    session.send(iqResult(stanza, session.jid, state.toolbox, ...children));
  }
}

function discoInfo(identity: Readonly<Record<string, string>>): XmlElement {
  const features = [NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_ROSTER, NS_VERSION, 'msgoffline'];
  return element(
    'query',
    NS_DISCO_INFO,
    {},
    element('identity', NS_DISCO_INFO, identity),
    ...features.map((name) => element('feature', NS_DISCO_INFO, { var: name })),
  );
}
