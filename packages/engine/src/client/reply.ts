import { type Duration, fault, ok, type Result, seconds } from '../kit/index.ts';
import { NS } from '../wire/index.ts';
import type { ClientTerms, StreamFacts } from './work.ts';
import { type ClientPayload, payloadsOf, readDocument } from './xml/index.ts';

/** A reply as the client understands it. */
export interface Reply {
  readonly type: 'terminate' | 'error' | undefined;
  readonly condition: string | undefined;
  /** The rid whose reply seems to be lost (XEP-0124 §9.2). */
  readonly report: number | undefined;
  /** The highest rid up to which the manager has every request; undefined: that of this reply (XEP-0124 §9.1). */
  readonly ack: number | undefined;
  /** Only in the reply to a creation request. */
  readonly terms: ClientTerms | undefined;
  /** Only where a stream has started (XEP-0206 §4). */
  readonly stream: StreamFacts | undefined;
  readonly payloads: readonly ClientPayload[];
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
export function readReply(status: number, text: string, isLegacy: boolean): Result<Reply, 'not-bosh'> {
  const condition = isLegacy ? LEGACY_CONDITIONS[status] : undefined;
  if (condition !== undefined) return ok(terminalReply(condition));
  if (status !== 200) return fault('not-bosh');
  const document = readDocument(text);
  const root = document?.root;
  if (document === undefined || root?.name !== 'body' || root.namespace !== NS.httpbind)
    return fault('not-bosh');
  const { attributes } = root;
  const { type, condition: named } = attributes;
  return ok({
    type: type === 'terminate' || type === 'error' ? type : undefined,
    condition: named,
    report: wholeNumber(attributes['report']),
    ack: wholeNumber(attributes['ack']),
    terms: readTerms(attributes),
    stream: readStreamFacts(attributes),
    payloads: payloadsOf(text, document),
  });
}

function terminalReply(condition: string): Reply {
  return {
    type: 'terminate',
    condition,
    report: undefined,
    ack: undefined,
    terms: undefined,
    stream: undefined,
    payloads: [],
  };
}

/** XEP-0124 §7.2. What is absent or malformed is as if the manager set no such limit. */
function readTerms(attributes: Readonly<Record<string, string>>): ClientTerms | undefined {
  const sid = attributes['sid'];
  if (sid === undefined) return undefined;
  const wait = duration(attributes['wait']) ?? seconds(0);
  const requests = wholeNumber(attributes['requests']);
  return {
    sid,
    wait,
    requests: requests === undefined ? undefined : Math.max(1, requests),
    inactivity: duration(attributes['inactivity']),
    polling: duration(attributes['polling']),
    maxpause: duration(attributes['maxpause']),
    isPolling: wait === 0 || wholeNumber(attributes['hold']) === 0 || requests === 1,
    isLegacy: attributes['ver'] === undefined,
    acks: attributes['ack'] !== undefined,
  };
}

function readStreamFacts(attributes: Readonly<Record<string, string>>): StreamFacts | undefined {
  const from = attributes['from'];
  const authid = attributes['authid'];
  const version = attributes[`{${NS.xbosh}}version`];
  return from === undefined && authid === undefined ? undefined : { from, authid, version };
}

function duration(text: string | undefined): Duration | undefined {
  const count = wholeNumber(text);
  return count === undefined ? undefined : seconds(count);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
