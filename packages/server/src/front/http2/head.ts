import type { IncomingHttpHeaders } from 'node:http2';
import { type Peer, RecordHeaders, type RequestHead } from '../request/head.ts';

/** The head of a request as HTTP/1.1 would have it: what is behind it need not know which HTTP it was. */
export function headOf(headers: IncomingHttpHeaders, peer: Peer): RequestHead {
  const authority = headers[':authority'];
  const { host } = headers;
  return {
    method: headers[':method'] ?? '',
    target: headers[':path'] ?? '',
    minorVersion: 1,
    headers: new RecordHeaders({ ...headers, host: authority ?? host }),
    // Each name once: node:http2 joins the others, and counts them itself.
    lineCount: Object.keys(headers).length,
    hostCount: hostsIn(authority, host),
    peer,
  };
}

/** RFC 9113 §8.3.1: Host beside :authority says the same, or the request is malformed. */
function hostsIn(authority: string | undefined, host: string | undefined): number {
  if (authority === undefined) return host === undefined ? 0 : 1;
  return host === undefined || host.toLowerCase() === authority.toLowerCase() ? 1 : 2;
}
