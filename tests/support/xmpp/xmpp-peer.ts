import { listen } from '../upstream-rig.ts';
import { featuresOf, mechanismsOf, streamRoot } from './server-texts.ts';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const BEFORE_LOGIN = mechanismsOf('ANONYMOUS', 'PLAIN');
const AFTER_LOGIN = `<bind xmlns='${BIND}'/>`;

export interface XmppPeerOptions {
  /** What stands in the features before the log-in, instead of SASL mechanisms. */
  readonly features?: string;
  /** What it answers to a message, given its text. Default: the message itself. */
  readonly onMessage?: (message: string) => string;
  /** What it answers to an iq, given its text; undefined: an empty result. */
  readonly onIq?: (iq: string) => string | undefined;
}

/**
 * A recorder that speaks just enough XMPP to log in.
 *
 * Unlike a server it has no TLS, lets anyone in, knows no addressing, and takes what it reads apart by patterns: it is
 * for what a real server cannot do, such as to be hostile, or to tell every byte that it got.
 */
export interface XmppPeer {
  readonly port: number;
  /** Everything that was sent to it, all connections together. */
  received(): string;
  /** How many connections were made to it. */
  connections(): number;
  close(): Promise<void>;
}

export async function startXmppPeer(options: XmppPeerOptions = {}): Promise<XmppPeer> {
  const { features = BEFORE_LOGIN } = options;
  let received = '';
  const server = await listen((socket) => {
    socket.setEncoding('utf8');
    let unread = '';
    let isLoggedIn = false;
    socket.on('data', (text: string) => {
      received += text;
      unread += text;
      for (;;) {
        const match = UNIT.exec(unread);
        if (match === null) return;
        unread = unread.slice(match.index + match[0].length);
        if (match[0].startsWith('<auth')) isLoggedIn = true;
        socket.write(answerTo(match[0], isLoggedIn ? AFTER_LOGIN : features, options));
      }
    });
  });
  return {
    port: server.port,
    received: () => received,
    connections: () => server.sockets.length,
    close: () => server.close(),
  };
}

/** The first thing in what was read that wants an answer. */
const UNIT =
  /<stream:stream[^>]*>|<\/stream:stream>|<auth[\s\S]*?(?:<\/auth>|\/>)|<iq[\s\S]*?<\/iq>|<message[\s\S]*?<\/message>/;

function answerTo(unit: string, features: string, { onMessage, onIq }: XmppPeerOptions): string {
  if (unit.startsWith('<stream:stream')) {
    return `<?xml version='1.0'?>${streamRoot(" from='peer'")}${featuresOf(features)}`;
  }
  if (unit.startsWith('</')) return '</stream:stream>';
  if (unit.startsWith('<auth')) return `<success xmlns='${SASL}'/>`;
  if (unit.startsWith('<message')) return onMessage?.(unit) ?? unit;
  const own = onIq?.(unit);
  if (own !== undefined) return own;
  const id = /\sid=(['"])(.*?)\1/.exec(unit)?.[2] ?? '';
  const bound = unit.includes(BIND) ? `<bind xmlns='${BIND}'><jid>someone@peer/1</jid></bind>` : '';
  return `<iq type='result' id='${id}'>${bound}</iq>`;
}
