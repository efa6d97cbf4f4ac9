import { type Duration, fault, ok, type Result, seconds, type Toolbox } from '../kit/index.ts';
import { decodeReply, NS, type Payload, SERVER_XML_LIMITS } from '../wire/index.ts';
import type { ClientTerms, StreamFacts } from './work.ts';

/** A reply as the client understands it. */
export interface Reply {
  readonly type: 'terminate' | 'error' | undefined;
  readonly condition: string | undefined;
  /** The rid whose reply seems to be lost (XEP-0124 §9.2). */
  readonly report: number | undefined;
  /** Only in the reply to a creation request. */
  readonly terms: ClientTerms | undefined;
  /** Only where a stream has started (XEP-0206 §4). */
  readonly stream: StreamFacts | undefined;
  readonly payloads: readonly Payload[];
}

const LEGACY_CONDITIONS: Readonly<Record<number, string>> = {
  400: 'bad-request',
  403: 'policy-violation',
  404: 'item-not-found',
};

/**
 * Reads the reply to an HTTP request. A fault is what may come from a proxy on the way: an error page, a status that no
 * manager sends, an empty body. `isLegacy`: whether 400, 403 and 404 are the manager's own (XEP-0124 §17.1).
 */
export function readReply(
  status: number,
  bytes: Uint8Array,
  isLegacy: boolean,
  toolbox: Toolbox,
): Result<Reply, 'not-bosh'> {
  const condition = isLegacy ? LEGACY_CONDITIONS[status] : undefined;
  if (condition !== undefined) return ok(terminalReply(condition));
  if (status !== 200) return fault('not-bosh');
  const decoded = decodeReply(bytes, SERVER_XML_LIMITS, toolbox);
  if (!decoded.ok) return fault('not-bosh');
  const { attributes, payloads } = decoded.value;
  const type = attributes.get('type');
  return ok({
    type: type === 'terminate' || type === 'error' ? type : undefined,
    condition: attributes.get('condition'),
    report: wholeNumber(attributes.get('report')),
    terms: readTerms(attributes),
    stream: readStreamFacts(attributes),
    payloads,
  });
}

function terminalReply(condition: string): Reply {
  return {
    type: 'terminate',
    condition,
    report: undefined,
    terms: undefined,
    stream: undefined,
    payloads: [],
  };
}

/** XEP-0124 §7.2. What is absent or malformed is as if the manager set no such limit. */
function readTerms(attributes: ReadonlyMap<string, string>): ClientTerms | undefined {
  const sid = attributes.get('sid');
  if (sid === undefined) return undefined;
  const wait = duration(attributes.get('wait')) ?? seconds(0);
  const requests = wholeNumber(attributes.get('requests'));
  return {
    sid,
    wait,
    requests: requests === undefined ? undefined : Math.max(1, requests),
    inactivity: duration(attributes.get('inactivity')),
    polling: duration(attributes.get('polling')),
    maxpause: duration(attributes.get('maxpause')),
    isPolling: wait === 0 || wholeNumber(attributes.get('hold')) === 0 || requests === 1,
    isLegacy: !attributes.has('ver'),
    acks: attributes.has('ack'),
  };
}

function readStreamFacts(attributes: ReadonlyMap<string, string>): StreamFacts | undefined {
  const from = attributes.get('from');
  const authid = attributes.get('authid');
  const version = attributes.get(`{${NS.xbosh}}version`);
  return from === undefined && authid === undefined ? undefined : { from, authid, version };
}

function duration(text: string | undefined): Duration | undefined {
  const count = wholeNumber(text);
  return count === undefined ? undefined : seconds(count);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
