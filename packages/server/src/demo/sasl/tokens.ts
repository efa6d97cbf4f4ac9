import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { failed, type SaslExchange, type SaslStep } from './exchange.ts';

/** The one that needs no TLS to bind to (draft-schmaus-kitten-sasl-ht §2). */
export const TOKEN_MECHANISM = 'HT-SHA-256-NONE';

const TOKEN_BYTES = 32;

/** A secret that logs one client in to one account by `HT-SHA-256-NONE`. */
export interface Token {
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The highest count that came with it (XEP-0484 §3.4): lower ones are replays. */
  count: number;
}

/** What one client has (XEP-0484 §5.1): the old token is good until the new one is used. */
export interface ClientTokens {
  current: Token | undefined;
  next: Token | undefined;
}

export interface TokenLimits {
  readonly tokensMax: number;
  readonly tokenMs: number;
}

/** A new token for a client; one that it got before and has not used is void. */
export function issueToken(
  clients: Map<string, ClientTokens>,
  agent: string,
  { tokensMax, tokenMs }: TokenLimits,
): Token {
  const secret = randomBytes(TOKEN_BYTES).toString('base64url');
  const next: Token = { secret, expiresAt: Date.now() + tokenMs, count: 0 };
  const current = clients.get(agent)?.current;
  clients.delete(agent);
  clients.set(agent, { current, next });
  const [oldest] = clients.keys();
  if (clients.size > tokensMax && oldest !== undefined) clients.delete(oldest);
  return next;
}

/** Whether the token that the client has used last has lived for more than half of its time. */
export function isDueForRotation(
  clients: ReadonlyMap<string, ClientTokens>,
  agent: string,
  { tokenMs }: TokenLimits,
): boolean {
  const current = clients.get(agent)?.current;
  return current !== undefined && current.expiresAt - Date.now() < tokenMs / 2;
}

/** How a client says which of its tokens it is, besides the mechanism's own message. */
export interface TokenUse {
  readonly agent: string;
  /** XEP-0484 §3.4; undefined: it does not count. */
  readonly count: number | undefined;
}

/**
 * The server's side of HT-SHA-256-NONE: `username NUL HMAC(token, "Initiator")`, and `HMAC(token, "Responder")` back.
 *
 * `tokensOf`: by the user's name, of somebody there or not.
 */
export function tokenExchange(
  tokensOf: (username: string) => ReadonlyMap<string, ClientTokens> | undefined,
  { agent, count }: TokenUse,
): SaslExchange {
  return {
    step(message): SaslStep {
      const end = message?.indexOf(0) ?? -1;
      if (message === undefined || end <= 0) return failed('malformed-request');
      const username = message.toString('utf8', 0, end);
      const tokens = tokensOf(username)?.get(agent);
      const proof = message.subarray(end + 1);
      const token = [tokens?.next, tokens?.current].find((known) => isProof(known, proof));
      if (tokens === undefined || token === undefined) return failed('not-authorized');
      if (token.expiresAt <= Date.now()) return failed('credentials-expired');
      if (count !== undefined && count <= token.count) return failed('not-authorized');
      token.count = count ?? token.count;
      if (token === tokens.next) {
        tokens.current = token;
        tokens.next = undefined;
      }
      const data = hmac(token.secret, 'Responder');
      return { type: 'success', identity: { type: 'account', username }, data };
    },
  };
}

function isProof(token: Token | undefined, proof: Buffer): boolean {
  if (token === undefined) return false;
  const expected = hmac(token.secret, 'Initiator');
  return expected.length === proof.length && timingSafeEqual(expected, proof);
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
