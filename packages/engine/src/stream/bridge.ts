import { ascii, type Toolbox } from '../kit/index.ts';
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
import { chooseMechanism, type FastMechanism, randomUuid, readToken } from './sasl2/token.ts';
import { send } from './send.ts';
import type { Stream } from './stream.ts';
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
  /** <authenticate/> was sent, and what is said next is part of it. */
  isAsking: boolean;
  /** The server wants a second step: what it says to our <abort/> is not for the client, which goes on with plain SASL. */
  isAborting: boolean;
  isGivenUp: boolean;
  /** What was asked for with <authenticate/>. */
  asked: FastMechanism | undefined;
  /** SASL2 is done; the features of the stream that is logged in follow, or are here. */
  hasSucceeded: boolean;
  /** The client's restart, which waits for the features. */
  isRestartAsked: boolean;
  /** The features after success, until the client restarts. */
  kept: Payload | undefined;
}

export function makeBridge(offer: Sasl2Offer, opened: OpenedStream, toolbox: Toolbox): Bridge {
  return {
    offer,
    opened,
    agent: randomUuid(toolbox),
    isAsking: false,
    isAborting: false,
    isGivenUp: false,
    asked: undefined,
    hasSucceeded: false,
    isRestartAsked: false,
    kept: undefined,
  };
}

const ABORT = ascii(`<abort xmlns='${NS.sasl2}'/>`);

/** Base 64 (RFC 4648 §4), in lines or not. */
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;

/** What the client says, as the server is to hear it. */
export function toServer(stream: Stream, bridge: Bridge, payload: Payload, toolbox: Toolbox): Payload {
  if (payload.namespace !== NS.sasl) return payload;
  const step = read(payload, toolbox);
  // No SASL data (RFC 6120 §6.4.2), and written anew it could be five times as long: the server is to say that it is none.
  if (!BASE64.test(step.text)) return payload;
  if (step.name === 'auth') {
    const isKnown = bridge.offer.mechanisms.includes(step.attributes.get('mechanism') ?? '');
    if (bridge.isGivenUp || !isKnown) return payload;
    bridge.isAsking = true;
    return payloadOf(authenticateFrom(step, additions(stream, bridge)), toolbox);
  }
  if (!bridge.isAsking) return payload;
  return payloadOf(stepFromClient(step), toolbox);
}

/** Who is asking, and for a token where one could be used. */
function additions(stream: Stream, bridge: Bridge): readonly XmlElement[] {
  const software = element('software', NS.sasl2, 'boshd');
  const agent = withAttributes(element('user-agent', NS.sasl2, '', [software]), { id: bridge.agent });
  const { resumption, streamManagement } = stream.limits;
  if (!resumption || streamManagement !== 'boshd') return [agent];
  bridge.asked = chooseMechanism(bridge.offer.fast, stream.bindings);
  if (bridge.asked === undefined) return [agent];
  return [agent, withAttributes(element('request-token', NS.fast), { mechanism: bridge.asked })];
}

/** What the server says of SASL2, as the client is to hear it; undefined: it is not for the client. */
export function toClient(
  stream: Stream,
  bridge: Bridge,
  payload: Payload,
  turn: StreamTurn,
): Payload | undefined {
  const step = read(payload, turn.toolbox);
  if (bridge.isAborting) {
    bridge.isAborting = step.name !== 'failure' && step.name !== 'success';
    return undefined;
  }
  if (step.name === 'continue') {
    bridge.isAsking = false;
    bridge.isGivenUp = true;
    bridge.isAborting = true;
    send(stream, ABORT, turn);
    return payloadOf(SECOND_STEP, turn.toolbox);
  }
  if (step.name === 'success') takeCredential(stream, bridge, step);
  if (step.name === 'success' || step.name === 'failure') bridge.isAsking = false;
  return payloadOf(stepFromServer(step), turn.toolbox);
}

function takeCredential(stream: Stream, { asked, agent }: Bridge, success: XmlElement): void {
  const token = readToken(success);
  const identifier = childOf(success, 'authorization-identifier', NS.sasl2)?.text.trim() ?? '';
  const [jid = ''] = identifier.split('/', 1);
  const at = jid.indexOf('@');
  if (token === undefined || asked === undefined || at <= 0) return;
  stream.credential = { ...token, mechanism: asked, jid, user: jid.slice(0, at), agent, count: 0 };
}
