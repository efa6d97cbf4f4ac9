import type { LogEvent } from '@boshd/engine/manager';
import type { FrontOptions } from './options.ts';
import { Cors } from './reply/cors.ts';
import type { ReplyHeaders } from './reply/headers.ts';
import { type Pages, pageReply } from './reply/pages.ts';
import * as plain from './reply/plain.ts';
import { type Client, clientOf, type TrustedProxies } from './request/client.ts';
import { headerOf, type RequestHead } from './request/head.ts';
import { isKnownCoding } from './request/inflate.ts';

/** What becomes of a request, decided by its head alone. */
export interface Verdict {
  /** Of the reply, whoever makes it. */
  readonly headers: ReplyHeaders;
  readonly client: Client;
  /** The answer; undefined: the request is a POST of a <body/>, for the engine to answer. */
  readonly reply: plain.PlainReply | undefined;
}

const BOSH_METHODS = 'POST, GET, HEAD, OPTIONS';
const BOSH_METHOD_REFUSED = plain.methodRefused(BOSH_METHODS);
const PAGE_METHOD_REFUSED = plain.methodRefused('GET, HEAD');
const ALLOWED_METHODS: plain.PlainReply = {
  ...plain.NOT_FOUND,
  status: 204,
  headers: ['Allow', BOSH_METHODS],
};

/** Chooses what answers a request: the engine, a page, or a refusal. */
export class Dispatch {
  readonly #cors: Cors;
  readonly #paths: ReadonlySet<string>;
  readonly #pages: Pages;
  readonly #proxies: TrustedProxies;
  readonly #headerLinesMax: number;
  readonly #preflight: plain.PlainReply;
  readonly #log: (event: LogEvent) => void;

  constructor(options: FrontOptions, proxies: TrustedProxies, log: (event: LogEvent) => void) {
    this.#cors = new Cors(options.cors, options.extraHeaders);
    this.#paths = new Set(options.paths.flatMap((path) => [path, `${path}/`]));
    this.#pages = options.pages;
    this.#proxies = proxies;
    this.#headerLinesMax = options.limits.headerLinesMax;
    this.#preflight = { ...ALLOWED_METHODS, headers: [...ALLOWED_METHODS.headers, ...this.#cors.preflight] };
    this.#log = log;
  }

  judge(head: RequestHead): Verdict {
    const client = clientOf(head, this.#proxies);
    const fault = this.#faultOf(head);
    if (fault !== undefined) return { headers: this.#cors.plain, client, reply: fault };
    const path = pathOf(head.target);
    if (this.#paths.has(path)) return this.#judgeBosh(head, client);
    const reply = path === '*' ? asterisk(head) : this.#page(head, path, client);
    return { headers: this.#repliesTo(head, client) ?? this.#cors.plain, client, reply };
  }

  #faultOf(head: RequestHead): plain.PlainReply | undefined {
    if (head.lines.length > this.#headerLinesMax * 2) return plain.HEAD_TOO_LARGE;
    const hosts = countHosts(head.lines);
    return hosts > 1 || (hosts === 0 && head.minorVersion > 0) ? plain.HOST_WRONG : undefined;
  }

  #judgeBosh(head: RequestHead, client: Client): Verdict {
    const headers = this.#repliesTo(head, client);
    if (headers === undefined) {
      this.#refused('origin-refused', head, client);
      return { headers: this.#cors.plain, client, reply: plain.ORIGIN_REFUSED };
    }
    return { headers, client, reply: this.#answer(head, client) };
  }

  #answer(head: RequestHead, client: Client): plain.PlainReply | undefined {
    switch (head.method) {
      case 'POST': {
        if (headerOf(head.headers, 'sec-fetch-mode') === 'navigate') {
          this.#refused('navigation-refused', head, client);
          return plain.NAVIGATION_REFUSED;
        }
        const coding = headerOf(head.headers, 'content-encoding');
        return coding === undefined || isKnownCoding(coding) ? undefined : plain.CODING_UNKNOWN;
      }
      case 'GET':
      case 'HEAD':
        return plain.GREETING;
      case 'OPTIONS':
        return this.#preflight;
      default:
        return BOSH_METHOD_REFUSED;
    }
  }

  #page(head: RequestHead, path: string, { address, secure, host }: Client): plain.PlainReply {
    const page = this.#pages({ path, query: queryOf(head.target), address, secure, host });
    if (page === undefined) return plain.NOT_FOUND;
    return head.method === 'GET' || head.method === 'HEAD' ? pageReply(page) : PAGE_METHOD_REFUSED;
  }

  #repliesTo({ headers }: RequestHead, { host }: Client): ReplyHeaders | undefined {
    const origin = headerOf(headers, 'origin');
    return this.#cors.repliesTo({ origin, host, fetchSite: headerOf(headers, 'sec-fetch-site') });
  }

  #refused(code: string, { headers }: RequestHead, { host, address }: Client): void {
    const origin = headerOf(headers, 'origin') ?? 'no origin';
    const detail = `a page of ${origin.slice(0, 200)}, by host ${host?.slice(0, 200) ?? 'unknown'}, from ${address}`;
    this.#log({ event: 'request-refused', session: undefined, code, detail });
  }
}

/** The path of a request target in origin form or in absolute form (RFC 9112 §3.2), without its query. */
export function pathOf(target: string): string {
  const start = target.startsWith('/') ? 0 : Math.max(target.indexOf('/', target.indexOf('://') + 3), 0);
  const end = target.indexOf('?', start);
  return target.slice(start, end < 0 ? undefined : end);
}

function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}

/** RFC 9110 §9.3.7: OPTIONS * asks about the server as a whole. */
function asterisk({ method }: RequestHead): plain.PlainReply {
  return method === 'OPTIONS' ? ALLOWED_METHODS : plain.MALFORMED;
}

function countHosts(lines: readonly string[]): number {
  let count = 0;
  for (let name = 0; name < lines.length; name += 2) {
    const line = lines[name];
    if (line?.length === 4 && line.toLowerCase() === 'host') count += 1;
  }
  return count;
}
