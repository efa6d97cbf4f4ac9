import { ascii, type ByteString } from '@boshd/engine/kit';
import { headerLines } from './headers.ts';
import type { PlainReply } from './plain.ts';

/** A GET (or HEAD, or POST) of a path that is none of the BOSH paths. */
export interface PageRequest {
  /** As sent, without the query: not decoded. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  readonly address: string;
  readonly secure: boolean;
  readonly host: string | undefined;
  /** Name of the site by its host; undefined: of none. */
  readonly site: string | undefined;
  /** Of a POST: whether a page of this very origin, in a browser on this machine, made it. Undefined for GET and HEAD. */
  readonly order?: 'own' | 'foreign' | undefined;
}

/** What is shown. Held in memory: a page is made without waiting for anything. */
export interface Page {
  readonly status: 200 | 403 | 404 | 503;
  readonly contentType: string;
  readonly body: ByteString;
  /** Replaces `default-src 'none'; sandbox`, under which nothing runs and nothing loads. */
  readonly contentSecurityPolicy?: string;
  /** Replaces `no-store`. */
  readonly cacheControl?: string;
  /** Whether scripts of every origin may read it (as host-meta must be, XEP-0156 §3). Default false. */
  readonly anyOrigin?: boolean;
  /** Whether it is the answer to a POST, too. Default false. */
  readonly takesOrders?: boolean;
}

/** Answers the paths it knows; undefined for others. */
export type Pages = (request: PageRequest) => Page | undefined;

/** Asks one after the other. */
export function firstOf(...all: readonly Pages[]): Pages {
  return (request) => {
    for (const pages of all) {
      const page = pages(request);
      if (page !== undefined) return page;
    }
    return undefined;
  };
}

const HEALTHY: Page = { status: 200, contentType: 'text/plain; charset=utf-8', body: ascii('ok\n') };

/**
 * `/healthz`: 200 while the process answers at all. `/readyz`: 200 while new sessions are welcome, else 503 with the reason,
 * on which proxies and orchestrators send new clients elsewhere.
 */
export function healthPages(notReady: () => ByteString | undefined): Pages {
  return ({ path }) => {
    if (path === '/healthz') return HEALTHY;
    if (path !== '/readyz') return undefined;
    const reason = notReady();
    return reason === undefined ? HEALTHY : { ...HEALTHY, status: 503, body: reason };
  };
}

/** The reply that shows the page. */
export function pageReply(page: Page): PlainReply {
  const instead = headerLines({
    ...(page.contentSecurityPolicy === undefined
      ? {}
      : { 'Content-Security-Policy': page.contentSecurityPolicy }),
    ...(page.cacheControl === undefined ? {} : { 'Cache-Control': page.cacheControl }),
    ...(page.anyOrigin === true ? { 'Access-Control-Allow-Origin': '*' } : {}),
  });
  return { status: page.status, contentType: page.contentType, body: page.body, headers: [], instead };
}
