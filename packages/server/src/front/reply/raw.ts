import { STATUS_CODES } from 'node:http';
import type { ByteString } from '@boshd/engine/kit';
import type { Reply } from '@boshd/engine/manager';
import { httpDate } from './date.ts';
import { type HeaderLines, headerLines, linesText, type ReplyHeaders } from './headers.ts';
import type { PlainReply } from './plain.ts';

/** All header lines of a reply but those that node:http adds itself, in a list that is valid until the next call. */
export function replyLines(reply: Reply | PlainReply, headers: ReplyHeaders): HeaderLines {
  if (!('headers' in reply)) {
    const usual = headers.of(reply.contentType, reply.body.length);
    const { retryAfterSeconds, cookie } = reply;
    if (retryAfterSeconds !== undefined) return [...usual, 'Retry-After', retryAfterSeconds];
    return cookie === undefined ? usual : [...usual, 'Set-Cookie', cookie];
  }
  const own = plainHeaders(reply);
  return reply.instead === undefined ? headers.with(own) : [...own, ...reply.instead];
}

/** The whole reply as bytes, for where node:http does not write it. `isLast`: the connection ends with it. */
export function replyBytes(reply: Reply | PlainReply, headers: ReplyHeaders, isLast: boolean): ByteString {
  const lines =
    'headers' in reply || reply.retryAfterSeconds !== undefined || reply.cookie !== undefined
      ? linesText(replyLines(reply, headers))
      : headers.text(reply.contentType, reply.body.length);
  return wholeReply(reply, lines, isLast);
}

/** The whole reply as bytes, for a request that was no HTTP. */
export function rawReply(reply: PlainReply): ByteString {
  return wholeReply(reply, linesText([...plainHeaders(reply), ...headerLines({})]), true);
}

/** The headers of a reply that the front makes itself, its length included (RFC 9110 §8.6: a 204 has none). */
function plainHeaders({ status, contentType, body, headers }: PlainReply): HeaderLines {
  if (status === 204) return headers;
  return ['Content-Type', contentType, ...headers, 'Content-Length', body.length];
}

function wholeReply({ status, body }: Reply | PlainReply, lines: string, isLast: boolean): ByteString {
  const first = status === 200 ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  const last = isLast ? '\r\nConnection: close\r\n\r\n' : '\r\nConnection: keep-alive\r\n\r\n';
  return `${first}${lines}Date: ${httpDate()}${last}${body}` as ByteString;
}
