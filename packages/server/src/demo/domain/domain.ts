import { randomBytes } from 'node:crypto';
import type { ByteString } from '@boshd/engine/kit';
import type { Payload } from '@boshd/engine/wire';
import type { Identity } from '../sasl/exchange.ts';
import type { Account } from './accounts.ts';
import { parseJid } from './jid.ts';
import { giveBack, type Kept } from './kept/undelivered.ts';
import { leavePresence } from './presence.ts';
import { pushAccount } from './roster.ts';
import { route } from './router.ts';
import type { Session, StreamError } from './session.ts';
import { readStanza, type Stanza } from './stanza.ts';
import type { DomainState } from './state.ts';

/** What the domain needs of a connection to reach the client behind it. */
export interface Reach {
  send(bytes: ByteString): void;
  end(condition: StreamError): void;
}

/** The account of somebody who has just logged in, held; undefined where there are too many guests. */
export function enter(state: DomainState, identity: Identity): Account | undefined {
  const { accounts } = state;
  const account = identity.type === 'guest' ? accounts.addGuest() : accounts.get(identity.username);
  if (account !== undefined) account.holders += 1;
  return account;
}

/**
 * Binds a resource (RFC 6120 §7), one of our own making where none was asked for. Who holds it already is ended with
 * conflict (§7.7.2.2: that one is more likely a dead tab than a second user). Undefined: the account has enough.
 */
export function bindResource(
  state: DomainState,
  account: Account,
  asked: string | undefined,
  reach: Reach,
): Session | undefined {
  const resource = asked ?? randomBytes(8).toString('hex');
  account.sessions.get(resource)?.end('conflict');
  if (account.sessions.size >= state.limits.resourcesMax) return undefined;
  const session: Session = {
    account,
    resource,
    jid: `${account.jid}/${resource}`,
    presence: undefined,
    priority: 0,
    interested: false,
    directed: new Set(),
    send: (bytes) => reach.send(bytes),
    end: (condition) => reach.end(condition),
  };
  account.sessions.set(resource, session);
  account.holders += 1;
  return session;
}

/** Does with a payload of a bound client what it asks for; returns why its stream must end, if so. */
export function take(state: DomainState, session: Session, payload: Payload): StreamError | undefined {
  const stanza = readStanza(payload, state.toolbox);
  if (stanza === undefined) return 'unsupported-stanza-type';
  if (!mayClaim(session, stanza)) return 'invalid-from';
  route(state, session, stanza);
  return undefined;
}

/** A stream is over: the others hear it, and what its client did not acknowledge goes back. */
export function leaveSession(state: DomainState, session: Session, unacknowledged: readonly Kept[]): void {
  leavePresence(state, session);
  session.account.sessions.delete(session.resource);
  for (const kept of unacknowledged) giveBack(state, session, kept);
  leaveAccount(state, session.account);
}

/** Somebody who held the account is gone. A guest is nobody without its connection (XEP-0175 §3). */
export function leaveAccount(state: DomainState, account: Account): void {
  account.holders -= 1;
  if (!account.guest || account.holders > 0) return;
  state.accounts.removeGuest(account);
  if (account.listed) pushAccount(state, account, 'remove');
}

/** RFC 6120 §8.1.2.1: a client may name itself, bare or full. */
function mayClaim(session: Session, stanza: Stanza): boolean {
  const from = stanza.attributes.get('from');
  if (from === undefined) return true;
  const jid = parseJid(from);
  if (jid === undefined || jid.local !== session.account.username) return false;
  const isHere = `${jid.local}@${jid.domain}` === session.account.jid;
  return isHere && (jid.resource === '' || jid.resource === session.resource);
}
