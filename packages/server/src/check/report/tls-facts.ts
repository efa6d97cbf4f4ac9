import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { CertificateFacts, TlsFacts } from './report.ts';

const DAY_MS = 86_400_000;

/** What an open connection says of itself. */
export function tlsFacts(socket: TLSSocket): TlsFacts {
  const { name, standardName } = socket.getCipher();
  const { alpnProtocol } = socket;
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: standardName ?? name,
    alpn: typeof alpnProtocol === 'string' ? alpnProtocol : undefined,
    certificate: certificateFacts(socket.getPeerCertificate(true), Date.now()),
  };
}

/** @param nowMs milliseconds since 1970 */
export function certificateFacts(
  certificate: Pick<DetailedPeerCertificate, 'subject' | 'issuer' | 'valid_from' | 'valid_to'> &
    Partial<Pick<DetailedPeerCertificate, 'subjectaltname' | 'bits' | 'asn1Curve'>>,
  nowMs: number,
): CertificateFacts {
  const { subjectaltname = '', valid_from: from, valid_to: to, bits, asn1Curve } = certificate;
  return {
    names: subjectaltname === '' ? [] : subjectaltname.split(', '),
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validFrom: dateOf(from),
    validTo: dateOf(to),
    daysLeft: Math.floor((Date.parse(to) - nowMs) / DAY_MS),
    key:
      asn1Curve === undefined ? (bits === undefined ? 'unknown' : `RSA ${bits}`) : `EC ${bits ?? ''}`.trim(),
  };
}

/** A distinguished name as people read it: the common name and the organisation. */
function nameOf(name: DetailedPeerCertificate['subject'] | undefined): string {
  const parts = [name?.CN, name?.O].flatMap((part: string | readonly string[] | undefined) => part ?? []);
  return [...new Set(parts)].join(', ') || 'without a name';
}

function dateOf(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}
