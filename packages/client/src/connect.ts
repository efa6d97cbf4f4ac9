import { type XmlNode, xml } from '@boshd/engine/client';
import { seconds } from '@boshd/engine/kit';
import { BoshTransport } from './bosh/bosh.ts';
import { ClientError } from './errors.ts';
import { TabStore } from './page/keep.ts';
import { SharedLine } from './share/shared-line.ts';
import { type Choice, FallbackTransport } from './transport/fallback.ts';
import { discover, type Services } from './transport/host-meta.ts';
import type { Transport } from './transport/transport.ts';
import { WebSocketTransport } from './websocket/websocket.ts';
import { type FoundTransport, type Kept, Line, type LineOptions } from './xmpp/line.ts';
import type { LoginOptions } from './xmpp/login.ts';
import { inStream, type RequestHandler, Session } from './xmpp/session.ts';

/** What a page needs to go on with a session that was made for it. */
export interface Attach {
  readonly jid: string;
  readonly sid: string;
  readonly rid: number;
}

/** Where to connect, and as whom. */
export interface ConnectOptions {
  /** The BOSH URL, relative to the page where there is one. Without `url` and `webSocket` the domain is asked (XEP-0156). */
  readonly url?: string;
  /** The WebSocket URL (RFC 7395): tried first, with BOSH behind it where `url` is given too. */
  readonly webSocket?: string;
  /** Where the domain says what its services are. Default `https://DOMAIN/.well-known/host-meta.json`. */
  readonly hostMeta?: string;
  /** The user's address; without one, `domain`, and the server gives an address (SASL ANONYMOUS). */
  readonly jid?: string;
  readonly password?: string;
  /** An OAuth 2.0 access token in place of a password (SASL OAUTHBEARER). */
  readonly token?: string;
  /** The XMPP domain of a log-in without an address. */
  readonly domain?: string;
  /** The last part of the full address. Default: the server chooses; it must differ from that of other pages. */
  readonly resource?: string;
  /**
   * `session`: the next page of the same tab goes on with the session, after a reload or a link; it needs no password for
   * that. BOSH only. Default: a page that goes away signs out.
   */
  readonly keep?: 'session';
  /**
   * With `keep`: seconds that the session waits for the next page, after which a tab that was closed has signed out. Default: as
   * long as the service waits for a client that it does not hear of (`inactivity`).
   */
  readonly keepSeconds?: number;
  /** One session for all tabs that say so with the same URL and address. Signing out is for all. Default false. */
  readonly shareTabs?: boolean;
  /**
   * A BOSH session that the web application made and logged in, so that the page needs no password: `rid` is the next one
   * to use. A function asks the web application for one, and again for another when that one is lost; without a function
   * the page then logs in if it can.
   */
  readonly attach?: Attach | (() => Promise<Attach>);
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
  const { onRequest, shareTabs = false } = options;
  return new Session((user) => {
    if (shareTabs && SharedLine.isPossible()) return new SharedLine(keyOf(options), lineOptions, user);
    const line = new Line(lineOptions, user);
    // A moment later, so that who calls has the session before anything happens to it.
    queueMicrotask(() => void line.open());
    return line;
  }, onRequest);
}

/** Sessions of the same key can stand for each other. */
function keyOf({ url, webSocket, attach, jid = addressIn(attach), domain }: ConnectOptions): string {
  return [url ?? webSocket ?? '', jid ?? domain].join(' ');
}

function lineOptionsOf(options: ConnectOptions): LineOptions {
  const { presence, keep, keepSeconds } = options;
  const to = domainOf(options);
  const login = loginOf(options);
  return {
    login,
    findTransport: finder(options, to),
    greeting: presence === false ? undefined : inStream(presence ?? xml('presence')),
    store: keep === 'session' && TabStore.isPossible() ? new TabStore(`boshd ${keyOf(options)}`) : undefined,
    keepFor: keepSeconds === undefined ? undefined : seconds(keepSeconds),
    attach: attachedTo(options),
    canBeginAgain: login !== undefined || typeof options.attach === 'function',
  };
}

function addressIn(attach: ConnectOptions['attach']): string | undefined {
  return typeof attach === 'object' ? attach.jid : undefined;
}

/** A session that was given is there once. */
function attachedTo({ attach, wait = 55 }: ConnectOptions): LineOptions['attach'] {
  if (attach === undefined) return undefined;
  if (typeof attach === 'function') return async () => keptOf(await attach(), wait);
  let given: Attach | undefined = attach;
  return async () => {
    const kept = given === undefined ? undefined : keptOf(given, wait);
    given = undefined;
    return kept;
  };
}

/** XEP-0124 §7.2: what the creation reply said is not known here; these are what a session has at least. */
function keptOf({ jid, sid, rid }: Attach, wait: number): Kept {
  const unknown = { inactivity: undefined, polling: undefined, maxpause: undefined };
  const granted = { wait: seconds(wait), requests: 2, isPolling: false, isLegacy: false, acks: true };
  return {
    jid,
    snapshot: { terms: { sid, ...granted, ...unknown }, nextRid: rid, unanswered: [], queue: [] },
  };
}

/** Where the services are is found out once. */
function finder(options: ConnectOptions, to: string): LineOptions['findTransport'] {
  const { url, webSocket, hostMeta = `https://${to}/.well-known/host-meta.json` } = options;
  let services: Services | undefined =
    url === undefined && webSocket === undefined ? undefined : { bosh: url, webSocket };
  return async () => {
    services ??= await discover(hostMeta);
    const found = services;
    return {
      isSecure: [found.bosh, found.webSocket].every((each) => each === undefined || isSecureUrl(each)),
      make: (user, attach, onProgress) => makeTransport(options, to, found, user, attach, onProgress),
    };
  };
}

function makeTransport(
  { lang = preferredLanguage(), credentials, wait = 55 }: ConnectOptions,
  to: string,
  { bosh, webSocket }: Services,
  ...[user, attach, onProgress]: Parameters<FoundTransport['make']>
): Transport {
  const overWebSocket = (url: string): Choice => ({
    url,
    make: (of) => new WebSocketTransport({ url, to, lang }, of),
  });
  const overBosh = (url: string): Choice => ({
    url,
    make: (of) =>
      new BoshTransport({ url, to, lang, credentials, wait: seconds(wait), attach, onProgress }, of),
  });
  // What can be gone on with is a BOSH session.
  const isFirst = webSocket !== undefined && (attach === undefined || bosh === undefined);
  const choices = [
    ...(isFirst ? [overWebSocket(webSocket)] : []),
    ...(bosh === undefined ? [] : [overBosh(bosh)]),
  ];
  const [first, ...others] = choices;
  if (first === undefined) throw new TypeError('connect() needs a URL');
  return others.length === 0 ? first.make(user) : new FallbackTransport([first, ...others], user);
}

/** Undefined: the page goes on with a session, or not at all. */
function loginOf({
  jid,
  password,
  token,
  resource,
  keep,
  shareTabs,
  attach,
  domain,
}: ConnectOptions): LoginOptions | undefined {
  if (jid === undefined) {
    return domain === undefined ? undefined : { credentials: { type: 'anonymous' }, resource };
  }
  const user = jid.slice(0, jid.indexOf('@'));
  if (token !== undefined) return { credentials: { type: 'token', jid, token }, resource };
  if (password !== undefined) return { credentials: { type: 'password', user, password }, resource };
  if (keep === undefined && shareTabs !== true && attach === undefined)
    throw new TypeError('connect() needs a password or a token beside jid');
  return undefined;
}

function domainOf({ attach, jid = addressIn(attach), domain, url }: ConnectOptions): string {
  // Who asks for sessions says whose they are, and needs no domain to create one.
  if (jid === undefined && typeof attach === 'function' && url !== undefined) return domain ?? '';
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
