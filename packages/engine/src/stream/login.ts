import { ascii, type Toolbox } from '../kit/index.ts';
import {
  NS,
  type Payload,
  readElement,
  rootAttribute,
  writeElement,
  type XmlElement,
} from '../wire/index.ts';
import {
  beginAttempt,
  bridgeOf,
  endAttempt,
  exchangeOf,
  legacyIdOf,
  refuseAttempt,
  turnExchange,
} from './authentication.ts';
import { bounceToClient } from './bounce.ts';
import { toServer } from './bridge.ts';
import { element, withAttributes } from './sasl2/convert.ts';
import { isLoggedIn, letWait, type Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/*
 * Theory of operation
 *
 * Every payload of the client before log-in is looked at when it is sent to the server. A request to log in
 * (<auth/>, <authenticate/>, the set of jabber:iq:auth) is sent only if its mechanism was shown to the client and no
 * other request waits for the server's answer; else boshd answers it.
 *
 * What a client sends behind a request for SASL, without waiting for the answer, waits in boshd: a server ends the stream of who
 * sends a stanza before it is logged in (RFC 6120 §4.9.3.12). After success it goes on; after a failure it is answered
 * with errors.
 */

/** What becomes of payloads of the client. */
export interface Judged {
  readonly toServer: readonly Payload[];
  /** The answers to those that are refused. */
  readonly answers: readonly Payload[];
}

/** Payloads that can be sent now, as the server is to get them. */
export function judge(stream: Stream, payloads: readonly Payload[], turn: StreamTurn): Judged {
  const { authentication } = stream;
  if (isLoggedIn(stream) && !payloads.some(isSasl)) return { toServer: payloads, answers: [] };
  const answers: Payload[] = [];
  const passed: Payload[] = [];
  let isRefused = false;
  for (const payload of payloads) {
    const isStep = isSasl(payload);
    const answer = isStep ? refuseSasl(stream, payload, turn) : refuseLegacy(stream, payload, turn);
    const bridge = bridgeOf(authentication);
    if (answer !== undefined) {
      isRefused = isStep && exchangeOf(authentication) === 'none';
      answers.push(answer);
    } else if (!isStep && isRefused)
      answers.push(...bounceToClient([payload], 'not-authorized', turn.toolbox));
    else if (!isStep && hasToWait(stream)) letWait(stream, [payload]);
    else passed.push(bridge === undefined ? payload : toServer(stream, bridge, payload, turn.toolbox));
  }
  return { toServer: passed, answers };
}

/** The server has answered a step of SASL. */
export function noteAnswer({ authentication, waiting }: Stream, payload: Payload): void {
  if (!isSasl(payload)) return;
  const { name } = payload;
  if (name === 'success') endAttempt(authentication);
  else if (name === 'failure') refuseAttempt(authentication, waiting.length > 0);
  else if (exchangeOf(authentication) === 'asked' && (name === 'challenge' || name === 'continue')) {
    turnExchange(authentication, 'challenged');
  }
}

/** An attempt that may be under way ends without an answer, for what the client does. */
export function abandonAttempt({ authentication }: Stream, turn: StreamTurn): void {
  if (exchangeOf(authentication) !== 'none') turn.work.push({ type: 'login-abandoned' });
  endAttempt(authentication);
}

/** What is not SASL, behind a request for it that is not decided. By XEP-0078 there is no restart, and servers go on at once. */
function hasToWait({ authentication, waiting }: Stream): boolean {
  const isBehind = exchangeOf(authentication) === 'asked' || waiting.length > 0;
  return isBehind && legacyIdOf(authentication) === undefined;
}

function isSasl({ namespace }: Payload): boolean {
  return namespace === NS.sasl || namespace === NS.sasl2;
}

function refuseSasl(stream: Stream, payload: Payload, turn: StreamTurn): Payload | undefined {
  const { name, namespace, bytes } = payload;
  const { authentication } = stream;
  const exchange = exchangeOf(authentication);
  const isSasl2 = namespace === NS.sasl2;
  if (name !== (isSasl2 ? 'authenticate' : 'auth')) {
    if (exchange === 'challenged') turnExchange(authentication, 'asked');
    return undefined;
  }
  const mechanism = rootAttribute(bytes, 'mechanism', turn.toolbox) ?? '';
  if (!isShown(stream, isSasl2, mechanism)) return failure(namespace, 'invalid-mechanism');
  if (exchange === 'asked') return failure(namespace, 'malformed-request');
  abandonAttempt(stream, turn);
  beginAttempt(authentication, {
    by: 'sasl',
    mechanism: MECHANISM.test(mechanism) ? mechanism : '',
    missesBinding: (isSasl2 ? MISSED_BINDING_SASL2 : MISSED_BINDING).test(bytes),
  });
  return undefined;
}

function isShown({ authentication: { state } }: Stream, isSasl2: boolean, mechanism: string): boolean {
  if (state.isDone) return false;
  const { sasl, sasl2 } = state.mechanisms;
  return (isSasl2 ? sasl2 : sasl).includes(mechanism);
}

/** XEP-0078; RFC 6120 §8.3.3.21: it is out of order. */
function refuseLegacy(stream: Stream, payload: Payload, turn: StreamTurn): Payload | undefined {
  const iq = isLoggedIn(stream) ? undefined : legacyAuthIn(payload, turn.toolbox);
  if (iq === undefined) return undefined;
  const id = iq.attributes.get('id');
  if (exchangeOf(stream.authentication) === 'asked') {
    const error = element('error', NS.client, '', [element('unexpected-request', NS.stanzaErrors)]);
    const children = [withAttributes(error, { type: 'wait' })];
    const attributes = id === undefined ? { type: 'error' } : { type: 'error', id };
    const answer = withAttributes(element('iq', NS.client, '', children), attributes);
    return { name: 'iq', namespace: NS.client, bytes: writeElement(answer, turn.toolbox), isOwn: true };
  }
  abandonAttempt(stream, turn);
  beginAttempt(stream.authentication, { by: 'iq', id: id ?? '' });
  return undefined;
}

/** RFC 6120 §6.5, XEP-0388 §2.6.3: the conditions are those of RFC 6120 in both. */
function failure(namespace: string, condition: 'invalid-mechanism' | 'malformed-request'): Payload {
  const inside = namespace === NS.sasl ? `<${condition}/>` : `<${condition} xmlns='${NS.sasl}'/>`;
  return { name: 'failure', namespace, bytes: ascii(`<failure xmlns='${namespace}'>${inside}</failure>`) };
}

/** `y,` in Base64, at the beginning of the text: SCRAM's first message has no other place for it. */
const MISSED_BINDING = /^[^>]*>\s*eSw/;
const MISSED_BINDING_SASL2 = /^[^>]*>\s*<(?:[^\s<>]*:)?initial-response[^>]*>\s*eSw/;

/** RFC 6120 §6.3.3: of capital letters, digits, hyphens and underscores. For the log. */
const MECHANISM = /^[A-Z0-9_-]{1,20}$/;

/** The iq, if it is a request to log in by XEP-0078. */
function legacyAuthIn(payload: Payload, toolbox: Toolbox): XmlElement | undefined {
  if (payload.name !== 'iq' || !mayHold(payload, NS.legacyAuth)) return undefined;
  const iq = readElement(payload.bytes, toolbox);
  const isAuth = iq.children.some(({ namespace }) => namespace === NS.legacyAuth);
  return isAuth && iq.attributes.get('type') === 'set' ? iq : undefined;
}

/** Whether a payload can use a namespace: it is written out, unless it is written in references. Cheaper than reading it. */
function mayHold({ bytes }: Payload, namespace: string): boolean {
  return bytes.includes(namespace) || bytes.includes('&');
}
