import { ascii, assert, type ByteString } from '@boshd/engine/kit';
import { NS, type Payload, writeElement } from '@boshd/engine/wire';
import { bareOf } from './jid.ts';
import { deliverOffline } from './kept/offline.ts';
import { pushAccount } from './roster.ts';
import type { Session } from './session.ts';
import { element, insideOf, readdressed, readStanza, type Stanza } from './stanza.ts';
import { accountAt, availableSessions, type DomainState, isOwn } from './state.ts';

/** XEP-0172 */
const NS_NICK = 'http://jabber.org/protocol/nick';
/** Characters of a nickname that others get to see in rosters. */
const NICK_LENGTH_MAX = 64;

/**
 * Takes a client's presence (RFC 6121 §4). Everybody of the domain is subscribed to everybody: the first presence
 * reaches all who are available, and all their presences come back at once.
 */
export function takePresence(state: DomainState, session: Session, stanza: Stanza): void {
  const { type, to } = stanza;
  if (to !== undefined) takeDirected(state, session, stanza);
  else if (type === undefined) becomeAvailable(state, session, stanza);
  else if (type === 'unavailable') becomeUnavailable(state, session, stanza);
  // RFC 6121 §4.7.1 knows no other without an address; there is nothing to answer.
}

/** When a stream ends without the client's own unavailable presence (RFC 6121 §4.5.2). */
export function leavePresence(state: DomainState, session: Session): void {
  if (session.presence === undefined && session.directed.size === 0) return;
  const bytes = ascii(`<presence xmlns='${NS.client}' type='unavailable'/>`);
  becomeUnavailable(state, session, presenceOf(state, bytes));
}

function becomeAvailable(state: DomainState, session: Session, stanza: Stanza): void {
  const first = session.presence === undefined;
  const inside = insideOf(stanza, state.toolbox);
  session.presence = stanza;
  session.priority = priorityOf(inside.find((child) => child.name === 'priority')?.text);
  const nick = inside.find((child) => child.name === 'nick' && child.namespace === NS_NICK)?.text.trim();
  introduce(state, session, nick?.slice(0, NICK_LENGTH_MAX));
  broadcast(state, session, stanza);
  if (session.priority >= 0) deliverOffline(session);
  if (!first) return;
  // RFC 6121 §4.3: instead of probes, since all is known here.
  for (const other of availableSessions(state)) {
    if (other !== session) sendPresenceOf(state, other, session);
  }
}

/** Puts a newcomer into the others' rosters before its presence arrives there, or under its new name. */
function introduce(state: DomainState, session: Session, nick: string | undefined): void {
  const { account } = session;
  const renamed = nick !== undefined && nick !== '' && nick !== account.displayName;
  if (account.listed && !renamed) return;
  account.listed = true;
  if (renamed) account.displayName = nick;
  pushAccount(state, account, 'set');
}

function becomeUnavailable(state: DomainState, session: Session, stanza: Stanza): void {
  if (session.presence !== undefined) broadcast(state, session, stanza);
  session.presence = undefined;
  for (const jid of session.directed) {
    const target = state.accounts.get(jid);
    for (const other of target?.sessions.values() ?? []) {
      if (other.presence === undefined)
        other.send(readdressed(stanza, session.jid, other.jid, state.toolbox));
    }
  }
  session.directed.clear();
}

/** RFC 6121 §4.2.2: to all contacts, and to the user's own resources, this one too. */
function broadcast(state: DomainState, session: Session, stanza: Stanza): void {
  for (const other of availableSessions(state)) {
    other.send(readdressed(stanza, session.jid, other.account.jid, state.toolbox));
  }
}

function takeDirected(state: DomainState, session: Session, stanza: Stanza): void {
  const { type, to } = stanza;
  const account = to === undefined ? undefined : accountAt(state, to);
  // RFC 6121 §8.5.1: presence to nobody is dropped; and there is no way out of this domain.
  if (to === undefined || account === undefined) return;
  if (type === 'probe' || type === 'subscribe') {
    answerForContact(state, session, stanza, bareOf(to));
    return;
  }
  if (type !== undefined && type !== 'unavailable' && type !== 'error') return;
  const remember = type === undefined && session.directed.size < state.limits.directedMax;
  if (remember && !isOwn(session, to)) session.directed.add(account.username);
  for (const other of account.sessions.values()) {
    if (to.resource !== '' ? other.resource !== to.resource : other.presence === undefined) continue;
    other.send(
      readdressed(stanza, session.jid, to.resource === '' ? other.account.jid : other.jid, state.toolbox),
    );
  }
}

/** RFC 6121 §3.1.3 and §4.3.2: what the contact's server says on its behalf; everybody is approved already. */
function answerForContact(state: DomainState, session: Session, stanza: Stanza, contact: string): void {
  const { toolbox } = state;
  if (stanza.type === 'subscribe') {
    const attributes = { type: 'subscribed', id: stanza.id, from: contact, to: session.account.jid };
    session.send(writeElement(element('presence', NS.client, attributes), toolbox));
  }
  const local = contact.slice(0, contact.lastIndexOf('@'));
  for (const other of state.accounts.get(local)?.sessions.values() ?? [])
    sendPresenceOf(state, other, session);
}

function sendPresenceOf(state: DomainState, other: Session, to: Session): void {
  if (other.presence !== undefined)
    to.send(readdressed(other.presence, other.jid, to.account.jid, state.toolbox));
}

function priorityOf(text: string | undefined): number {
  const value = Number(text ?? '0');
  return Number.isInteger(value) && value >= -128 && value <= 127 ? value : 0;
}

function presenceOf(state: DomainState, bytes: ByteString): Stanza {
  const payload: Payload = { bytes, name: 'presence', namespace: NS.client };
  const stanza = readStanza(payload, state.toolbox);
  assert(stanza !== undefined, 'our own presence is a stanza');
  return stanza;
}
