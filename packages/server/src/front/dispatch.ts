import type { LogEvent } from '@boshd/engine/manager';
import type { FrontOptions } from './options.ts';
import { claimCookiesOf, ORDER, OrderDesk } from './order.ts';
import { chooseCoding, type ReplyCoding } from './reply/coding.ts';
import { ReplyHeaders } from './reply/headers.ts';
import { type Pages, pageReply } from './reply/pages.ts';
import * as plain from './reply/plain.ts';
import { type Client, clientOf, isOfOwnPage, type TrustedProxies } from './request/client.ts';
import { headerOf, queryOf, type RequestHead } from './request/head.ts';
import { SetupFaults, servedPaths } from './setup-faults.ts';
import { OwnPort } from './site/own-port.ts';
import type { Site } from './site/site.ts';
import { SiteTable, type SiteTableOptions } from './site/site-table.ts';
import { claimOf, isMisused, syntaxOf } from './syntax/choice.ts';
import { POST } from './syntax/post.ts';
import type { Syntax } from './syntax/syntax.ts';
import { Gate, type GateVerdict } from './websocket/gate.ts';

/** Who wants to know which addresses are proxies. */
export interface ProxyWatch {
  /** A site's own proxy, by whatever it is known, is at the address. */
  recognised(address: string): void;
  /** A request showed a secret of a site, and did not get to that site. */
  unrecognised(code: string, detail: string): void;
}

/** What becomes of a request, decided by its head alone. */
export interface Verdict {
  /** Of the reply, whoever makes it. */
  readonly headers: ReplyHeaders;
  readonly client: Client;
  /** The site that it is of; undefined: of none, or not for BOSH. */
  readonly site: Site | undefined;
  /** The answer; undefined: the request carries a <body/>, for the engine to answer. */
  readonly reply: plain.PlainReply | undefined;
  /** How it carries one. */
  readonly syntax: Syntax;
  /** The site whose web application gives an order with it (docs/attach.md); undefined: it is no order. */
  readonly orderOf?: string | undefined;
  /** The cookies that pages claim sessions with, where the site has such. */
  readonly cookies?: string | undefined;
  /** Of the request target, as sent. */
  readonly query: string;
  /** In which the engine's answer is written; undefined: as it is. */
  readonly coding: ReplyCoding | undefined;
}

const BOSH_METHOD_REFUSED = plain.methodRefused(plain.BOSH_METHODS);
const PAGE_METHOD_REFUSED = plain.methodRefused('GET, HEAD');

/** A Unix socket has no address. */
const LOOPBACK = /^(?:127\.|::1$|$)/;
/** Of whoever is on this machine, with a browser or a trial client. */
const LOOPBACK_HOST = /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/i;

/** Chooses what answers a request: the engine, a page, or a refusal. */
export class Dispatch {
  /** For replies that are no site's. */
  readonly #plain = new ReplyHeaders();
  readonly #sites: SiteTable;
  readonly #gate: Gate;
  readonly #desk: OrderDesk;
  readonly #pages: Pages;
  readonly #proxies: TrustedProxies;
  readonly #headerLinesMax: number;
  readonly #faults: SetupFaults;
  readonly #ownPort: OwnPort;
  readonly #log: (event: LogEvent) => void;
  readonly #watch: ProxyWatch;

  constructor(
    options: FrontOptions,
    proxies: TrustedProxies,
    log: (event: LogEvent) => void,
    watch: ProxyWatch,
  ) {
    const sites = siteTableOptions(options, proxies);
    this.#sites = new SiteTable(sites);
    this.#gate = new Gate(sites);
    this.#desk = new OrderDesk([{ name: options.site, order: options.order }, ...options.sites]);
    this.#pages = options.pages;
    this.#proxies = proxies;
    this.#headerLinesMax = options.limits.headerLinesMax;
    const all = sites.fallback === undefined ? sites.sites : [sites.fallback, ...sites.sites];
    this.#faults = new SetupFaults(servedPaths(all), log);
    this.#ownPort = new OwnPort(options.listen, all);
    this.#log = log;
    this.#watch = watch;
  }

  judge(head: RequestHead): Verdict {
    const client = clientOf(head, this.#proxies);
    const fault = this.#faultOf(head, client);
    if (fault !== undefined) return this.#byHost(head, client, () => fault);
    const path = pathOf(head.target);
    if (this.#sites.hasPath(path)) return this.#judgeBosh(head, client, path);
    if (this.#desk.hasPath(path)) return this.#judgeOrder(head, client, path);
    if (this.#gate.hasPath(path)) {
      this.#faults.plainAtWebSocketPath(head, client, path);
      return this.#byHost(head, client, () => plain.UPGRADE_REQUIRED);
    }
    if (path === '*') return this.#byHost(head, client, () => asterisk(head));
    if (!this.#tellOfKey(head, client, path)) this.#faults.nothingAt(head, client, path);
    return this.#byHost(head, client, (site) => this.#page(head, path, client, site));
  }

  /** Judges a request for a WebSocket (RFC 6455 §4.2). */
  judgeUpgrade(head: RequestHead): GateVerdict {
    const client = clientOf(head, this.#proxies);
    const fault = this.#faultOf(head, client);
    if (fault !== undefined) return { reply: fault, site: undefined, code: undefined };
    const path = pathOf(head.target);
    if (this.#sites.hasPath(path) && !this.#gate.hasPath(path))
      this.#faults.webSocketAtBoshPath(head, client, path);
    else if (!this.#gate.hasPath(path)) this.#faults.nothingAt(head, client, path);
    const verdict = this.#gate.judge(head, client, path);
    if (verdict.site !== undefined && this.#isRebound(head, client, verdict.site))
      return { reply: plain.HOST_REFUSED, site: verdict.site, code: undefined };
    this.#tell(head, client, verdict.site, this.#gate, path);
    if (verdict.reply !== undefined && verdict.code !== undefined) {
      this.#refused(verdict.code, head, client, verdict.site);
    }
    return verdict;
  }

  /** What is not for BOSH is of the site that has the host, which gives the headers. */
  #byHost(head: RequestHead, client: Client, replyOf: (site: Site | undefined) => plain.PlainReply): Verdict {
    const site = this.#sites.ofHost(client);
    const headers = site?.cors.repliesTo(claimOf(head, client)) ?? site?.cors.plain ?? this.#plain;
    return answered(headers, client, site, replyOf(site));
  }

  #faultOf(head: RequestHead, client: Client): plain.PlainReply | undefined {
    if (head.lineCount > this.#headerLinesMax) return plain.HEAD_TOO_LARGE;
    if (head.hostCount === 1 || (head.hostCount === 0 && head.minorVersion === 0)) return undefined;
    this.#faults.hostMissing(head, client);
    return plain.HOST_WRONG;
  }

  /** Whether a page reached us by DNS rebinding; then it is told. */
  #isRebound(head: RequestHead, client: Client, site: Site): boolean {
    if (site.recognition !== undefined || !this.#ownPort.isForeign(head, site)) return false;
    this.#refused('host-refused', head, client, site);
    return true;
  }

  /** Whatever host it names: the secret says whose it is. */
  #judgeOrder(head: RequestHead, client: Client, path: string): Verdict {
    const whose = this.#desk.judge(head, path);
    if (typeof whose !== 'string') {
      this.#refused('order-refused', head, client);
      return answered(this.#plain, client, undefined, whose);
    }
    return { ...answered(this.#plain, client, undefined, undefined), syntax: ORDER, orderOf: whose };
  }

  #judgeBosh(head: RequestHead, client: Client, path: string): Verdict {
    const picked = this.#sites.pick(head, client, path);
    this.#tell(head, client, picked?.site, this.#sites, path);
    if (picked === undefined) {
      this.#refused('no-site', head, client);
      return answered(this.#plain, client, undefined, plain.NO_SITE);
    }
    const { site, headers } = picked;
    if (this.#isRebound(head, picked.client, site))
      return answered(site.cors.plain, picked.client, site, plain.HOST_REFUSED);
    if (headers === undefined) {
      this.#refused('origin-refused', head, picked.client, site);
      return answered(
        site.cors.plain,
        picked.client,
        site,
        plain.originRefused(headerOf(head.headers, 'origin')),
      );
    }
    const query = queryOf(head.target);
    const syntax = syntaxOf(head.method, query, site.syntaxes);
    if (syntax === undefined) {
      this.#faults.webSocketAtBoshPath(head, picked.client, path);
      return answered(headers, picked.client, site, answerTo(head.method, site));
    }
    const reply = this.#unfit(head, picked.client, site, syntax);
    if (reply !== undefined) return answered(headers, picked.client, site, reply);
    const own = syntax === POST ? headers : headers.variant(syntax.headers);
    const coding = codingFor(head, site);
    if (!head.peer.trusted) this.#warnOfProxy(picked.client);
    const cookies = site.hasClaimCookies ? claimCookiesOf(head.headers) : undefined;
    return { headers: own, client: picked.client, site, reply, syntax, query, coding, cookies };
  }

  /** Why a request in this syntax is not taken. */
  #unfit(head: RequestHead, client: Client, site: Site, syntax: Syntax): plain.PlainReply | undefined {
    if (isMisused(syntax, head.headers)) {
      this.#refused('navigation-refused', head, client, site);
      return syntax === POST ? plain.NAVIGATION_REFUSED : plain.SCRIPT_MISUSED;
    }
    // XEP-0252 §3 asks for 404 where the script syntax is off.
    if (site.syntaxes.has(syntax.name)) return undefined;
    return syntax === POST ? plain.POST_REFUSED : plain.SYNTAX_OFF;
  }

  #page(
    head: RequestHead,
    path: string,
    { address, secure, host }: Client,
    site: Site | undefined,
  ): plain.PlainReply {
    const { method } = head;
    const isOwn = method === 'POST' ? isOfOwnPage(head) : undefined;
    const order = isOwn === undefined ? undefined : isOwn ? 'own' : 'foreign';
    const asked = {
      path,
      query: queryOf(head.target),
      address,
      secure,
      host,
      site: site?.name,
      order,
    } as const;
    const page = this.#pages(asked);
    if (page === undefined) return plain.NOT_FOUND;
    const isTaken = isOwn === undefined ? method === 'GET' || method === 'HEAD' : page.takesOrders === true;
    return isTaken ? pageReply(page) : PAGE_METHOD_REFUSED;
  }

  /** Behind a proxy that is not configured all people are one, to whom no limit of one address applies. Said once. */
  #warnOfProxy({ address, host }: Client): void {
    if (!LOOPBACK.test(address) || host === undefined || LOOPBACK_HOST.test(host)) return;
    const detailOf = () =>
      `requests for ${host.slice(0, 200)} come from ${address || 'a Unix socket'}: name that proxy in trustedProxies, or no limit of one address applies to the people behind it`;
    this.#faults.tell('proxy-not-configured', detailOf);
  }

  /** Tells whether the request came from a site's own web server, or only looks so: then its people are in the wrong site. */
  #tell(
    { headers, peer }: RequestHead,
    { host }: Client,
    site: Site | undefined,
    sites: Pick<SiteTable, 'misfitOf'>,
    path: string,
  ): void {
    if (site?.recognition !== undefined) {
      this.#watch.recognised(peer.address);
      return;
    }
    const misfit = sites.misfitOf(headers, path);
    if (misfit === undefined) return;
    const whose = site === undefined ? 'no site' : `site ${site.name}`;
    const detail = `requests for ${host?.slice(0, 200) ?? 'no host'} from ${peer.address} have ${misfit.detail}: they are taken for ${whose}`;
    this.#watch.unrecognised(misfit.code, detail);
  }

  /** The key itself is not told. */
  #tellOfKey({ peer }: RequestHead, { host }: Client, path: string): boolean {
    const keyed = this.#sites.keyedPathOf(path);
    if (keyed === undefined) return false;
    const detail = `requests for ${host?.slice(0, 200) ?? 'no host'} from ${peer.address} have a key behind ${keyed} that is no site's: they get HTTP 404`;
    this.#watch.unrecognised('site-key-wrong', detail);
    return true;
  }

  #refused(code: string, { headers }: RequestHead, { host, address }: Client, site?: Site): void {
    const origin = headerOf(headers, 'origin') ?? 'no origin';
    const advice = adviceOn(code, origin);
    const detail = `a page of ${origin.slice(0, 200)}, by host ${host?.slice(0, 200) ?? 'unknown'}, from ${address}${advice}`;
    this.#log({ event: 'request-refused', session: undefined, site: site?.name, code, detail });
  }
}

function codingFor({ headers }: RequestHead, { compression: { codings } }: Site): ReplyCoding | undefined {
  return codings.length === 0 ? undefined : chooseCoding(headerOf(headers, 'accept-encoding'), codings);
}

function adviceOn(code: string, origin: string): string {
  if (code === 'host-refused')
    return ": a name that is not this machine's, with boshd's own port, is what DNS rebinding looks like; if the name is yours, add it to the hosts of a site, or its origin to origins";
  if (code !== 'origin-refused') return '';
  return origin === 'null'
    ? ': files and sandboxed frames have the origin null, and any page can have it; only insecureNullOrigin would let them in'
    : ': if the page or app is yours, add its origin to origins';
}

/** A verdict without a <body/>. */
function answered(
  headers: ReplyHeaders,
  client: Client,
  site: Site | undefined,
  reply: plain.PlainReply | undefined,
): Verdict {
  return { headers, client, site, reply, syntax: POST, query: '', coding: undefined };
}

/** The answer to a request at a path of the site that carries no <body/>. */
function answerTo(method: string, site: Site): plain.PlainReply {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return plain.GREETING;
    case 'OPTIONS':
      return site.preflight;
    default:
      return BOSH_METHOD_REFUSED;
  }
}

function siteTableOptions(options: FrontOptions, proxies: TrustedProxies): SiteTableOptions {
  const {
    site: name,
    sites,
    paths,
    cors,
    extraHeaders,
    syntaxes,
    compression,
    limits,
    xml,
    isFallback,
  } = options;
  const { websocketPaths, websocket, order, hasClaimCookies } = options;
  const { bodyBytesMax } = limits;
  const own = {
    name,
    hosts: [],
    paths,
    cors,
    extraHeaders,
    syntaxes,
    compression,
    websocketPaths,
    websocket,
    bodyBytesMax,
    xml,
    order,
    hasClaimCookies,
    recognition: undefined,
  };
  return { sites, fallback: isFallback ? own : undefined, proxies };
}

/**
 * The path of a request target in origin form or in absolute form (RFC 9112 §3.2), without its query. Slashes in a row count as
 * one, as web servers take them: clients and proxies that join two parts of a URL ask for //http-bind.
 */
export function pathOf(target: string): string {
  const start = target.startsWith('/') ? 0 : Math.max(target.indexOf('/', target.indexOf('://') + 3), 0);
  const end = target.indexOf('?', start);
  const path = target.slice(start, end < 0 ? undefined : end);
  return path.includes('//') && path.startsWith('/') ? path.replace(/\/\/+/g, '/') : path;
}

/** RFC 9110 §9.3.7: OPTIONS * asks about the server as a whole. */
function asterisk({ method }: RequestHead): plain.PlainReply {
  return method === 'OPTIONS' ? plain.ALLOWED_METHODS : plain.MALFORMED;
}
