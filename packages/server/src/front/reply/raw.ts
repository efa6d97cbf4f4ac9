import { STATUS_CODES } from 'node:http';
import { type HeaderLines, headerLines } from './headers.ts';
import type { PlainReply } from './plain.ts';

/** The headers of a reply that the front makes itself, its length included (RFC 9110 §8.6: a 204 has none). */
export function plainHeaders({ status, contentType, body, headers }: PlainReply): HeaderLines {
  if (status === 204) return headers;
  return ['Content-Type', contentType, ...headers, 'Content-Length', body.length];
}

/** The whole reply as bytes, for a request that was no HTTP, so that there is no response object to write it with. */
export function rawReply(reply: PlainReply): string {
  const lines = [...plainHeaders(reply), ...headerLines({}), 'Date', new Date().toUTCString()];
  let head = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n`;
  for (let name = 0; name < lines.length; name += 2) head += `${lines[name]}: ${lines[name + 1]}\r\n`;
  return `${head}Connection: close\r\n\r\n${reply.body}`;
}
