/** Whose pages may use a site, besides those of its own origin (docs/cross-domain.md; Fetch standard, "HTTP-network-or-cache fetch"). */
export interface OriginPolicy {
  /** Every page of the web. */
  readonly any: boolean;
  /** Serialised origins in the ASCII, lower-case form of browsers: `https://www.example.org`, `http://localhost:8080`. */
  readonly listed: ReadonlySet<string>;
  /** Of `https://*.example.org`: everything below example.org, at label boundaries; not example.org itself. */
  readonly patterns: readonly OriginPattern[];
}

/** What stands before and after the labels that are free: `https://` and `.example.org`. */
export interface OriginPattern {
  readonly before: string;
  readonly after: string;
}

/** What a request says about the page that made it. Only browsers say it, and pages can not forge it. */
export interface OriginClaim {
  /** `Origin` (RFC 6454 §7). Browsers send it with every POST; `null` from a page without an origin of its own. */
  readonly origin: string | undefined;
  /** The host, and port unless it is the default, that the browser asked for: `Host`, or what a trusted proxy says it was. */
  readonly host: string | undefined;
  /** `Sec-Fetch-Site` (Fetch Metadata §2.3). */
  readonly fetchSite: string | undefined;
}

/**
 * - `none`: not a page that crosses origins, as far as can be seen; most programs that are no browsers.
 * - `same-origin`: a page of the site itself.
 * - `listed`, `any`: a foreign page that the policy allows by name, or as all.
 * - `refused`: a foreign page that no rule allows.
 */
export type OriginVerdict = 'none' | 'same-origin' | 'listed' | 'any' | 'refused';

export const SAME_ORIGIN_ONLY: OriginPolicy = { any: false, listed: new Set(), patterns: [] };

/** `*` (all), or origins and patterns such as `https://*.example.org`. */
export function originPolicy(origins: '*' | readonly string[]): OriginPolicy {
  if (origins === '*') return { any: true, listed: new Set(), patterns: [] };
  const patterns = origins.flatMap((each) => patternOf(each) ?? []);
  return { any: false, listed: new Set(origins.filter((each) => !each.includes('*'))), patterns };
}

function patternOf(origin: string): OriginPattern | undefined {
  const [before, after] = origin.split('*');
  return before === undefined || after === undefined ? undefined : { before, after };
}

/** Judges a request by the page that made it; decides nothing about requests without `Origin`, which are no page's. */
export function judgeOrigin(policy: OriginPolicy, claim: OriginClaim): OriginVerdict {
  const { origin } = claim;
  if (origin === undefined) return 'none';
  if (policy.any) return 'any';
  if (policy.listed.has(origin) || policy.patterns.some((pattern) => fits(origin, pattern))) return 'listed';
  return isSameOrigin(origin, claim) ? 'same-origin' : 'refused';
}

/** One label or more, as browsers write them. */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

function fits(origin: string, { before, after }: OriginPattern): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  return LABELS.test(origin.slice(before.length, -after.length));
}

/**
 * A proxy may put its own name into Host (nginx does, if it is not told otherwise), which makes the page's origin look
 * foreign; there the browser's own verdict counts. Where a browser gives none, because it is old or the page came over
 * plain http, Host must tell.
 */
function isSameOrigin(origin: string, claim: OriginClaim): boolean {
  if (claim.fetchSite === 'same-origin') return true;
  return claim.host !== undefined && originsOfHost(claim.host.toLowerCase()).includes(origin);
}

/**
 * The scheme that the browser used is unknown behind a proxy that makes the TLS, so both count. A default port, which an
 * Origin never names, may stand in a Host that was written by a proxy.
 */
function originsOfHost(host: string): readonly string[] {
  return [`http://${withoutPort(host, ':80')}`, `https://${withoutPort(host, ':443')}`];
}

function withoutPort(host: string, port: string): string {
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
