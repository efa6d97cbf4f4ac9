/** One end of an HTTP connection as the socket shows it: the client, or the nearest proxy. */
export interface Peer {
  /** IP address; an IPv4 address is never in its IPv6 form. `unknown` where the socket has none any more. */
  readonly address: string;
  /** Whether the connection itself is TLS. */
  readonly secure: boolean;
  /** Whether it is one of the trusted proxies. */
  readonly trusted: boolean;
}

/**
 * The head of an HTTP request. What reads it from the wire (node:http today) is the only part of the front that knows
 * more than this, so that another HTTP implementation can take its place.
 */
export interface RequestHead {
  readonly method: string;
  /** Request target as sent (RFC 9112 §3.2). */
  readonly target: string;
  /** HTTP/1.0 clients may leave out Host. */
  readonly minorVersion: number;
  /** By name in lower case; repeated lines of one name joined (RFC 9110 §5.3), of Host the first. */
  readonly headers: Headers;
  /** Every line as sent: name, value, name, value ... */
  readonly lines: readonly string[];
  readonly peer: Peer;
}

/** The query of a request target, without the question mark; '' where there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The value of a header of which only one makes sense. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
