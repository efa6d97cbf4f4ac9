import { type XmlNode, xml } from '@boshd/engine/client';
import { seconds } from '@boshd/engine/kit';
import { BoshTransport } from './bosh/bosh.ts';
import { ClientError } from './errors.ts';
import { Line, type LineOptions } from './xmpp/line.ts';
import type { LoginOptions } from './xmpp/login.ts';
import { inStream, type RequestHandler, Session } from './xmpp/session.ts';

/** Where to connect, and as whom. */
export interface ConnectOptions {
  /** The BOSH URL, relative to the page where there is one. */
  readonly url: string;
  /** The user's address; without one, `domain`, and the server gives an address (SASL ANONYMOUS). */
  readonly jid?: string;
  readonly password?: string;
  /** An OAuth 2.0 access token in place of a password (SASL OAUTHBEARER). */
  readonly token?: string;
  /** The XMPP domain of a log-in without an address. */
  readonly domain?: string;
  /** The last part of the full address. Default: the server chooses; it must differ from that of other pages. */
  readonly resource?: string;
  /** Language of the server's texts. Default: the browser's. */
  readonly lang?: string;
  /** Sent after each log-in. Default `<presence/>`, without which no messages come; `false` for none. */
  readonly presence?: XmlNode | false;
  /** Answers requests of others. Default: pings are answered, all else is refused. */
  readonly onRequest?: RequestHandler;
  /** Whether cookies go to a service of another origin: as for `fetch`. Default `same-origin`. */
  readonly credentials?: RequestCredentials;
  /** Seconds that the service may hold a request. Default 55: most proxies cut at 60. */
  readonly wait?: number;
}

/**
 * Connects and logs in. Errors come by `session.ready`; a session that was online once goes on by itself.
 *
 * @example
 * const session = connect({ url: '/http-bind', domain: 'guests.example.org' });
 * console.log(await session.ready); // 'd3b0@guests.example.org/x7'
 */
export function connect(options: ConnectOptions): Session {
  const lineOptions = lineOptionsOf(options);
  return new Session((user) => {
    const line = new Line(lineOptions, user);
    // A moment later, so that who calls has the session before anything happens to it.
    queueMicrotask(() => void line.open());
    return line;
  }, options.onRequest);
}

function lineOptionsOf(options: ConnectOptions): LineOptions {
  const { url, lang = preferredLanguage(), presence, credentials, wait = 55 } = options;
  const to = domainOf(options);
  return {
    login: loginOf(options),
    makeTransport: (user, attach, onProgress) =>
      new BoshTransport({ url, to, lang, credentials, wait: seconds(wait), attach, onProgress }, user),
    greeting: presence === false ? undefined : inStream(presence ?? xml('presence')),
    store: undefined,
    attach: undefined,
  };
}

function loginOf({ url, jid, password, token, resource }: ConnectOptions): LoginOptions {
  const isSecure = isSecureUrl(url);
  if (jid === undefined) return { credentials: { type: 'anonymous' }, isSecure, resource };
  const user = jid.slice(0, jid.indexOf('@'));
  if (token !== undefined) return { credentials: { type: 'token', jid, token }, isSecure, resource };
  if (password === undefined) throw new TypeError('connect() needs a password or a token beside jid');
  return { credentials: { type: 'password', user, password }, isSecure, resource };
}

function domainOf({ jid, domain }: ConnectOptions): string {
  if (jid === undefined) {
    if (domain === undefined) throw new TypeError('connect() needs jid or domain');
    return domain;
  }
  // RFC 7622 §3.1
  const [, of = ''] = /^[^@/]+@([^@/]+)(?:\/.*)?$/s.exec(jid) ?? [];
  if (of === '') throw new ClientError('bad-address', `${jid} is not an address like name@example.org`);
  return of;
}

function preferredLanguage(): string {
  return typeof navigator === 'object' && 'language' in navigator ? navigator.language : 'en';
}

const OWN_MACHINE = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Whether nobody reads along on the way to the service. */
function isSecureUrl(url: string): boolean {
  const base = typeof location === 'object' ? location.href : undefined;
  const { protocol, hostname } = new URL(url, base);
  return protocol === 'https:' || protocol === 'wss:' || OWN_MACHINE.test(hostname);
}
