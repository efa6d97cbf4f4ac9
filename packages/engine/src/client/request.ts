import { NS } from '../wire/index.ts';
import { nextKey } from './keys.ts';
import type { ClientSession } from './session.ts';
import type { ClientToolbox, OutgoingPayload } from './work.ts';
import { escapeAttribute } from './xml/index.ts';

const XBOSH_DECLARED = ` xmlns:xmpp='${NS.xbosh}'`;

/** What a request is, beside its payloads. */
export type RequestKind =
  | { readonly type: 'creation' }
  | { readonly type: 'plain' }
  | { readonly type: 'restart' }
  | { readonly type: 'pause'; readonly seconds: number }
  | { readonly type: 'terminate' };

/** The <body/> of a creation request (XEP-0124 §7.1, XEP-0206 §3). */
export function creationBody(session: ClientSession, rid: number, toolbox: ClientToolbox): string {
  const { to, from, lang, ver, wait, hold, acks, keys } = session.options;
  return wrapper(
    '',
    ` rid='${rid}'`,
    attribute('to', to),
    from === undefined ? '' : attribute('from', from),
    attribute('xml:lang', lang),
    ` wait='${wait / 1000}' hold='${hold}'`,
    attribute('ver', ver),
    acks ? " ack='1'" : '',
    keys > 0 ? keyAttributes(session, toolbox) : '',
    " xmpp:version='1.0'",
    XBOSH_DECLARED,
  );
}

/** The <body/> of any other request. */
export function requestBody(
  session: ClientSession,
  rid: number,
  sid: string,
  kind: RequestKind,
  payloads: readonly OutgoingPayload[],
  toolbox: ClientToolbox,
): string {
  return wrapper(
    payloads.map(({ xml }) => xml).join(''),
    ` rid='${rid}'`,
    attribute('sid', sid),
    ackAttribute(session, rid),
    session.options.keys > 0 ? keyAttributes(session, toolbox) : '',
    kindAttributes(session, kind),
  );
}

function wrapper(inside: string, ...attributes: readonly string[]): string {
  const start = `<body xmlns='${NS.httpbind}'${attributes.join('')}`;
  return inside === '' ? `${start}/>` : `${start}>${inside}</body>`;
}

function attribute(name: string, value: string): string {
  return ` ${name}='${escapeAttribute(value)}'`;
}

function kindAttributes({ options }: ClientSession, kind: RequestKind): string {
  if (kind.type === 'pause') return ` pause='${kind.seconds}'`;
  if (kind.type === 'terminate') return " type='terminate'";
  if (kind.type !== 'restart') return '';
  const stream = attribute('to', options.to) + attribute('xml:lang', options.lang);
  return `${stream} xmpp:restart='true'${XBOSH_DECLARED}`;
}

/** XEP-0124 §9.2: the highest rid with no reply missing up to it; nothing when no reply is missing at all. */
function ackAttribute({ options, unanswered }: ClientSession, rid: number): string {
  if (!options.acks) return '';
  const repliedRid = (unanswered[0]?.rid ?? rid) - 1;
  return repliedRid === rid - 1 ? '' : ` ack='${repliedRid}'`;
}

function keyAttributes({ keys, options }: ClientSession, toolbox: ClientToolbox): string {
  const { key, newkey } = nextKey(keys, options.keys, toolbox);
  return (key === undefined ? '' : ` key='${key}'`) + (newkey === undefined ? '' : ` newkey='${newkey}'`);
}
