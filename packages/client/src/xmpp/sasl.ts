import { ClientError } from '../errors.ts';
import { utf8 } from './bytes.ts';
import { scram } from './scram.ts';

/** Who wants in, and how that is shown. */
export type Credentials =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  | { readonly type: 'token'; readonly jid: string; readonly token: string }
  | { readonly type: 'anonymous' };

/** One run of a SASL mechanism (RFC 4422). */
export interface Mechanism {
  readonly name: string;
  /** The initial response. */
  start(): Uint8Array;
  answer(challenge: Uint8Array): Promise<Uint8Array>;
  /** Takes what came with the success; throws where the server did not prove itself. */
  finish(data: Uint8Array): void;
}

/** The best mechanism of those that the server offers. `isSecure`: whether nobody reads along on the way to the service. */
export function chooseMechanism(
  offered: readonly string[],
  credentials: Credentials,
  isSecure: boolean,
): Mechanism {
  const found = candidates(credentials, isSecure).find(({ name }) => offered.includes(name));
  if (found !== undefined) return found.make();
  const isHindered = credentials.type === 'password' && !(isSecure && hasCryptography());
  if (isHindered && offered.some((name) => name === 'PLAIN' || name.startsWith('SCRAM-')))
    throw new ClientError('insecure-page', 'a page that came over plain http cannot log in by password');
  const list = offered.length === 0 ? 'none' : offered.join(', ');
  throw new ClientError(
    'no-mechanism',
    `the XMPP server offers ${list}, none for a ${credentials.type} log-in`,
  );
}

interface Candidate {
  readonly name: string;
  readonly make: () => Mechanism;
}

function candidates(credentials: Credentials, isSecure: boolean): readonly Candidate[] {
  if (credentials.type === 'anonymous') return [oneStep('ANONYMOUS', '')];
  if (credentials.type === 'token') {
    const { jid, token } = credentials;
    const authzid = jid.replaceAll('=', '=3D').replaceAll(',', '=2C');
    // RFC 7628 §3.1
    return isSecure ? [oneStep('OAUTHBEARER', `n,a=${authzid},\u0001auth=Bearer ${token}\u0001\u0001`)] : [];
  }
  const { user, password } = credentials;
  const hashes = hasCryptography() ? (['SHA-256', 'SHA-1'] as const) : [];
  const scrams = hashes.map((hash) => ({ name: `SCRAM-${hash}`, make: () => scram(hash, user, password) }));
  // RFC 4616
  return isSecure ? [...scrams, oneStep('PLAIN', `\u0000${user}\u0000${password}`)] : scrams;
}

/** Browsers have it in secure contexts only. */
function hasCryptography(): boolean {
  return typeof crypto === 'object' && typeof crypto.subtle === 'object';
}

/** Says all at once; a challenge can only be about a failure (RFC 7628 §3.2.3), which an empty answer brings to its end. */
function oneStep(name: string, text: string): Candidate {
  const mechanism: Mechanism = {
    name,
    start: () => utf8(text),
    answer: async () => utf8('\u0001'),
    finish: () => undefined,
  };
  return { name, make: () => mechanism };
}
