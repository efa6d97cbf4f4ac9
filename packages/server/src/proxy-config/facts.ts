import type { Region } from '@boshd/engine/site';

/** What a proxy's configuration is made of. Every text in here has been checked: it may stand in a file unquoted. */

/** One member of the service. */
export interface Member {
  /** Its name: in the routing cookie, and in the proxy's own statistics. */
  readonly id: string;
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly region: string | undefined;
  /** Its share of new requests, beside those of the others; 1 to 100. */
  readonly weight: number;
}

/** A web site whose pages use the service. */
export interface Site {
  /** The first one names it. */
  readonly hosts: readonly string[];
  /** Its BOSH paths; never empty. */
  readonly paths: readonly string[];
  /** Where its pages are: a directory, or the origin of a web server; undefined: the operator has them already. */
  readonly pages: string | undefined;
}

export interface Listen {
  /** Undefined: all addresses. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How the proxy faces browsers. */
export interface FrontFacts {
  readonly sites: readonly Site[];
  /** Never empty. */
  readonly listen: readonly Listen[];
  /** Undefined: http, or what the proxy gets by itself (Caddy). */
  readonly certificate: Certificate | undefined;
  /** Whether `listen` was asked for; if not, a proxy that listens already needs no line for it. */
  readonly isListenGiven: boolean;
  /** The longest time that the service holds a request. */
  readonly waitMs: number;
  /** The longest <body/> that the service takes. */
  readonly bodyBytesMax: number;
  /** The longest request that a proxy keeps in order to repeat it. */
  readonly repeatBytesMax: number;
}

/** A proxy in front of boshd's own members. */
export interface ClusterFacts extends FrontFacts {
  readonly websocketPath: string | undefined;
  /** Never empty. */
  readonly members: readonly Member[];
  readonly regions: readonly Region[];
  /** Where this proxy stands: its region comes first for clients of which nothing better is known. */
  readonly home: string | undefined;
  /** The cookie in which boshd names the member that has the browser's sessions. */
  readonly cookie: string | undefined;
  /** A database in MaxMind's format, with countries and continents. */
  readonly geoDatabase: string;
  /** For servers that read no such database: a file of networks and their regions. */
  readonly regionMap: string;
}

/** A BOSH service that somebody else runs. */
export interface Service {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** A proxy of a web site whose BOSH service is elsewhere. */
export interface ElsewhereFacts extends FrontFacts {
  readonly service: Service;
  /** Another service, which knows nothing of the sessions of the first. */
  readonly backup: Service | undefined;
  /** By which the service knows the site. */
  readonly siteKey: string | undefined;
  /** The authorities that sign the certificates of the services, in PEM. */
  readonly caFile: string;
  /** Whether `caFile` was asked for; if not, it is where Debian keeps those of the system. */
  readonly isCaGiven: boolean;
}

/** Seconds above the longest hold, for the way there and back and for a busy machine. */
const SLACK_SECONDS = 15;
/** The longest a creation may take without being held (the features, at the latest after 15 s). */
const CREATION_SECONDS = 15;

/** After how many seconds without an answer a proxy may give up. */
export function replySeconds({ waitMs }: Pick<FrontFacts, 'waitMs'>): number {
  return Math.max(Math.ceil(waitMs / 1000), CREATION_SECONDS) + SLACK_SECONDS;
}

/** `10.0.0.1:5280`, `[::1]:5280`. */
export function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${bracketed(host)}:${port}`;
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Where a proxy listens; `all` is how it writes all addresses. */
export function listenAddress({ host, port }: Listen, all: string): string {
  return host === undefined ? `${all}${port}` : address({ host, port });
}

/** Each path without and with the slash at its end, as boshd answers them. */
export function pathsOf(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => [path, `${path}/`]);
}

/** A regular expression of all paths, with or without a slash at the end. */
export function pathPattern(paths: readonly string[]): string {
  const plain = paths.map((path) => path.slice(1).replaceAll('.', '\\.'));
  return `^/(?:${plain.join('|')})/?$`;
}

/**
 * What the text of a request must begin with for it to belong to a session: a start tag with a sid. A creation has none.
 * Where this fails to see a sid (an attribute before it holds '>'), the request counts as a creation, which is safe.
 */
export const SESSION_PATTERN = String.raw`^(?:<\?[^>]*>)?[^>]*[[:space:]]sid[[:space:]]*=`;

/** `/srv/{host}/www` for one site. */
export function forSite(template: string, { hosts }: Site): string {
  return template.replaceAll('{host}', hosts[0] ?? '');
}

/** Whether a site's pages are with another web server. */
export function isOrigin(pages: string): boolean {
  return /^https?:/.test(pages);
}
