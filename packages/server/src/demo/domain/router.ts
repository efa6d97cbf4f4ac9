import type { Account } from './accounts.ts';
import { answerForAccount, answerForDomain, isProperIq } from './iq.ts';
import type { Jid } from './jid.ts';
import { storeOffline } from './kept/offline.ts';
import { takePresence } from './presence.ts';
import type { Session } from './session.ts';
import { insideOf, readdressed, type Stanza } from './stanza.ts';
import { accountAt, type DomainState, isOwn, refuse, type Sender } from './state.ts';

/** Does with a client's stanza what RFC 6120 §10 and RFC 6121 §8 say, for a domain that reaches no other. */
export function route(state: DomainState, session: Session, stanza: Stanza): void {
  if (stanza.toIsBad) refuse(state, session, stanza, 'jid-malformed');
  else if (stanza.name === 'presence') takePresence(state, session, stanza);
  else if (stanza.name === 'message') takeMessage(state, session, stanza);
  else takeIq(state, session, stanza);
}

function takeIq(state: DomainState, session: Session, stanza: Stanza): void {
  const { to } = stanza;
  if (!isProperIq(state, stanza)) {
    refuse(state, session, stanza, 'bad-request');
  } else if (to === undefined || (to.resource === '' && isOwn(session, to))) {
    answerForAccount(state, session, stanza);
  } else if (to.domain === state.name && to.local === '') {
    answerForDomain(state, session, stanza);
  } else if (to.domain !== state.name) {
    refuse(state, session, stanza, 'remote-server-not-found');
  } else {
    // RFC 6121 §8.5.3.1; to a bare JID the server would answer, but has nothing to say for others (§8.5.2.1.3).
    const target = accountAt(state, to)?.sessions.get(to.resource);
    if (target === undefined) refuse(state, session, stanza, 'service-unavailable');
    else target.send(readdressed(stanza, session.jid, target.jid, state.toolbox));
  }
}

/** `at`: when it came, for what is stored. */
export function takeMessage(
  state: DomainState,
  session: Sender,
  stanza: Stanza,
  at: Date = new Date(),
): void {
  const { to, type } = stanza;
  // RFC 6120 §10.3.1: without an address it is for the sender's own account.
  const account = to === undefined ? session.account : accountAt(state, to);
  if (to !== undefined && to.domain !== state.name) {
    refuse(state, session, stanza, 'remote-server-not-found');
  } else if (account === undefined) {
    // RFC 6121 §8.5.1, and nobody reads what is sent to the domain itself.
    refuse(state, session, stanza, 'service-unavailable');
  } else {
    const target = account.sessions.get(to?.resource ?? '');
    if (target !== undefined) target.send(readdressed(stanza, session.jid, target.jid, state.toolbox));
    else if (to === undefined || to.resource === '' || type === 'chat')
      toAccount(state, session, stanza, account, at);
    // RFC 6121 §8.5.3.2.1: the others may not stray to another resource.
    else refuse(state, session, stanza, 'service-unavailable');
  }
}

/** To a bare JID (RFC 6121 §8.5.2), or a chat message whose resource has gone (§8.5.3.2.1). */
function toAccount(state: DomainState, session: Sender, stanza: Stanza, account: Account, at: Date): void {
  const { type } = stanza;
  if (type === 'error') return;
  if (type === 'groupchat') {
    refuse(state, session, stanza, 'service-unavailable');
    return;
  }
  // An address as it was sent: a bare one stays bare (RFC 6121 §8.5.2.1.1).
  const message = readdressed(stanza, session.jid, addressed(stanza.to, account), state.toolbox);
  let delivered = false;
  for (const target of account.sessions.values()) {
    if (target.presence === undefined || target.priority < 0) continue;
    target.send(message);
    delivered = true;
  }
  if (delivered || type === 'headline') return;
  // XEP-0160 §3: chat states without words are worth nothing later.
  if (!insideOf(stanza, state.toolbox).some((child) => child.name === 'body')) return;
  const kept = !account.guest && storeOffline(state, account, message, at);
  if (!kept) refuse(state, session, stanza, 'service-unavailable');
}

function addressed(to: Jid | undefined, account: Account): string {
  return to === undefined || to.resource === '' ? account.jid : `${account.jid}/${to.resource}`;
}
