import { ascii, type ByteString } from '@boshd/engine/kit';
import { terminalReply } from '@boshd/engine/session';
import { REQUEST_CODINGS } from '../request/inflate.ts';
import type { HeaderLines } from './headers.ts';

/** A reply that the front makes itself, without the engine. */
export interface PlainReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: ByteString;
  /** Headers besides those that every reply has. */
  readonly headers: HeaderLines;
  /** Which of the headers common to all are meant; absent: those of the site. */
  readonly instead?: HeaderLines;
}

const TEXT = 'text/plain; charset=utf-8';

function text(status: number, sentence: string, headers: HeaderLines = []): PlainReply {
  return { status, contentType: TEXT, body: ascii(`${sentence}\n`), headers };
}

/** What a person sees who opens the URL, and what some clients fetch to see whether it is alive. */
export const GREETING = text(
  200,
  'This is the URL of a BOSH service (XEP-0124), and it works. XMPP clients POST to it.',
);
export const NOT_FOUND = text(404, 'There is nothing at this path.');
const ORIGIN_REFUSED = text(
  403,
  "Refused: this service does not allow the web origin of your page. Its operator finds the reason in boshd's log.",
);
const NULL_ORIGIN_REFUSED = text(
  403,
  'Refused: the web origin of your page is null, as that of files and of sandboxed frames. Any page can have it, so this service does not allow it.',
);
/** To a page whose origin no rule allows. */
export function originRefused(origin: string | undefined): PlainReply {
  return origin === 'null' ? NULL_ORIGIN_REFUSED : ORIGIN_REFUSED;
}

export const NO_SITE = text(
  404,
  'This service is for certain web sites, and this is the host of none of them.',
);
/** To a page that had its own name point to this machine (DNS rebinding). */
export const HOST_REFUSED = text(
  403,
  "Refused: the Host of the request is no name of this service. Its operator finds the reason in boshd's log.",
);
export const POST_REFUSED = text(403, 'Refused: this site does not take BOSH requests by POST.');
export const NAVIGATION_REFUSED = text(
  403,
  'Refused: a form can not be posted to a BOSH service; XMPP clients send their requests by script.',
);
export const SCRIPT_MISUSED = text(
  403,
  'Refused: the script syntax of BOSH (XEP-0252) is for script elements of pages.',
);
export const SYNTAX_OFF = text(404, 'This BOSH service does not take this syntax.');
/** What a person sees who opens the URL of WebSockets. */
export const UPGRADE_REQUIRED = text(
  426,
  'This is the URL of XMPP over WebSocket (RFC 7395), and it works. XMPP clients open WebSockets here.',
  ['Upgrade', 'websocket', 'Connection', 'Upgrade'],
);
export const SUBPROTOCOL_MISSING = text(
  400,
  'The subprotocol of a WebSocket must be xmpp here (RFC 7395 section 3.1).',
);
export const MALFORMED = text(400, 'The HTTP request is malformed.');
export const HOST_WRONG = text(
  400,
  'An HTTP/1.1 request must have exactly one Host header (RFC 9112 section 3.2).',
);
export const BUSY = text(503, 'Too many requests are being read at once; try again in a moment.', [
  'Retry-After',
  '5',
]);
export const FULL = text(503, 'No new session can begin at the moment; try again soon.', [
  'Retry-After',
  '5',
]);
export const TOO_SLOW = text(408, 'The HTTP request took too long to arrive.');
export const HEAD_TOO_LARGE = text(431, 'The HTTP request has too many header lines, or they are too long.');
export const EXPECTATION_FAILED = text(417, 'No expectation but 100-continue is met here.');
const CODING_UNKNOWN = text(415, 'The content coding of the request is not known here.', [
  'Accept-Encoding',
  REQUEST_CODINGS,
]);
const CODING_REFUSED = text(415, 'Requests in a content coding are not taken here.', [
  'Accept-Encoding',
  'identity',
]);

export function codingUnknown(takesCompressed: boolean): PlainReply {
  return takesCompressed ? CODING_UNKNOWN : CODING_REFUSED;
}

export const BOSH_METHODS = 'POST, GET, HEAD, OPTIONS';
export const ALLOWED_METHODS: PlainReply = { ...NOT_FOUND, status: 204, headers: ['Allow', BOSH_METHODS] };

export function methodRefused(allowed: string): PlainReply {
  return text(405, `This path takes ${allowed} only.`, ['Allow', allowed]);
}

/** To a client whose request is not read, since workers died of it; as the engine would say it. */
export const ENDED = terminalReply({ condition: 'internal-server-error', error: undefined }, false);
