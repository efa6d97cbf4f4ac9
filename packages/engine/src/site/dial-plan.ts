/** Where and how to dial for a domain: made by the domain policy, carried out by the upstream port. */
export interface DialPlan {
  /** The XMPP domain, in A-labels: what the DNS is asked for and what the certificate must be for. */
  readonly domain: string;
  /** 'discover': SRV, then A/AAAA of the domain. Otherwise the operator's override, to which no address policy applies. */
  readonly target: 'discover' | DialTarget;
  /** How TLS is had; 'discover' tries direct TLS where SRV names it, STARTTLS elsewhere, both required. */
  readonly tls: TlsPolicy;
  /** False only by `insecureSkipVerify`: any certificate is taken. */
  readonly verify: boolean;
  /** PEM of the authority that must have signed the certificate; undefined: those that the upstream port trusts. */
  readonly ca: string | undefined;
  /** The browser's address, for PROXY protocol and logs. */
  readonly clientAddress: string;
}

export interface DialTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * 'required': direct TLS by SRV or STARTTLS, never plain text. 'direct': TLS from the first byte (an override only).
 * 'insecure-optional': STARTTLS where offered. 'insecure-none': plain text, for a server on the same machine.
 */
export type TlsPolicy = 'required' | 'direct' | 'insecure-optional' | 'insecure-none';
