import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { ByteString } from '@boshd/engine/kit';
import type { ChannelBindings } from '@boshd/engine/stream';

/** RFC 9266 §2 */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;

/** Signature algorithms by their object identifiers in DER, as hexadecimal, with the hash of each. */
const HASHES: readonly (readonly [oid: string, hash: string])[] = [
  ['06092a864886f70d01010c', 'sha384'],
  ['06092a864886f70d01010d', 'sha512'],
  ['06082a8648ce3d040303', 'sha384'],
  ['06082a8648ce3d040304', 'sha512'],
];
/** RFC 5929 §4.1: SHA-256 stands for MD5 and SHA-1, too. */
const USUAL_HASHES: ReadonlySet<string> = new Set([
  // MD5, SHA-1, SHA-256 with RSA; SHA-1, SHA-256 with ECDSA.
  ...['06092a864886f70d010104', '06092a864886f70d010105', '06092a864886f70d01010b'],
  ...['06072a8648ce3d0401', '06082a8648ce3d040302'],
]);

/** What binds to the TLS of a socket; undefined where there is no TLS. */
export function channelBindingsOf(socket: unknown): ChannelBindings | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  // A resumed session of TLS may have no certificate to look at.
  const certificate = socket.getPeerX509Certificate()?.raw;
  return {
    exporter: exporterOf(socket),
    endPoint: certificate === undefined ? undefined : endPointOf(certificate),
  };
}

/** RFC 9266 §4: before TLS 1.3 it is safe only with an extension that Node does not tell of. */
function exporterOf(socket: TLSSocket): ByteString | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined;
  const bytes = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
  return bytes.toString('latin1') as ByteString;
}

/** tls-server-end-point: the certificate, by the hash that it is signed with (RFC 5929 §4.1). */
export function endPointOf(certificate: Uint8Array): ByteString | undefined {
  const hash = signatureHash(certificate);
  if (hash === undefined) return undefined;
  return createHash(hash).update(certificate).digest().toString('latin1') as ByteString;
}

/** Of Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, ... }, ... } (RFC 5280 §4.1). */
function signatureHash(certificate: Uint8Array): string | undefined {
  const outer = contentAt(certificate, 0);
  const signed = outer === undefined ? undefined : contentAt(certificate, outer.start);
  const algorithm = signed === undefined ? undefined : contentAt(certificate, signed.end);
  const identifier = algorithm === undefined ? undefined : contentAt(certificate, algorithm.start);
  if (algorithm === undefined || identifier === undefined) return undefined;
  const oid = Buffer.from(certificate.subarray(algorithm.start, identifier.end)).toString('hex');
  if (USUAL_HASHES.has(oid)) return 'sha256';
  return HASHES.find(([known]) => known === oid)?.[1];
}

interface Content {
  readonly start: number;
  readonly end: number;
}

/** Where the content of the DER element at a place is. */
function contentAt(bytes: Uint8Array, place: number): Content | undefined {
  const first = bytes[place + 1];
  if (first === undefined) return undefined;
  const digits = first < 0x80 ? 0 : first & 0x7f;
  if (digits > 3) return undefined;
  let length = digits === 0 ? first : 0;
  for (let at = 0; at < digits; at += 1) length = length * 256 + (bytes[place + 2 + at] ?? 0);
  const start = place + 2 + digits;
  return start + length <= bytes.length ? { start, end: start + length } : undefined;
}
