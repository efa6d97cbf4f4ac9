import type { OriginClaim } from '@boshd/engine/site';
import type { Client } from '../request/client.ts';
import { type Headers, headerOf, queryOf, type RequestHead } from '../request/head.ts';
import { POST } from './post.ts';
import { SCRIPT } from './script.ts';
import type { Syntax, SyntaxName } from './syntax.ts';
import { asksForWindowName, WINDOW_NAME } from './window-name.ts';

/** A <body/> at the start of a query, percent-encoded or not: no parameter begins so. */
const SCRIPT_QUERY = /^(?:<|%3c)/i;

/** What browsers load a script for; `empty` is a fetch by another script. */
const SCRIPT_DESTINATIONS: ReadonlySet<string> = new Set(['script', 'empty']);

/** Which syntax a request to a BOSH path is in; undefined: it carries no <body/>. */
export function syntaxOf(
  method: string,
  query: string,
  allowed: ReadonlySet<SyntaxName>,
): Syntax | undefined {
  // Where the transport is off, such a POST is as any other: a parameter more means nothing.
  if (method === 'POST') {
    return asksForWindowName(query) && allowed.has('window-name') ? WINDOW_NAME : POST;
  }
  if (method !== 'GET') return undefined;
  if (SCRIPT_QUERY.test(query)) return SCRIPT;
  return asksForWindowName(query) ? WINDOW_NAME : undefined;
}

/** Whether it is one that a page loads or submits, rather than makes by a script of its own. */
function isLoadedByPage(method: string, query: string): boolean {
  return asksForWindowName(query) || (method === 'GET' && SCRIPT_QUERY.test(query));
}

/** Whether the browser is about to do something else with the reply than the syntax is for. */
export function isMisused(syntax: Syntax, headers: Headers): boolean {
  const isNavigation = headerOf(headers, 'sec-fetch-mode') === 'navigate';
  if (syntax.name === 'window-name') return false;
  if (syntax.name === 'post' || isNavigation) return isNavigation;
  const destination = headerOf(headers, 'sec-fetch-dest');
  return destination !== undefined && !SCRIPT_DESTINATIONS.has(destination);
}

/**
 * What a request says of the page that made it. Browsers send no Origin with the GET of a script or a frame: there, Referer
 * and Sec-Fetch-Site say it where they are present. A page can hide its Referer, not that it is a foreign one.
 */
export function claimOf({ method, target, headers }: RequestHead, { host }: Client): OriginClaim {
  const fetchSite = headerOf(headers, 'sec-fetch-site');
  const origin = headerOf(headers, 'origin');
  if (origin !== undefined || !isLoadedByPage(method, queryOf(target))) return { origin, host, fetchSite };
  const isForeign = fetchSite === 'cross-site' || fetchSite === 'same-site';
  return { origin: originOfReferer(headers) ?? (isForeign ? 'null' : undefined), host, fetchSite };
}

/** The origin of the page that Referer names. Of an unreadable one it is `null`, which only a site for all takes. */
function originOfReferer(headers: Headers): string | undefined {
  const referer = headerOf(headers, 'referer');
  return referer === undefined ? undefined : (ORIGIN.exec(referer)?.[0].toLowerCase() ?? 'null');
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+/i;
