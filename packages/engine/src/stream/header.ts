import { ascii, type ByteString, join, type Toolbox } from '../kit/index.ts';
import { attribute, NS } from '../wire/index.ts';
import type { Stream } from './stream.ts';

const START = ascii(
  `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' version='1.0'`,
);
const END = ascii('>');

export const STREAM_END = ascii('</stream:stream>');

/**
 * Our stream header (RFC 6120 §4.7): built by escaping, never by pasting. `from` is told only under TLS, as §4.7.1
 * advises. `to` is the domain of the session whatever a restart says, since the policy judged that one.
 */
export function streamHeader(stream: Stream, toolbox: Toolbox): ByteString {
  const { from, lang, request, isSecure } = stream;
  return join(
    START,
    attribute('to', request.domain, toolbox),
    from !== undefined && isSecure ? attribute('from', from, toolbox) : ascii(''),
    lang !== undefined ? attribute('xml:lang', lang, toolbox) : ascii(''),
    END,
  );
}
