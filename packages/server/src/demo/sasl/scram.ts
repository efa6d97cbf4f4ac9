import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import {
  type Credentials,
  failed,
  type SaslExchange,
  type SaslStep,
  type ScramCredential,
  type ScramHash,
} from './exchange.ts';

/** What SCRAM keeps of a password: `Hi`, `StoredKey` and `ServerKey` of RFC 5802 §3. */
export function scramCredential(
  password: string,
  salt: Buffer,
  iterations: number,
  hash: ScramHash,
): ScramCredential {
  const keyBytes = hash === 'sha1' ? 20 : 32;
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, keyBytes, hash);
  const clientKey = hmac(hash, salted, 'Client Key');
  return {
    salt,
    iterations,
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
}

/**
 * The server's side of SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677), without channel binding.
 *
 * `serverNonce` is our half of the nonce: printable ASCII without a comma.
 */
export function scramExchange(hash: ScramHash, credentials: Credentials, serverNonce: string): SaslExchange {
  let challenged: Challenged | undefined;
  return {
    step(message): SaslStep {
      if (challenged !== undefined) {
        return message === undefined ? failed('malformed-request') : finish(hash, challenged, message);
      }
      // RFC 5802 §5: the client speaks first; without an initial response it is asked to.
      if (message === undefined) return { type: 'challenge', data: Buffer.alloc(0) };
      const first = readClientFirst(message.toString('utf8'), credentials.domain);
      if (first.type === 'failure') return first;
      const credential = credentials.scram(first.username, hash);
      // A real server goes on with an invented salt, so that nobody learns which accounts exist; these are no secret.
      if (credential === undefined) return failed('not-authorized');
      challenged = challenge(first, credential, serverNonce);
      return { type: 'challenge', data: Buffer.from(challenged.serverFirst) };
    },
  };
}

interface ClientFirst {
  readonly type: 'client-first';
  readonly gs2Header: string;
  /** client-first-message-bare */
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

interface Challenged {
  readonly first: ClientFirst;
  readonly credential: ScramCredential;
  readonly nonce: string;
  /** server-first-message */
  readonly serverFirst: string;
}

/** `n,,n=user,r=nonce` or `y,a=authzid,n=user,r=nonce`; extensions after the nonce are ignored (RFC 5802 §7). */
const CLIENT_FIRST = /^((?:n|y),(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s;
/** `c=channel-binding,r=nonce,p=proof`. */
const CLIENT_FINAL = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s;

function readClientFirst(text: string, domain: string): ClientFirst | Extract<SaslStep, { type: 'failure' }> {
  const [, gs2Header, authzid, bare, saslName, nonce] = CLIENT_FIRST.exec(text) ?? [];
  const username = saslName === undefined ? undefined : decodeSaslName(saslName);
  if (gs2Header === undefined || bare === undefined || nonce === undefined || username === undefined) {
    return { type: 'failure', failure: 'malformed-request' };
  }
  if (authzid !== undefined && decodeSaslName(authzid) !== `${username}@${domain}`) {
    return { type: 'failure', failure: 'invalid-authzid' };
  }
  return { type: 'client-first', gs2Header, bare, username, nonce };
}

function challenge(first: ClientFirst, credential: ScramCredential, serverNonce: string): Challenged {
  const nonce = first.nonce + serverNonce;
  const salt = credential.salt.toString('base64');
  return { first, credential, nonce, serverFirst: `r=${nonce},s=${salt},i=${credential.iterations}` };
}

function finish(hash: ScramHash, challenged: Challenged, message: Buffer): SaslStep {
  const { first, credential, nonce, serverFirst } = challenged;
  const [, withoutProof, binding, nonceBack, proof] = CLIENT_FINAL.exec(message.toString('utf8')) ?? [];
  if (withoutProof === undefined || binding === undefined || proof === undefined) {
    return failed('malformed-request');
  }
  // RFC 5802 §5.1: c= repeats the gs2 header, r= the whole nonce; anything else is somebody in between.
  if (Buffer.from(binding, 'base64').toString('utf8') !== first.gs2Header || nonceBack !== nonce) {
    return failed('not-authorized');
  }
  const authMessage = `${first.bare},${serverFirst},${withoutProof}`;
  const signature = hmac(hash, credential.storedKey, authMessage);
  const clientKey = xor(Buffer.from(proof, 'base64'), signature);
  if (clientKey === undefined) return failed('not-authorized');
  const storedKey = createHash(hash).update(clientKey).digest();
  if (!timingSafeEqual(storedKey, credential.storedKey)) return failed('not-authorized');
  const verifier = hmac(hash, credential.serverKey, authMessage).toString('base64');
  return {
    type: 'success',
    identity: { type: 'account', username: first.username },
    data: Buffer.from(`v=${verifier}`),
  };
}

/** RFC 5802 §5.1: `=2C` is a comma, `=3D` an equals sign, any other `=` an error. */
function decodeSaslName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function xor(a: Buffer, b: Buffer): Buffer | undefined {
  if (a.length !== b.length) return undefined;
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}
