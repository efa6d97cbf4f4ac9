export const DEFAULT_CONTENT_TYPE = 'text/xml; charset=utf-8';

/**
 * Types that no browser runs script from under the Content-Security-Policy of every reply. A deviation from
 * XEP-0124 §7.1 ("MUST appear"): with a type of the client's choice (text/html), a foreign page could post a form to the
 * proxied URL and have an attacker's XMPP server put script into the site's origin.
 */
const INERT_TYPES: ReadonlyMap<string, string> = new Map(
  ['text/xml', 'application/xml', 'text/plain'].map((type) => [type, `${type}; charset=utf-8`]),
);

const CONTENT_TYPE = /^\s*([a-z]+\/[a-z0-9.+-]+)\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i;

/** The Content-Type of every reply of a session: what was asked when that is inert and UTF-8, else the default. */
export function grantContentType(asked: string | undefined): string {
  const type = CONTENT_TYPE.exec(asked ?? '')?.[1]?.toLowerCase();
  return INERT_TYPES.get(type ?? '') ?? DEFAULT_CONTENT_TYPE;
}
