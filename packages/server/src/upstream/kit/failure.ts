import type { Reason } from '@boshd/engine/manager';

/** Why a link could not be had or was lost. The detail is for logs and never for the client. */
export interface Failure {
  readonly reason: Reason;
  readonly detail: string;
}

/** What was going on when the error came. */
export type Stage = 'connect' | 'tls' | 'up';

/** Details name servers by words of their own making (a certificate's names): a limit keeps log lines short. */
const DETAIL_CHARS_MAX = 500;

const CONNECT_REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
  EHOSTUNREACH: 'connect-unreachable',
  ENETUNREACH: 'connect-unreachable',
  EADDRNOTAVAIL: 'connect-unreachable',
};

/** Codes of Node's and OpenSSL's certificate verification. */
const TLS_REASONS: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-name-mismatch',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'tls-name-mismatch',
  HOSTNAME_MISMATCH: 'tls-name-mismatch',
  CERT_CHAIN_TOO_LONG: 'tls-untrusted',
  CERT_REJECTED: 'tls-untrusted',
  CERT_REVOKED: 'tls-untrusted',
  CERT_SIGNATURE_FAILURE: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
  INVALID_PURPOSE: 'tls-untrusted',
  PATH_LENGTH_EXCEEDED: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'tls-untrusted',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
};

/** Of several failures the one that got furthest tells a person most. */
const MOST_TELLING_FIRST: readonly Reason[] = [
  'tls-name-mismatch',
  'tls-expired',
  'tls-untrusted',
  'tls-failed',
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'connect-unreachable',
  'address-forbidden',
  'port-forbidden',
  'dns-failed',
  'dns-timeout',
  'dns-no-such-domain',
  'dns-no-service',
];

/** What may be different a second later: a server that restarts, a network that blinks. */
const PASSING: ReadonlySet<Reason> = new Set([
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'connect-unreachable',
  'tls-failed',
  'dns-failed',
  'dns-timeout',
]);

/** The stable code of an error of Node or the system, '' when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * What an error of a socket means.
 *
 * @param error undefined: the other side closed the connection in good order
 * @param where the address and port, for the detail
 */
export function socketFailure(stage: Stage, error: Error | undefined, where: string): Failure {
  const reason = reasonOf(stage, codeOf(error));
  return {
    reason,
    detail: detailOf(`${where}: ${error === undefined ? 'closed by the server' : textOf(error)}`),
  };
}

function reasonOf(stage: Stage, code: string): Reason {
  switch (stage) {
    case 'connect':
      return CONNECT_REASONS[code] ?? 'connect-failed';
    case 'tls':
      return TLS_REASONS[code] ?? 'tls-failed';
    case 'up':
      return 'link-lost';
  }
}

function textOf(error: Error): string {
  const code = codeOf(error);
  return code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}

function detailOf(text: string): string {
  return text.length <= DETAIL_CHARS_MAX ? text : `${text.slice(0, DETAIL_CHARS_MAX)}...`;
}

/** One failure for all: the most telling reason, with its details first. Undefined for none. */
export function mostTelling(failures: readonly Failure[]): Failure | undefined {
  const sorted = [...failures].sort((a, b) => rankOf(a) - rankOf(b));
  const [first] = sorted;
  if (first === undefined) return undefined;
  const details = new Set(sorted.map((failure) => failure.detail));
  return { reason: first.reason, detail: detailOf([...details].join('; ')) };
}

function rankOf(failure: Failure): number {
  const at = MOST_TELLING_FIRST.indexOf(failure.reason);
  return at === -1 ? MOST_TELLING_FIRST.length : at;
}

export function isPassing(failure: Failure): boolean {
  return PASSING.has(failure.reason);
}
