import type { LogEvent } from '@boshd/engine/manager';
import type { FrontOptions } from './options.ts';
import { ReplyHeaders } from './reply/headers.ts';
import { type Pages, pageReply } from './reply/pages.ts';
import * as plain from './reply/plain.ts';
import { type Client, clientOf, type TrustedProxies } from './request/client.ts';
import { headerOf, type RequestHead } from './request/head.ts';
import { isKnownCoding } from './request/inflate.ts';
import type { Site } from './site/site.ts';
import { claimOf, SiteTable, type SiteTableOptions } from './site/site-table.ts';

/** What becomes of a request, decided by its head alone. */
export interface Verdict {
  /** Of the reply, whoever makes it. */
  readonly headers: ReplyHeaders;
  readonly client: Client;
  /** The site that it is of; undefined: of none, or not for BOSH. */
  readonly site: Site | undefined;
  /** The answer; undefined: the request is a POST of a <body/>, for the engine to answer. */
  readonly reply: plain.PlainReply | undefined;
}

const BOSH_METHOD_REFUSED = plain.methodRefused(plain.BOSH_METHODS);
const PAGE_METHOD_REFUSED = plain.methodRefused('GET, HEAD');

/** Chooses what answers a request: the engine, a page, or a refusal. */
export class Dispatch {
  /** For replies that are no site's. */
  readonly #plain = new ReplyHeaders();
  readonly #sites: SiteTable;
  readonly #pages: Pages;
  readonly #proxies: TrustedProxies;
  readonly #headerLinesMax: number;
  readonly #log: (event: LogEvent) => void;

  constructor(options: FrontOptions, proxies: TrustedProxies, log: (event: LogEvent) => void) {
    this.#sites = new SiteTable(siteTableOptions(options, proxies));
    this.#pages = options.pages;
    this.#proxies = proxies;
    this.#headerLinesMax = options.limits.headerLinesMax;
    this.#log = log;
  }

  judge(head: RequestHead): Verdict {
    const client = clientOf(head, this.#proxies);
    const fault = this.#faultOf(head);
    if (fault !== undefined) return this.#byHost(head, client, () => fault);
    const path = pathOf(head.target);
    if (this.#sites.hasPath(path)) return this.#judgeBosh(head, client, path);
    if (path === '*') return this.#byHost(head, client, () => asterisk(head));
    return this.#byHost(head, client, (site) => this.#page(head, path, client, site));
  }

  /** What is not for BOSH is of the site that has the host, which gives the headers. */
  #byHost(head: RequestHead, client: Client, replyOf: (site: Site | undefined) => plain.PlainReply): Verdict {
    const site = this.#sites.ofHost(client);
    const headers = site?.cors.repliesTo(claimOf(head, client)) ?? site?.cors.plain ?? this.#plain;
    return { headers, client, site, reply: replyOf(site) };
  }

  #faultOf(head: RequestHead): plain.PlainReply | undefined {
    if (head.lines.length > this.#headerLinesMax * 2) return plain.HEAD_TOO_LARGE;
    const hosts = countHosts(head.lines);
    return hosts > 1 || (hosts === 0 && head.minorVersion > 0) ? plain.HOST_WRONG : undefined;
  }

  #judgeBosh(head: RequestHead, client: Client, path: string): Verdict {
    const picked = this.#sites.pick(head, client, path);
    if (picked === undefined) {
      this.#refused('no-site', head, client);
      return { headers: this.#plain, client, site: undefined, reply: plain.NO_SITE };
    }
    const { site, headers } = picked;
    if (headers === undefined) {
      this.#refused('origin-refused', head, picked.client, site);
      return { headers: site.cors.plain, client: picked.client, site, reply: plain.ORIGIN_REFUSED };
    }
    return { headers, client: picked.client, site, reply: this.#answer(head, picked.client, site) };
  }

  #answer(head: RequestHead, client: Client, site: Site): plain.PlainReply | undefined {
    switch (head.method) {
      case 'POST': {
        if (headerOf(head.headers, 'sec-fetch-mode') === 'navigate') {
          this.#refused('navigation-refused', head, client, site);
          return plain.NAVIGATION_REFUSED;
        }
        if (!site.syntaxes.has('post')) return plain.POST_REFUSED;
        const coding = headerOf(head.headers, 'content-encoding');
        return coding === undefined || isKnownCoding(coding) ? undefined : plain.CODING_UNKNOWN;
      }
      case 'GET':
      case 'HEAD':
        return plain.GREETING;
      case 'OPTIONS':
        return site.preflight;
      default:
        return BOSH_METHOD_REFUSED;
    }
  }

  #page(
    head: RequestHead,
    path: string,
    { address, secure, host }: Client,
    site: Site | undefined,
  ): plain.PlainReply {
    const page = this.#pages({ path, query: queryOf(head.target), address, secure, host, site: site?.name });
    if (page === undefined) return plain.NOT_FOUND;
    return head.method === 'GET' || head.method === 'HEAD' ? pageReply(page) : PAGE_METHOD_REFUSED;
  }

  #refused(code: string, { headers }: RequestHead, { host, address }: Client, site?: Site): void {
    const origin = headerOf(headers, 'origin') ?? 'no origin';
    const detail = `a page of ${origin.slice(0, 200)}, by host ${host?.slice(0, 200) ?? 'unknown'}, from ${address}`;
    this.#log({ event: 'request-refused', session: undefined, site: site?.name, code, detail });
  }
}

function siteTableOptions(options: FrontOptions, proxies: TrustedProxies): SiteTableOptions {
  const { site: name, sites, paths, cors, extraHeaders, syntaxes, limits, xml, isFallback } = options;
  const { bodyBytesMax } = limits;
  const own = {
    name,
    hosts: [],
    paths,
    cors,
    extraHeaders,
    syntaxes,
    bodyBytesMax,
    xml,
    recognition: undefined,
  };
  return { sites, fallback: isFallback ? own : undefined, proxies };
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
  return method === 'OPTIONS' ? plain.ALLOWED_METHODS : plain.MALFORMED;
}

function countHosts(lines: readonly string[]): number {
  let count = 0;
  for (let name = 0; name < lines.length; name += 2) {
    const line = lines[name];
    if (line?.length === 4 && line.toLowerCase() === 'host') count += 1;
  }
  return count;
}
