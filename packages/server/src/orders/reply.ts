/** What the order of a web application is answered with, which has a session made and logged in for its page (docs/attach.md). */
export interface OrderReply {
  readonly status: number;
  /** JSON in ASCII. */
  readonly text: string;
  readonly retryAfterSeconds: number | undefined;
}

/** Bytes of an order: an address, a token, and room to spare. */
export const ORDER_BYTES_MAX = 32 * 1024;

/** Browsers say with each POST of a page where it is from, so none of these is in an order. Node's fetch sends Sec-Fetch-Mode alone. */
export const BROWSER_HEADERS: readonly string[] = [
  'origin',
  'sec-fetch-site',
  'sec-fetch-dest',
  'sec-fetch-user',
];

/** How the names of cookies begin that pages claim sessions with. */
export const CLAIM_COOKIE = 'boshd-claim-';

/** An answer that is no session. */
export function orderRefused(
  status: number,
  error: string,
  text: string,
  retryAfterSeconds?: number,
): OrderReply {
  return { status, text: `${JSON.stringify({ error, text })}\n`, retryAfterSeconds };
}
