import type { LogEvent } from '@boshd/engine/manager';
import type { Client } from './request/client.ts';
import { headerOf, type RequestHead } from './request/head.ts';
import type { SiteOptions } from './site/site.ts';

/** Every path that is served, for the log. */
export interface ServedPaths {
  readonly bosh: readonly string[];
  /** Of sites that take WebSockets. */
  readonly websocket: readonly string[];
  /** Behind some of them secrets stand, so no path that a client asked for is shown. */
  readonly haveKeys: boolean;
}

/** As many paths as a person reads. */
const PATHS_SHOWN = 6;
/** Characters of what a client wrote. */
const SHOWN_MAX = 200;

/** What an XMPP client sends a <body/> as, and what libraries leave in place; JSON and uploads are other programs' requests. */
const BODY_TYPES = /^(?:$|text\/(?:xml|plain)|application\/(?:xml|x-www-form-urlencoded))/i;

/**
 * Finds, in requests that do not get through, what is set up wrong in the web server in front or in the client, and names what
 * to change: one warning of each kind, for anybody can send such requests as often as they like. A reload warns anew.
 */
export class SetupFaults {
  readonly #paths: ServedPaths;
  readonly #log: (event: LogEvent) => void;
  readonly #told = new Set<string>();

  constructor(paths: ServedPaths, log: (event: LogEvent) => void) {
    this.#paths = paths;
    this.#log = log;
  }

  /** Warns, unless there was a warning of this kind. */
  tell(code: string, detailOf: () => string): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.#log({ event: 'warning', code, detail: detailOf() });
  }

  hostMissing(head: RequestHead, client: Client): void {
    const what = head.hostCount === 0 ? 'have no Host line' : 'have more than one Host line';
    this.tell(
      head.hostCount === 0 ? 'host-missing' : 'host-repeated',
      () =>
        `requests from ${fromOf(client)} ${what} and get HTTP 400: have the web server or the health check that sends them write exactly one (RFC 9112 section 3.2)`,
    );
  }

  /** A request without Upgrade at the path of WebSockets. */
  plainAtWebSocketPath(head: RequestHead, client: Client, path: string): void {
    if (isHandshake(head)) {
      this.tell(
        'upgrade-missing',
        () =>
          `WebSocket handshakes for ${hostOf(client)} come to ${this.#shown(path)} without Upgrade: the web server in front (${fromOf(client)}) has to pass on Upgrade and Connection over HTTP/1.1, in nginx by proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"`,
      );
    } else if (isPost(head)) {
      this.tell(
        'body-at-websocket-path',
        () =>
          `BOSH clients POST to ${this.#shown(path)}, which is for WebSockets (for ${hostOf(client)}, from ${fromOf(client)}): have the client, or the web server in front, use ${listed(this.#paths.bosh)} for BOSH`,
      );
    }
  }

  /** Whether this request for a WebSocket, with Upgrade or without, is at a path of BOSH; then it is told. */
  webSocketAtBoshPath(head: RequestHead, client: Client, path: string): void {
    if (!isHandshake(head)) return;
    this.tell(
      'websocket-at-bosh-path',
      () =>
        `XMPP clients open WebSockets at ${this.#shown(path)}, which is for BOSH (for ${hostOf(client)}, from ${fromOf(client)}): ${this.#forWebSockets()}`,
    );
  }

  /** A request at a path where neither BOSH nor WebSockets are. */
  nothingAt(head: RequestHead, client: Client, path: string): void {
    const isSocket = isHandshake(head) && hasXmppProtocol(head);
    if (!isSocket && !isPost(head)) return;
    const right = isSocket ? this.#forWebSockets() : `the paths for BOSH are ${listed(this.#paths.bosh)}`;
    const who = `(for ${hostOf(client)}, from ${fromOf(client)})`;
    if (path === '/') {
      this.tell(
        'path-stripped',
        () =>
          `XMPP clients come to /, where nothing is ${who}: have the web server in front pass on the path that it takes away; ${right}`,
      );
    } else if (this.#isLonger(path)) {
      this.tell(
        'path-doubled',
        () =>
          `XMPP clients come to ${this.#shown(path)}, where nothing is ${who}: have the web server in front send the path once and add nothing to it; ${right}`,
      );
    } else if (isSocket || isXml(head)) {
      this.tell(
        'path-unknown',
        () => `requests as of XMPP clients come to ${this.#shown(path)}, where nothing is ${who}: ${right}`,
      );
    }
  }

  /** Whether the path is a served one with something before or behind it. */
  #isLonger(path: string): boolean {
    const { bosh, websocket } = this.#paths;
    const bare = path.replace(/\/$/, '');
    return [...bosh, ...websocket].some((each) => bare.endsWith(each) || bare.startsWith(`${each}/`));
  }

  #shown(path: string): string {
    return this.#paths.haveKeys ? 'another path' : shown(path);
  }

  #forWebSockets(): string {
    const { websocket } = this.#paths;
    return websocket.length === 0
      ? 'WebSockets are off, the syntax websocket switches them on'
      : `the paths for WebSockets are ${listed(websocket)}`;
  }
}

export function servedPaths(sites: readonly SiteOptions[]): ServedPaths {
  const withSockets = sites.filter(({ syntaxes }) => syntaxes.includes('websocket'));
  return {
    bosh: [...new Set(sites.flatMap(({ paths }) => paths))],
    websocket: [...new Set(withSockets.flatMap(({ websocketPaths }) => websocketPaths))],
    haveKeys: sites.some(({ recognition }) => (recognition?.pathKeys.length ?? 0) > 0),
  };
}

/** RFC 6455 §4.1: no other request has this header, and web servers that drop Upgrade leave it. */
function isHandshake({ headers }: RequestHead): boolean {
  return headerOf(headers, 'sec-websocket-key') !== undefined;
}

function hasXmppProtocol({ headers }: RequestHead): boolean {
  return /(?:^|,)\s*xmpp\s*(?:,|$)/.test(headerOf(headers, 'sec-websocket-protocol') ?? '');
}

/** A POST that may carry a <body/>, or the preflight of one: a browser sends no more where that fails. */
function isPost({ method, headers }: RequestHead): boolean {
  if (method === 'OPTIONS') return headerOf(headers, 'access-control-request-method') === 'POST';
  return method === 'POST' && BODY_TYPES.test(headerOf(headers, 'content-type')?.trim() ?? '');
}

function isXml({ method, headers }: RequestHead): boolean {
  return method === 'POST' && /^(?:text|application)\/xml\b/i.test(headerOf(headers, 'content-type') ?? '');
}

function listed(paths: readonly string[]): string {
  const first = paths.slice(0, PATHS_SHOWN).join(', ');
  return paths.length > PATHS_SHOWN ? `${first} and more` : first;
}

function shown(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

function hostOf({ host }: Client): string {
  return host === undefined ? 'no host' : shown(host);
}

function fromOf({ address }: Client): string {
  return address === '' ? 'a Unix socket' : address;
}
