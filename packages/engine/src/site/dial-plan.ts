/** Where and how to dial for a domain: made by the domain policy, carried out by the upstream port. */
export interface DialPlan {
  /** The XMPP domain, in A-labels: what the DNS is asked for and what the certificate must be for. */
  readonly domain: string;
  /** 'discover': SRV, then A/AAAA of the domain. Otherwise a host that somebody named. */
  readonly target: 'discover' | DialTarget | ForeignTarget;
  /** How TLS is had; 'discover' tries direct TLS where SRV names it, STARTTLS elsewhere, both required. */
  readonly tls: TlsPolicy;
  /** The oldest TLS that is spoken. */
  readonly tlsMin: TlsVersion;
  /** False only by `insecureSkipVerify`: any certificate is taken. */
  readonly verify: boolean;
  /** PEM of the authority that must have signed the certificate; undefined: those that the upstream port trusts. */
  readonly ca: string | undefined;
  /** The browser's address, for PROXY protocol and logs. */
  readonly clientAddress: string;
  /** Tells the server the browser's address before anything else; undefined: not at all. */
  readonly proxyProtocol: ProxyProtocol | undefined;
  /** Endpoints, as `link-up` names them, that this session has met and that were of no use: passed over. */
  readonly tried: readonly string[];
  /** All of this was tried a moment ago: it is dialled after a pause. */
  readonly isRetry: boolean;
}

/** By an operator's override: neither address nor port policy applies to it. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
}

/** By a server (see-other-host) or a client: the address and port policies apply as they do to what the DNS says. */
export interface ForeignTarget {
  /** A domain or an address literal; not for the certificate, which is always that of `domain`. */
  readonly host: string;
  /** Undefined: the SRV records of `host` are asked (RFC 6120 §4.9.3.19). */
  readonly port: number | undefined;
  readonly isForeign: true;
}

/**
 * 'required': direct TLS by SRV or STARTTLS, never plain text. 'direct': TLS from the first byte (an override only).
 * 'insecure-optional': STARTTLS where offered. 'insecure-none': plain text, for a server on the same machine.
 */
export type TlsPolicy = 'required' | 'direct' | 'insecure-optional' | 'insecure-none';

export type TlsVersion = 'insecure-1.0' | 'insecure-1.1' | '1.2' | '1.3';

/** The versions of the PROXY protocol: a line of text, or bytes. */
export type ProxyProtocol = 'v1' | 'v2';
