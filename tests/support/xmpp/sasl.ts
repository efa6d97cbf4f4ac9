import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

export type Mechanism = 'PLAIN' | 'ANONYMOUS' | 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

/** One SASL exchange: what to send first, then an answer to each challenge; `finish` checks the server's last word. */
export interface SaslExchange {
  readonly initial: string;
  answer(challenge: string): string;
  /** Throws when the server has not proved that it knows the user (RFC 5802 §3). */
  finish(additionalData: string): void;
}

/** Names and passwords are taken as they are (ASCII in the tests), without SASLprep. */
export function startSasl(mechanism: Mechanism, user: string, password: string): SaslExchange {
  switch (mechanism) {
    case 'ANONYMOUS':
      return { initial: '', answer: () => '', finish: () => undefined };
    case 'PLAIN':
      return { initial: `\0${user}\0${password}`, answer: () => '', finish: () => undefined };
    case 'SCRAM-SHA-1':
      return scram('sha1', 20, user, password);
    case 'SCRAM-SHA-256':
      return scram('sha256', 32, user, password);
  }
}

/** RFC 5802 §3 and §5, without channel binding. */
function scram(hash: string, hashBytes: number, user: string, password: string): SaslExchange {
  const nonce = randomBytes(18).toString('base64');
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const clientFirst = `n=${name},r=${nonce}`;
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  let serverSignature = Buffer.alloc(0);

  function answer(challenge: string): string {
    const fields = fieldsOf(challenge);
    const [serverNonce = '', salt = '', iterations = ''] = [
      fields.get('r'),
      fields.get('s'),
      fields.get('i'),
    ];
    if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length)
      throw new Error('bad server nonce');
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), hashBytes, hash);
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(hash).update(clientKey).digest();
    const withoutProof = `c=biws,r=${serverNonce}`;
    const message = `${clientFirst},${challenge},${withoutProof}`;
    const signature = hmac(storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    serverSignature = hmac(hmac(salted, 'Server Key'), message);
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  function finish(additionalData: string): void {
    const given = Buffer.from(fieldsOf(additionalData).get('v') ?? '', 'base64');
    if (given.length !== serverSignature.length || !timingSafeEqual(given, serverSignature)) {
      throw new Error('the server did not prove that it knows the user');
    }
  }

  return { initial: `n,,${clientFirst}`, answer, finish };
}

function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
