import { ClientError } from '../errors.ts';
import { fromBase64, randomHex, textOf, toBase64, utf8 } from './bytes.ts';
import type { Mechanism } from './sasl.ts';

type Hash = 'SHA-1' | 'SHA-256';

const HASH_BITS = { 'SHA-1': 160, 'SHA-256': 256 } as const;
/** More would keep the page busy for many seconds: servers ask for 4,096 to 600,000. */
const ITERATIONS_MAX = 5_000_000;

/** SCRAM without channel binding (RFC 5802, RFC 7677): the password never leaves the page, and the server proves itself. */
export function scram(hash: Hash, user: string, password: string): Mechanism {
  const nonce = randomHex(16);
  const bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  let expected: string | undefined;
  return {
    name: `SCRAM-${hash}`,
    start: () => utf8(`n,,${bare}`),
    async answer(challenge) {
      const serverFirst = textOf(challenge);
      const { r = '', s = '', i = '' } = fieldsOf(serverFirst);
      const iterations = /^\d+$/.test(i) ? Number(i) : 0;
      if (!r.startsWith(nonce) || r === nonce || s === '' || iterations < 1 || iterations > ITERATIONS_MAX)
        throw notProven('its challenge breaks the rules of SCRAM');
      const withoutProof = `c=biws,r=${r}`;
      const message = utf8(`${bare},${serverFirst},${withoutProof}`);
      const salted = await derive(hash, password, fromBase64(s), iterations);
      const clientKey = await sign(hash, salted, utf8('Client Key'));
      const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
      const signature = await sign(hash, storedKey, message);
      const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
      expected = toBase64(await sign(hash, await sign(hash, salted, utf8('Server Key')), message));
      return utf8(`${withoutProof},p=${toBase64(proof)}`);
    },
    finish(data) {
      const { v } = fieldsOf(textOf(data));
      if (expected === undefined || v !== expected) throw notProven('its signature is wrong');
    },
  };
}

function notProven(what: string): ClientError {
  return new ClientError(
    'server-not-proven',
    `the XMPP server did not prove that it knows the password: ${what}`,
  );
}

/** `r=...,s=...,i=...`; values may hold `=`. */
function fieldsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((field) => [field.slice(0, 1), field.slice(2)] as const);
  return Object.fromEntries(pairs);
}

/** RFC 5802 §2.2: Hi(), which is PBKDF2. NFKC is what SASLprep (RFC 4013) does to the passwords that it lets pass. */
async function derive(
  hash: Hash,
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', utf8(password.normalize('NFKC')), 'PBKDF2', false, [
    'deriveBits',
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash, salt, iterations },
    key,
    HASH_BITS[hash],
  );
  return new Uint8Array(bits);
}

async function sign(
  hash: Hash,
  key: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
}
