import { assert } from '../kit/index.ts';
import type { Bridge } from './bridge.ts';
import { NO_MECHANISMS, type ShownMechanisms } from './features/features.ts';

/*
 * The client's log-in on a stream. An attempt is a request to log in (<auth/>, <authenticate/>, the set of jabber:iq:auth) with
 * what follows it:
 *
 *   exchange      meaning                                  a new request is
 *   none          no attempt is under way                  sent
 *   asked         the server is to answer                  refused
 *   challenged    the client is to answer                  sent: servers drop the old attempt, which counts as failed
 *   refused       the server has refused it                (never seen: what waits is answered at once)
 *
 * An attempt that the server refuses, or that its client gives up or leaves, counts as a failed log-in of its address.
 * After log-in no mechanism is shown any more.
 */
export interface Authentication {
  state: AuthenticationState;
  /** What the server sent before log-in. */
  bytes: number;
}

type AuthenticationState =
  | {
      readonly isDone: false;
      /** What the client was shown: it may log in with nothing else. */
      readonly mechanisms: ShownMechanisms;
      readonly exchange: Exchange;
      /** What the newest attempt was made with. */
      readonly attempt: Attempt | undefined;
      /** SASL2 behind the client's SASL. */
      readonly bridge: Bridge | undefined;
    }
  | {
      readonly isDone: true;
      /** The bare JID of the client, where the server has told it. */
      readonly account: string | undefined;
    };

export type Exchange = 'none' | 'asked' | 'challenged' | 'refused';

type Attempt =
  | {
      readonly by: 'sasl';
      /** '' where the client called it what none is called. */
      readonly mechanism: string;
      /** The client said in its SCRAM that it could bind to the channel and that the server cannot: `y,,` (RFC 5802 §6). */
      readonly missesBinding: boolean;
    }
  | {
      /** XEP-0078: the result of this request is the log-in. */
      readonly by: 'iq';
      readonly id: string;
    };

/** What a client is logged in as, or an attempt of before. */
export function makeAuthentication(state: AuthenticationState = NOTHING_SHOWN, bytes = 0): Authentication {
  return { state, bytes };
}

const NOTHING_SHOWN: AuthenticationState = {
  isDone: false,
  mechanisms: NO_MECHANISMS,
  exchange: 'none',
  attempt: undefined,
  bridge: undefined,
};

/** How far the attempt is that may be under way. */
export function exchangeOf({ state }: Authentication): Exchange {
  return state.isDone ? 'none' : state.exchange;
}

export function bridgeOf({ state }: Authentication): Bridge | undefined {
  return state.isDone ? undefined : state.bridge;
}

export function accountOf({ state }: Authentication): string | undefined {
  return state.isDone ? state.account : undefined;
}

/** The newest attempt is a request by XEP-0078. */
export function legacyIdOf({ state }: Authentication): string | undefined {
  return !state.isDone && state.attempt?.by === 'iq' ? state.attempt.id : undefined;
}

/** What the client logs in with, as the log has it; '' by XEP-0078, which names no mechanism. */
export function mechanismOf({ state }: Authentication): string {
  return !state.isDone && state.attempt?.by === 'sasl' ? state.attempt.mechanism : '';
}

/** The client holds against the server that it cannot bind to the channel, where boshd hid that it can. */
export function missesBinding({ state }: Authentication): boolean {
  if (state.isDone || state.attempt?.by !== 'sasl') return false;
  return state.mechanisms.hidesBinding && state.attempt.missesBinding;
}

/** Counts what the server sends before log-in. Returns how much it is; 0 after. */
export function countBytes(authentication: Authentication, length: number): number {
  if (authentication.state.isDone) return 0;
  authentication.bytes += length;
  return authentication.bytes;
}

/** The client is shown these. */
export function showMechanisms(authentication: Authentication, mechanisms: ShownMechanisms): void {
  const { state } = authentication;
  if (!state.isDone && state.mechanisms !== mechanisms) authentication.state = { ...state, mechanisms };
}

/** The client logs in by SASL in front of SASL2. */
export function putBridge(authentication: Authentication, bridge: Bridge): void {
  const { state } = authentication;
  if (!state.isDone) authentication.state = { ...state, bridge };
}

/** The client asks to log in. */
export function beginAttempt(authentication: Authentication, attempt: Attempt): void {
  const { state } = authentication;
  assert(!state.isDone, 'nothing is shown after log-in');
  authentication.state = { ...state, exchange: 'asked', attempt };
}

/** The server has answered a step, or the client has answered the server. */
export function turnExchange(authentication: Authentication, exchange: 'asked' | 'challenged'): void {
  setExchange(authentication, exchange);
}

/** The server has refused; something of the client waits behind the attempt, or nothing. */
export function refuseAttempt(authentication: Authentication, isAwaited: boolean): void {
  setExchange(authentication, isAwaited ? 'refused' : 'none');
}

/** The server has decided, or the attempt was given up. */
export function endAttempt(authentication: Authentication): void {
  setExchange(authentication, 'none');
}

/** The resource is bound. */
export function logIn(authentication: Authentication, account: string | undefined): void {
  authentication.state = { isDone: true, account };
}

function setExchange(authentication: Authentication, exchange: Exchange): void {
  const { state } = authentication;
  if (!state.isDone && state.exchange !== exchange) authentication.state = { ...state, exchange };
}
