import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** RFC 1035 §2.3.4. */
const LABEL_CHARS_MAX = 63;
const NAME_CHARS_MAX = 253;

/** Characters at which a URL parser would cut, decode or fold a host: none is of a domain. */
const NOT_OF_A_DOMAIN = /[\s/?#@:\\%[\]]/;

/**
 * What the DNS and certificates know an XMPP domain as: A-labels (RFC 5890), without the final dot; an IP literal as itself,
 * without brackets. Undefined when it can be no host.
 *
 * Numbers that a URL parser takes for IPv4 (`127.1`) come out as that address, to be judged as the address it is.
 */
export function hostName(domain: string): string | undefined {
  const bare = /^\[.*\]$/.test(domain) ? domain.slice(1, -1) : domain;
  if (isIP(bare) !== 0) return bare;
  if (NOT_OF_A_DOMAIN.test(domain)) return undefined;
  const host = domainToASCII(domain).replace(/\.$/, '');
  const labelsFit = host.split('.').every((label) => label !== '' && label.length <= LABEL_CHARS_MAX);
  return labelsFit && host.length <= NAME_CHARS_MAX ? host : undefined;
}

/** Names that are this machine whatever a DNS server says (RFC 6761 §6.3). */
export function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
