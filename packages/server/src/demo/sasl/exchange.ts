/** The SASL failures that the demo server has a use for (RFC 6120 §6.5). */
export type SaslFailure =
  | 'aborted'
  | 'credentials-expired'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized'
  | 'temporary-auth-failure';

/** Who has logged in: an account of the list, or a new guest without a password (XEP-0175). */
export type Identity = { readonly type: 'account'; readonly username: string } | { readonly type: 'guest' };

/** What follows from a client's message. After `success` or `failure` the exchange is over. */
export type SaslStep =
  | { readonly type: 'challenge'; readonly data: Buffer }
  /** `data`: what the mechanism still has to tell the client, if anything (RFC 6120 §6.4.6). */
  | { readonly type: 'success'; readonly identity: Identity; readonly data: Buffer | undefined }
  | { readonly type: 'failure'; readonly failure: SaslFailure };

/**
 * The server's side of one authentication, without its XML, so that SASL (RFC 6120 §6) and SASL2 (XEP-0388) can both
 * carry it.
 */
export interface SaslExchange {
  /** Takes the client's next message; undefined where it sent no initial response (an empty one is a message). */
  step(message: Buffer | undefined): SaslStep;
}

/** What SCRAM keeps of a password (RFC 5802 §3). */
export interface ScramCredential {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export type ScramHash = 'sha1' | 'sha256';

/** Where mechanisms look passwords up. */
export interface Credentials {
  /** Bare JID's domain, for authorization identities. */
  readonly domain: string;
  checkPassword(username: string, password: string): boolean;
  scram(username: string, hash: ScramHash): ScramCredential | undefined;
}

export function failed(failure: SaslFailure): SaslStep {
  return { type: 'failure', failure };
}
