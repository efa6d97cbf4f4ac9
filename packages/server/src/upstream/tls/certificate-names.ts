import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { domainToASCII } from 'node:url';

/**
 * Whether a certificate is for an XMPP domain, as node:tls asks it: an error with the code that Node itself uses when it is
 * not. Unlike Node's own check it knows the names that are of XMPP, and never falls back to the common name (RFC 9525 §2).
 *
 * @param domain A-labels or an IP literal
 */
export function checkCertificate(
  domain: string,
  certificate: Pick<PeerCertificate, 'subjectaltname'>,
): Error | undefined {
  const names = certificate.subjectaltname;
  if (names !== undefined && isCoveredBy(names, domain)) return undefined;
  const text = names === undefined ? 'no subjectAltName at all' : names;
  return Object.assign(new Error(`the certificate is for ${text} and not for ${domain}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/**
 * Whether one of the names covers the domain: dNSName (RFC 9525 §6.3), iPAddress, id-on-xmppAddr (RFC 6120 §13.7.1.4),
 * SRVName of xmpp-client (RFC 4985).
 *
 * @param subjectAltName as Node prints it: `DNS:example.org, othername:XmppAddr:example.org`
 */
export function isCoveredBy(subjectAltName: string, domain: string): boolean {
  const wanted = domain.toLowerCase();
  return printedNames(subjectAltName).some((printed) => {
    const [, type = '', value = ''] = /^(DNS|IP Address|othername:XmppAddr|othername:SRVName):(.*)$/s.exec(
      printed,
    ) ?? [undefined];
    switch (type) {
      case 'DNS':
        return isIP(wanted) === 0 && dnsNameCovers(value.toLowerCase(), wanted);
      case 'IP Address':
        return isIP(wanted) !== 0 && sameAddress(value, wanted);
      case 'othername:XmppAddr':
        return isIP(wanted) === 0 && domainToASCII(value) === wanted;
      case 'othername:SRVName':
        return value.toLowerCase() === `_xmpp-client.${wanted}`;
      default:
        return false;
    }
  });
}

/** RFC 9525 §6.3: a wildcard is the whole left-most label and stands for exactly one label; `*.org` is too much. */
function dnsNameCovers(name: string, domain: string): boolean {
  const host = name.replace(/\.$/, '');
  if (host === domain) return host !== '';
  if (!host.startsWith('*.')) return false;
  const suffix = host.slice(1);
  const dot = domain.indexOf('.');
  return dot > 0 && suffix.includes('.', 1) && !suffix.includes('*') && domain.slice(dot) === suffix;
}

function sameAddress(printed: string, wanted: string): boolean {
  return isIP(printed) !== 0 && canonical(printed) === canonical(wanted);
}

/** OpenSSL prints every group of an IPv6 address; the URL parser gives both writings one form. */
function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname : address;
}

/**
 * Takes the printed list apart. Node quotes a name with a comma or a quote in it as a JSON string, so that a name
 * cannot pass itself off as two; a quotation that cannot be read makes the whole list worthless.
 */
function printedNames(subjectAltName: string): readonly string[] {
  const names: string[] = [];
  const pattern =
    /((?:DNS|IP Address|URI|email|DirName|Registered ID|othername|[^,":]+):)("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gsy;
  while (pattern.lastIndex < subjectAltName.length) {
    const match = pattern.exec(subjectAltName);
    if (match === null) return [];
    const [, type = '', value = ''] = match;
    const unquoted = value.startsWith('"') ? unquote(value) : value;
    if (unquoted === undefined) return [];
    names.push(type + unquoted);
  }
  return names;
}

function unquote(quoted: string): string | undefined {
  try {
    const text: unknown = JSON.parse(quoted);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
