import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ByteString } from '@boshd/engine/kit';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Hides what in a record would let others log in (AES-256-GCM, RFC 5116). The key is the anchor's, made at its start and given to its
 * workers: whoever gets hold of records alone, as in a core file of something that carries them, learns nothing.
 *
 * Sealed: the nonce, which is new each time, then the tag, then as many bytes as the plain text has.
 */
export class AnchorVault {
  readonly #key: Buffer;

  /** @param key 32 bytes */
  constructor(key: ByteString) {
    this.#key = Buffer.from(key, 'latin1');
  }

  seal(plain: ByteString): ByteString {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(plain, 'latin1'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('latin1') as ByteString;
  }

  /** Undefined: sealed with another key, or damaged. */
  open(sealed: ByteString): ByteString | undefined {
    const bytes = Buffer.from(sealed, 'latin1');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    try {
      const cipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE_BYTES));
      cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const plain = Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()]);
      return plain.toString('latin1') as ByteString;
    } catch {
      return undefined;
    }
  }
}
