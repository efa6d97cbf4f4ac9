import { ascii, type ByteString, EMPTY, join, type Toolbox } from '../kit/index.ts';
import { attribute, NS } from '../wire/index.ts';
import { nextKey } from './keys.ts';
import type { ClientSession } from './session.ts';

const XBOSH_DECLARED = ascii(` xmlns:xmpp='${NS.xbosh}'`);

/** What a request is, beside its payloads. */
export type RequestKind =
  | { readonly type: 'creation' }
  | { readonly type: 'plain' }
  | { readonly type: 'restart' }
  | { readonly type: 'pause'; readonly seconds: number }
  | { readonly type: 'terminate' };

/** The <body/> of a creation request (XEP-0124 §7.1, XEP-0206 §3). */
export function creationBody(session: ClientSession, rid: number, toolbox: Toolbox): ByteString {
  const { options } = session;
  const { to, from, lang, ver, wait, hold, acks, keys } = options;
  return wrapper(
    EMPTY,
    ascii(` rid='${rid}'`),
    attribute('to', to, toolbox),
    from === undefined ? EMPTY : attribute('from', from, toolbox),
    attribute('xml:lang', lang, toolbox),
    ascii(` wait='${wait / 1000}' hold='${hold}'`),
    attribute('ver', ver, toolbox),
    acks ? ascii(" ack='1'") : EMPTY,
    keys > 0 ? keyAttributes(session, toolbox) : EMPTY,
    ascii(" xmpp:version='1.0'"),
    XBOSH_DECLARED,
  );
}

/** The <body/> of any other request. */
export function requestBody(
  session: ClientSession,
  rid: number,
  sid: string,
  kind: RequestKind,
  payloads: readonly ByteString[],
  toolbox: Toolbox,
): ByteString {
  return wrapper(
    join(...payloads),
    ascii(` rid='${rid}'`),
    attribute('sid', sid, toolbox),
    ackAttribute(session, rid),
    session.options.keys > 0 ? keyAttributes(session, toolbox) : EMPTY,
    kindAttributes(session, kind, toolbox),
  );
}

function wrapper(inside: ByteString, ...attributes: readonly ByteString[]): ByteString {
  const start = join(ascii(`<body xmlns='${NS.httpbind}'`), ...attributes);
  return inside === EMPTY ? join(start, ascii('/>')) : join(start, ascii('>'), inside, ascii('</body>'));
}

function kindAttributes({ options }: ClientSession, kind: RequestKind, toolbox: Toolbox): ByteString {
  if (kind.type === 'pause') return ascii(` pause='${kind.seconds}'`);
  if (kind.type === 'terminate') return ascii(" type='terminate'");
  if (kind.type !== 'restart') return EMPTY;
  return join(
    attribute('to', options.to, toolbox),
    attribute('xml:lang', options.lang, toolbox),
    ascii(" xmpp:restart='true'"),
    XBOSH_DECLARED,
  );
}

/** XEP-0124 §9.2: the highest rid with no reply missing up to it; nothing when no reply is missing at all. */
function ackAttribute({ options, unanswered }: ClientSession, rid: number): ByteString {
  if (!options.acks) return EMPTY;
  const repliedRid = (unanswered[0]?.rid ?? rid) - 1;
  return repliedRid === rid - 1 ? EMPTY : ascii(` ack='${repliedRid}'`);
}

function keyAttributes({ keys, options }: ClientSession, toolbox: Toolbox): ByteString {
  const { key, newkey } = nextKey(keys, options.keys, toolbox);
  return join(
    key === undefined ? EMPTY : ascii(` key='${key}'`),
    newkey === undefined ? EMPTY : ascii(` newkey='${newkey}'`),
  );
}
