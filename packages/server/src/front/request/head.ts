/** The certificate of a client, of which only sites that ask for one make use. */
export interface PeerCertificate {
  /** SHA-256 of all of it, in small hexadecimal digits. */
  readonly fingerprint: string;
  /** Its common name, where an authority that we trust for that has signed it; else undefined. */
  readonly name: string | undefined;
}

/** One end of an HTTP connection as the socket shows it: the client, or the nearest proxy. */
export interface Peer {
  /** IP address; an IPv4 address is never in its IPv6 form. `unknown` where the socket has none any more. */
  readonly address: string;
  /** Whether the connection itself is TLS. */
  readonly secure: boolean;
  /** Whether it is one of the trusted proxies. */
  readonly trusted: boolean;
  /** The TCP port of our own end; undefined for a Unix socket. */
  readonly port?: number | undefined;
  /** The certificate that it showed; undefined: none, or the connection is not TLS. */
  readonly certificate?: PeerCertificate | undefined;
}

/**
 * The head of an HTTP request. What reads it from the wire (node:http, or the fast lane) is the only part of the front that
 * knows more than this, so that another HTTP implementation can take its place.
 */
export interface RequestHead {
  readonly method: string;
  /** Request target as sent (RFC 9112 §3.2). */
  readonly target: string;
  /** HTTP/1.0 clients may leave out Host. */
  readonly minorVersion: number;
  readonly headers: Headers;
  /** Header lines, repeated ones included. */
  readonly lineCount: number;
  /** How many of them are Host. */
  readonly hostCount: number;
  readonly peer: Peer;
}

/** The query of a request target, without the question mark; '' where there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}

/** Header lines by name. */
export interface Headers {
  /** The value under a name in lower case; repeated lines of one name joined (RFC 9110 §5.3), of Host the first. */
  get(name: string): string | undefined;
}

/** Headers out of a record by names in lower case, as node:http makes it. */
export class RecordHeaders implements Headers {
  readonly #record: HeaderRecord;

  constructor(record: HeaderRecord) {
    this.#record = record;
  }

  get(name: string): string | undefined {
    const value = this.#record[name];
    return typeof value === 'string' ? value : value?.[0];
  }
}

export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The value of a header of which only one makes sense. */
export function headerOf(headers: Headers, name: string): string | undefined {
  return headers.get(name);
}
