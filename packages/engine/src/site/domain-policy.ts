import { fault, ok, type Result, type Toolbox } from '../kit/index.ts';
import type { DialTarget, ProxyProtocol, TlsPolicy, TlsVersion } from './dial-plan.ts';

/** Where an operator says a domain's server is, instead of what the DNS says. */
export interface DomainOverride {
  /** Undefined: found by DNS as usual, only TLS is overridden. */
  readonly target: DialTarget | undefined;
  readonly tls: TlsPolicy;
  readonly verify: boolean;
  /** PEM of the authority that signed its certificate; undefined: those the platform trusts. */
  readonly ca: string | undefined;
  /** Default '1.2'. */
  readonly tlsMin?: TlsVersion;
  readonly proxyProtocol?: ProxyProtocol | undefined;
}

/** Which XMPP domains may be connected to. All domains and patterns in it are in lower-case A-labels. */
export interface DomainPolicy {
  /** For a creation request without `to`. Default: none. */
  readonly defaultDomain: string | undefined;
  /** `example.org` means that domain, `*.example.org` everything below it, `*` all. Default: `*`. */
  readonly allow: readonly string[];
  /** Wins over `allow`. */
  readonly deny: readonly string[];
  /** Once served here, and for good not any more: clients hear so. Wins over both. Default: none. */
  readonly gone: readonly string[];
  /** Ports that a client may name together with a host, in `route`; see `admitRoute`. Default: none, so that it may not. */
  readonly routePorts: readonly number[];
  readonly overrides: ReadonlyMap<string, DomainOverride>;
  /** The oldest TLS where no override says otherwise. Default '1.2'. */
  readonly tlsMin?: TlsVersion;
}

export interface DomainRefusal {
  readonly code: 'no-domain' | 'domain-refused' | 'domain-gone';
  readonly detail: string;
}

/** A domain as it can be looked up: labels of letters, digits and hyphens in any script; no port, no user, no path. */
const DOMAIN =
  /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}_-]{0,62})(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_-]{0,62}))*$/u;

/** A domain that may be connected to. */
export interface AdmittedDomain {
  /** As the client wrote it, in lower case: for the stream header and the client. */
  readonly name: string;
  /** In A-labels: what policies, the DNS and certificates speak of. */
  readonly ascii: string;
}

/** The domain that a session is for, or why it may not be had (XEP-0124 §7.1). Judged in A-labels, however it is written. */
export function admitDomain(
  policy: DomainPolicy,
  to: string | undefined,
  toolbox: Toolbox,
): Result<AdmittedDomain, DomainRefusal> {
  const asked = to === undefined || to === '' ? policy.defaultDomain : to;
  if (asked === undefined) return refuse('no-domain', 'no `to`, and no default domain is configured');
  const name = asked.toLowerCase().replace(/\.$/, '');
  const ascii = asciiDomain(name, toolbox);
  if (ascii === '') return refuse('no-domain', '`to` is not a domain');
  if (policy.gone.some((pattern) => matches(pattern, ascii))) {
    return refuse('domain-gone', `${ascii} is on the list of domains that are gone`);
  }
  if (policy.deny.some((pattern) => matches(pattern, ascii))) {
    return refuse('domain-refused', `${ascii} is on the deny list`);
  }
  if (!policy.allow.some((pattern) => matches(pattern, ascii))) {
    return refuse('domain-refused', `${ascii} is not on the allow list`);
  }
  return ok({ name, ascii });
}

/** The A-labels of a name in lower case; empty when no host can have it. */
export function asciiDomain(name: string, toolbox: Toolbox): string {
  return DOMAIN.test(name) ? toolbox.domainToAscii(name) : '';
}

function refuse(code: DomainRefusal['code'], detail: string): Result<AdmittedDomain, DomainRefusal> {
  return fault({ code, detail });
}

/** On label boundaries: `*.example.org` is no match for `badexample.org`. */
function matches(pattern: string, ascii: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? ascii.endsWith(pattern.slice(1)) : ascii === pattern;
}
