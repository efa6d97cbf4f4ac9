import { ascii, join, type Toolbox } from '../kit/index.ts';
import { type Reply, terminalBody, terminalReply } from '../session/index.ts';
import { escapeText, NS } from '../wire/index.ts';

/**
 * Which new sessions are sent to another URI (XEP-0124 §17.2, see-other-uri). Sessions that are there go on.
 *
 * | 'http'     | those asked for without encryption: the example of the XEP                |
 * | 'shutdown' | those asked for while boshd stops, instead of system-shutdown              |
 * | 'always'   | all: the service has moved                                                |
 */
export interface SeeOther {
  /** Of BOSH; undefined: only clients over WebSocket are sent elsewhere. */
  readonly uri: string | undefined;
  /** The same for clients over WebSocket (RFC 7395 §3.6.1). */
  readonly websocketUri?: string | undefined;
  readonly when: 'http' | 'shutdown' | 'always';
}

/** Where this creation request is to be sent; undefined: nowhere else. */
export function otherUriFor(
  seeOther: SeeOther | undefined,
  isSecure: boolean,
  isShuttingDown: boolean,
): string | undefined {
  return applies(seeOther, isSecure, isShuttingDown) ? seeOther?.uri : undefined;
}

/** Where a client over WebSocket is to be sent; undefined: nowhere else. */
export function socketUriFor(
  seeOther: SeeOther | undefined,
  isSecure: boolean,
  isShuttingDown: boolean,
): string | undefined {
  return applies(seeOther, isSecure, isShuttingDown) ? seeOther?.websocketUri : undefined;
}

function applies(seeOther: SeeOther | undefined, isSecure: boolean, isShuttingDown: boolean): boolean {
  if (seeOther === undefined) return false;
  return { http: !isSecure, shutdown: isShuttingDown, always: true }[seeOther.when];
}

const START = ascii('<uri>');
const END = ascii('</uri>');

/** The terminal reply that names the URI, in the namespace of `body`. No HTTP status of legacy clients stands for it. */
export function otherUriReply(uri: string, contentType: string, toolbox: Toolbox): Reply {
  const bytes = join(START, escapeText(uri, toolbox), END);
  const terminal = { condition: 'see-other-uri', error: undefined } as const;
  const body = terminalBody(terminal, [{ bytes, name: 'uri', namespace: NS.httpbind }]);
  return terminalReply(terminal, false, contentType, body);
}
