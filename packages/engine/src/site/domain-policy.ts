import { fault, ok, type Result } from '../kit/index.ts';
import type { DialTarget, TlsPolicy } from './dial-plan.ts';

/** Where an operator says a domain's server is, instead of what the DNS says. */
export interface DomainOverride {
  /** Undefined: found by DNS as usual, only TLS is overridden. */
  readonly target: DialTarget | undefined;
  readonly tls: TlsPolicy;
  readonly verify: boolean;
  /** PEM of the authority that signed its certificate; undefined: those the platform trusts. */
  readonly ca: string | undefined;
}

/** Which XMPP domains may be connected to. */
export interface DomainPolicy {
  /** For a creation request without `to`. Default: none. */
  readonly defaultDomain: string | undefined;
  /** `example.org` means that domain, `*.example.org` everything below it, `*` all. Default: `*`. */
  readonly allow: readonly string[];
  /** Wins over `allow`. */
  readonly deny: readonly string[];
  readonly overrides: ReadonlyMap<string, DomainOverride>;
}

export type DomainRefusal = { readonly code: 'no-domain' | 'domain-refused'; readonly detail: string };

/** A domain as it can be looked up: labels of letters, digits and hyphens in any script; no port, no user, no path. */
const DOMAIN =
  /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}_-]{0,62})(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_-]{0,62}))*$/u;

/** The domain that a session is for, in lower case, or why it may not be had (XEP-0124 §7.1). */
export function admitDomain(policy: DomainPolicy, to: string | undefined): Result<string, DomainRefusal> {
  const asked = to === undefined || to === '' ? policy.defaultDomain : to;
  if (asked === undefined)
    return fault({ code: 'no-domain', detail: 'no `to`, and no default domain is configured' });
  const domain = asked.toLowerCase().replace(/\.$/, '');
  if (!DOMAIN.test(domain)) return fault({ code: 'no-domain', detail: '`to` is not a domain' });
  if (policy.deny.some((pattern) => matches(pattern, domain))) {
    return fault({ code: 'domain-refused', detail: `${domain} is on the deny list` });
  }
  if (!policy.allow.some((pattern) => matches(pattern, domain))) {
    return fault({ code: 'domain-refused', detail: `${domain} is not on the allow list` });
  }
  return ok(domain);
}

/** On label boundaries: `*.example.org` is no match for `badexample.org`. */
function matches(pattern: string, domain: string): boolean {
  if (pattern === '*') return true;
  const lower = pattern.toLowerCase();
  return lower.startsWith('*.') ? domain.endsWith(lower.slice(1)) : domain === lower;
}
