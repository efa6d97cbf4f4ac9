import { randomBytes } from 'node:crypto';
import { type Credentials, failed, type SaslExchange, type SaslStep } from './exchange.ts';
import { scramExchange } from './scram.ts';

/** Bytes of randomness in our half of a SCRAM nonce: as many as its hash gains from. */
const NONCE_BYTES = 24;

const MECHANISMS: Readonly<Record<string, (credentials: Credentials) => SaslExchange>> = {
  'SCRAM-SHA-256': (credentials) => scramExchange('sha256', credentials, freshNonce()),
  'SCRAM-SHA-1': (credentials) => scramExchange('sha1', credentials, freshNonce()),
  PLAIN: plainExchange,
  ANONYMOUS: anonymousExchange,
};

/** The names offered, strongest first (RFC 6120 §6.3.3: the order is ours to choose). */
export const MECHANISM_NAMES: readonly string[] = Object.keys(MECHANISMS);

/** Begins an exchange, or undefined where there is no such mechanism. */
export function startMechanism(name: string, credentials: Credentials): SaslExchange | undefined {
  return Object.hasOwn(MECHANISMS, name) ? MECHANISMS[name]?.(credentials) : undefined;
}

/** RFC 4616: `[authzid] NUL authcid NUL password`. */
function plainExchange(credentials: Credentials): SaslExchange {
  return {
    step(message): SaslStep {
      if (message === undefined) return { type: 'challenge', data: Buffer.alloc(0) };
      const [authzid, username, password, ...rest] = message.toString('utf8').split('\0');
      if (authzid === undefined || !username || !password || rest.length > 0) {
        return failed('malformed-request');
      }
      if (authzid !== '' && authzid !== `${username}@${credentials.domain}`) return failed('invalid-authzid');
      if (!credentials.checkPassword(username, password)) return failed('not-authorized');
      return { type: 'success', identity: { type: 'account', username }, data: undefined };
    },
  };
}

/** RFC 4505: one message, whose trace text means nothing to us. */
function anonymousExchange(): SaslExchange {
  return {
    // XEP-0175 §2: no initial response is as good as an empty one, so nothing is asked for.
    step: (): SaslStep => ({ type: 'success', identity: { type: 'guest' }, data: undefined }),
  };
}

function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64');
}
