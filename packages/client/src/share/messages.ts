import { ClientError, type ClientErrorCode } from '../errors.ts';
import type { Kept, SessionState } from '../xmpp/line.ts';

/** An error as it goes from tab to tab. */
interface SentError {
  readonly code: ClientErrorCode;
  readonly message: string;
  readonly condition: string | undefined;
  readonly status: number | undefined;
}

type SentState =
  | Extract<SessionState, { name: 'connecting' | 'online' }>
  | { readonly name: 'interrupted'; readonly reason: SentError }
  | { readonly name: 'ended'; readonly reason: SentError | undefined };

/** What tabs tell each other. Of all tabs one leads: it has the session. */
export type TabMessage =
  /** A tab is there. */
  | { readonly type: 'hello' }
  /** A tab goes away. If it led, nobody does until the next one says so. */
  | { readonly type: 'bye'; readonly didLead: boolean }
  /** A tab leads from now on: what nobody took is to be sent again. */
  | { readonly type: 'leads' }
  | { readonly type: 'send'; readonly id: number; readonly xml: string }
  | { readonly type: 'close' }
  | { readonly type: 'wake' }
  /** From the leader: it has this stanza, and will tell what becomes of it. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'sent'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: SentError }
  | { readonly type: 'stanza'; readonly xml: string }
  | { readonly type: 'state'; readonly state: SentState }
  /** What the next leader needs to go on. */
  | { readonly type: 'kept'; readonly kept: Kept | undefined };

export function sentError({ code, message, condition, status }: ClientError): SentError {
  return { code, message, condition, status };
}

export function receivedError({ code, message, condition, status }: SentError): ClientError {
  return new ClientError(code, message, { condition, status });
}

export function sentState(state: SessionState): SentState {
  if (state.name === 'interrupted') return { name: state.name, reason: sentError(state.reason) };
  if (state.name !== 'ended') return state;
  return { name: state.name, reason: state.reason && sentError(state.reason) };
}

export function receivedState(state: SentState): SessionState {
  if (state.name === 'interrupted') return { name: state.name, reason: receivedError(state.reason) };
  if (state.name !== 'ended') return state;
  return { name: state.name, reason: state.reason && receivedError(state.reason) };
}
