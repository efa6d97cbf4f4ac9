import { listen } from '../upstream-rig.ts';
import { featuresOf, mechanismsOf, streamRoot } from './server-texts.ts';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const BEFORE_LOGIN = mechanismsOf('ANONYMOUS', 'PLAIN');
const SM = 'urn:xmpp:sm:3';
const AFTER_LOGIN = `<bind xmlns='${BIND}'/>`;

export interface XmppPeerOptions {
  /** What stands in the features before the log-in, instead of SASL mechanisms. */
  readonly features?: string;
  /** It has stream management (XEP-0198), as far as its `h` goes: it resumes nothing. Default false. */
  readonly isManaged?: boolean;
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
  /** Sends this on the newest connection. */
  push(text: string): void;
  /** Asks for an acknowledgement there; resolves with the h of the next one that comes. */
  askForH(): Promise<number>;
  /** How many connections were made to it. */
  connections(): number;
  close(): Promise<void>;
}

export async function startXmppPeer(options: XmppPeerOptions = {}): Promise<XmppPeer> {
  const acknowledged: ((h: number) => void)[] = [];
  let received = '';
  const server = await listen((socket) => {
    socket.setEncoding('utf8');
    const answers = answerer(options, (h) => {
      for (const tell of acknowledged.splice(0)) tell(h);
    });
    socket.on('data', (text: string) => {
      received += text;
      for (const answer of answers(text)) socket.write(answer);
    });
  });
  return {
    port: server.port,
    received: () => received,
    push: (text) => server.sockets.at(-1)?.write(text),
    askForH: () => {
      const answer = new Promise<number>((resolve) => acknowledged.push(resolve));
      server.sockets.at(-1)?.write(`<r xmlns='${SM}'/>`);
      return answer;
    },
    connections: () => server.sockets.length,
    close: () => server.close(),
  };
}

/** What one connection answers to what it reads; `tell` is called with each h that comes. */
function answerer(options: XmppPeerOptions, tell: (h: number) => void): (text: string) => readonly string[] {
  const { features = BEFORE_LOGIN, isManaged = false } = options;
  const afterLogin = isManaged ? `${AFTER_LOGIN}<sm xmlns='${SM}'/>` : AFTER_LOGIN;
  let unread = '';
  let isLoggedIn = false;
  let stanzas = 0;
  return (text) => {
    const answers: string[] = [];
    unread += text;
    for (let match = UNIT.exec(unread); match !== null; match = UNIT.exec(unread)) {
      const [unit] = match;
      unread = unread.slice(match.index + unit.length);
      if (unit.startsWith('<auth')) isLoggedIn = true;
      if (/^<(?:message|iq|presence)/.test(unit)) stanzas += 1;
      if (unit.startsWith('<enable')) stanzas = 0;
      const h = /^<a [^>]*h='(\d+)'/.exec(unit)?.[1];
      if (h !== undefined) tell(Number(h));
      const answer = unit.startsWith('<r ')
        ? `<a xmlns='${SM}' h='${stanzas}'/>`
        : answerTo(unit, isLoggedIn ? afterLogin : features, options);
      if (answer !== '') answers.push(answer);
    }
    return answers;
  };
}

/** The first thing in what was read that wants an answer. */
const UNIT =
  /<stream:stream[^>]*>|<\/stream:stream>|<auth[\s\S]*?(?:<\/auth>|\/>)|<iq[\s\S]*?<\/iq>|<(?:enable|a|r) [^>]*\/>|<presence(?:[^>]*\/>|[\s\S]*?<\/presence>)|<message[\s\S]*?<\/message>/;

function answerTo(unit: string, features: string, { onMessage, onIq }: XmppPeerOptions): string {
  if (unit.startsWith('<stream:stream')) {
    return `<?xml version='1.0'?>${streamRoot(" from='peer'")}${featuresOf(features)}`;
  }
  if (unit.startsWith('</')) return '</stream:stream>';
  if (unit.startsWith('<auth')) return `<success xmlns='${SASL}'/>`;
  if (/^<(?:a|presence)\b/.test(unit)) return '';
  if (unit.startsWith('<enable')) return `<enabled xmlns='${SM}'/>`;
  if (unit.startsWith('<message')) return onMessage?.(unit) ?? unit;
  const own = onIq?.(unit);
  if (own !== undefined) return own;
  const id = /\sid=(['"])(.*?)\1/.exec(unit)?.[2] ?? '';
  const bound = unit.includes(BIND) ? `<bind xmlns='${BIND}'><jid>someone@peer/1</jid></bind>` : '';
  return `<iq type='result' id='${id}'>${bound}</iq>`;
}
