import type { ByteString } from './bytes.ts';
import type { Instant } from './time.ts';

/**
 * What the engine needs and bare ES2022 has not: pure synchronous functions, and random bytes.
 *
 * The server makes one of node:crypto and Buffer, the simulation one with a seeded generator, so that the engine
 * itself imports nothing and the same inputs give the same outputs.
 */
export interface Toolbox {
  /** Unpredictable bytes (seeded ones in the simulation). */
  randomBytes(count: number): Uint8Array;
  /** Whether the bytes are well-formed UTF-8. */
  isUtf8(bytes: Uint8Array): boolean;
  /** The bytes from start (inclusive) to end (exclusive) as a ByteString. */
  toByteString(bytes: Uint8Array, start: number, end: number): ByteString;
  /** Text of well-formed UTF-8. */
  decodeUtf8(bytes: ByteString): string;
  /** UTF-8 of a text. */
  encodeUtf8(text: string): ByteString;
  /** A domain in lower-case A-labels (`xn--...`), as the DNS and policies know it; '' where it can not be one. */
  domainToAscii(domain: string): string;
  /** Lower-case hexadecimal HMAC-SHA-256 of the bytes (RFC 2104). */
  hmacSha256Hex(key: ByteString, bytes: ByteString): string;
  /** Base 64 (RFC 4648 §4), with padding. */
  toBase64(bytes: ByteString): ByteString;
  /** The time of day at an instant, in milliseconds since 1970: only for what peers date so. */
  unixTimeMs(at: Instant): number;
  /** Lower-case hexadecimal SHA-1 of the bytes (XEP-0124 §15). */
  sha1Hex(bytes: ByteString): string;
}
