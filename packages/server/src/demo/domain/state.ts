import type { Toolbox } from '@boshd/engine/kit';
import type { Account, Accounts } from './accounts.ts';
import { bareOf, type Jid } from './jid.ts';
import type { DemoLimits } from './limits.ts';
import type { Session } from './session.ts';
import { bounce, type Stanza, type StanzaError } from './stanza.ts';

/** What the parts of the domain work on. */
export interface DomainState {
  readonly name: string;
  readonly accounts: Accounts;
  readonly limits: DemoLimits;
  readonly toolbox: Toolbox;
}

/** Who sent a stanza, and hears what became of it. */
export type Sender = Pick<Session, 'account' | 'jid' | 'send'>;

export function refuse(state: DomainState, session: Sender, stanza: Stanza, error: StanzaError): void {
  const reply = bounce(stanza, session.jid, error, state.toolbox);
  if (reply !== undefined) session.send(reply);
}

/** Every resource that is available, of everybody. */
export function* availableSessions(state: DomainState): Iterable<Session> {
  for (const account of state.accounts.all()) {
    for (const session of account.sessions.values()) {
      if (session.presence !== undefined) yield session;
    }
  }
}

/** Somebody of this domain by address, or undefined. */
export function accountAt(state: DomainState, jid: Jid): Account | undefined {
  return jid.domain === state.name ? state.accounts.get(jid.local) : undefined;
}

export function isOwn(session: Session, jid: Jid): boolean {
  return bareOf(jid) === session.account.jid;
}
