import { ascii, type Instant, type Toolbox } from '../kit/index.ts';
import { NS, type Payload, type XmlElement } from '../wire/index.ts';
import {
  authenticateFrom,
  childOf,
  element,
  payloadOf,
  read,
  SECOND_STEP,
  stepFromClient,
  stepFromServer,
  withAttributes,
} from './sasl2/convert.ts';
import type { Sasl2Offer } from './sasl2/offer.ts';
import { type Credential, chooseMechanism, type FastMechanism, readToken } from './sasl2/token.ts';
import { send } from './send.ts';
import { type Stream, setCredential } from './stream.ts';
import type { OpenedStream, StreamTurn } from './work.ts';

/*
 * A client that speaks SASL (RFC 6120 §6), in front of a server that speaks SASL2 (XEP-0388): the only way to a FAST
 * token, and so to a stream that can be resumed. The client does not notice.
 */
export interface Bridge {
  readonly offer: Sasl2Offer;
  /** What the server's header said; the client's restart is answered with it again. */
  readonly opened: OpenedStream;
  readonly agent: string;
  state: BridgeState;
}

type BridgeState =
  | { readonly is: 'idle' }
  /** <authenticate/> was sent, with a request for such a token, and what is said next is part of it. */
  | { readonly is: 'asking'; readonly token: FastMechanism | undefined }
  /** The server wants a second step: what it says to our <abort/> is not for the client, which goes on with plain SASL. */
  | { readonly is: 'aborting' }
  | { readonly is: 'given-up' }
  /** SASL2 is done; the features of the stream that is logged in follow, or are kept until the client restarts. */
  /** SASL2 is done; the features of the stream that is logged in follow. */
  | {
      readonly is: 'done';
      readonly features: undefined;
      /** They must have come then. */
      readonly by: Instant | undefined;
      /** The client's restart waits for them. */
      readonly isRestartAsked: boolean;
    }
  /** They are kept until the client restarts. */
  | { readonly is: 'done'; readonly features: Payload };

const IDLE: BridgeState = { is: 'idle' };
const ABORTING: BridgeState = { is: 'aborting' };
const GIVEN_UP: BridgeState = { is: 'given-up' };

export function makeBridge(
  offer: Sasl2Offer,
  opened: OpenedStream,
  agent: string,
  state: BridgeState = IDLE,
): Bridge {
  return { offer, opened, agent, state };
}

/** Success went to the client: the features follow, and do not take for ever. */
export function succeed(bridge: Bridge, by: Instant): void {
  const { state } = bridge;
  if (state.is !== 'done') bridge.state = { is: 'done', features: undefined, by, isRestartAsked: false };
  else if (state.features === undefined) bridge.state = { ...state, by };
}

/** The features after success. True: the client has asked for a restart, and is to get them now. */
export function keepFeatures(bridge: Bridge, features: Payload): boolean {
  const { state } = bridge;
  if (state.is !== 'done') return false;
  bridge.state = { is: 'done', features };
  return state.features === undefined && state.isRestartAsked;
}

/** The client restarts, a second time, too, if it likes. Returns the features, where they are here. */
export function askRestart(bridge: Bridge): Payload | undefined {
  const { state } = bridge;
  if (state.is !== 'done') return undefined;
  if (state.features === undefined) bridge.state = { ...state, isRestartAsked: true };
  return state.features;
}

/** When the features after success must have come. */
export function featuresBy({ state }: Bridge): Instant | undefined {
  return state.is === 'done' && state.features === undefined ? state.by : undefined;
}

const ABORT = ascii(`<abort xmlns='${NS.sasl2}'/>`);

/** Base 64 (RFC 4648 §4), in lines or not. */
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;

/** What the client says, as the server is to hear it. */
export function toServer(stream: Stream, bridge: Bridge, payload: Payload, toolbox: Toolbox): Payload {
  if (payload.namespace !== NS.sasl) return payload;
  const { state } = bridge;
  const step = read(payload, toolbox);
  // No SASL data (RFC 6120 §6.4.2), and written anew it could be five times as long: the server is to say that it is none.
  if (!BASE64.test(step.text)) return payload;
  if (step.name === 'auth') {
    const isKnown = bridge.offer.mechanisms.includes(step.attributes.get('mechanism') ?? '');
    const mayAsk = state.is === 'idle' || state.is === 'asking';
    if (!mayAsk || !isKnown) return payload;
    const token = tokenFor(stream, bridge);
    bridge.state = { is: 'asking', token };
    return payloadOf(authenticateFrom(step, additions(bridge, token)), toolbox);
  }
  if (state.is !== 'asking') return payload;
  return payloadOf(stepFromClient(step), toolbox);
}

/** What the server says of SASL2, as the client is to hear it; undefined: it is not for the client. */
export function toClient(
  stream: Stream,
  bridge: Bridge,
  payload: Payload,
  turn: StreamTurn,
): Payload | undefined {
  const step = read(payload, turn.toolbox);
  const { state } = bridge;
  const isVerdict = step.name === 'failure' || step.name === 'success';
  if (state.is === 'aborting') {
    if (isVerdict) bridge.state = GIVEN_UP;
    return undefined;
  }
  if (step.name === 'continue') {
    bridge.state = ABORTING;
    send(stream, ABORT, turn);
    return { ...payloadOf(SECOND_STEP, turn.toolbox), isOwn: true };
  }
  if (state.is === 'asking' && step.name === 'success')
    setCredential(stream, credentialOf(bridge, state.token, step));
  if (state.is === 'asking' && isVerdict) bridge.state = IDLE;
  return payloadOf(stepFromServer(step), turn.toolbox);
}

/** The token to ask for, where one could be used. */
function tokenFor({ limits, link }: Stream, { offer }: Bridge): FastMechanism | undefined {
  const isOfUse = limits.resumption && limits.streamManagement === 'boshd';
  return isOfUse ? chooseMechanism(offer.fast, link.bindings) : undefined;
}

/** Who is asking, and for which token. */
function additions(bridge: Bridge, token: FastMechanism | undefined): readonly XmlElement[] {
  const software = element('software', NS.sasl2, 'boshd');
  const agent = withAttributes(element('user-agent', NS.sasl2, '', [software]), { id: bridge.agent });
  if (token === undefined) return [agent];
  return [agent, withAttributes(element('request-token', NS.fast), { mechanism: token })];
}

function credentialOf(
  { agent }: Bridge,
  asked: FastMechanism | undefined,
  success: XmlElement,
): Credential | undefined {
  const token = readToken(success);
  const identifier = childOf(success, 'authorization-identifier', NS.sasl2)?.text.trim() ?? '';
  const [jid = ''] = identifier.split('/', 1);
  const at = jid.indexOf('@');
  if (token === undefined || asked === undefined || at <= 0) return undefined;
  return { ...token, mechanism: asked, jid, user: jid.slice(0, at), agent, count: 0 };
}
