import { ascii, type ByteString, EMPTY, join, type Toolbox } from '../kit/index.ts';
import { attribute, NS, type Payload } from '../wire/index.ts';
import { languageTag } from './language.ts';
import type { Stream } from './stream.ts';

const START = ascii(
  `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' version='`,
);
const END = ascii('>');

export const STREAM_END = ascii('</stream:stream>');

/** A bare JID (RFC 7622 §3.1: 1,023 bytes on each side of the @), which is all that a stream header says. */
const FROM_BYTES_MAX = 2047;

/** What boshd itself speaks. */
const OWN_VERSION = '1.0';

/**
 * The version of the stream header for what a client said in xmpp:version. XEP-0206 §3 has it forwarded; but boshd is an end
 * of this stream too, and needs XMPP 1 there for TLS. So a higher minor version goes through, which tells the server
 * something and binds nobody (RFC 6120 §4.7.5), and everything else is 1.0: absent (many clients), before 1.0, another
 * major version.
 */
export function streamVersion(asked: string | undefined): string {
  return asked !== undefined && /^1\.[1-9][0-9]{0,2}$/.test(asked) ? asked : OWN_VERSION;
}

/**
 * Our stream header (RFC 6120 §4.7): built by escaping, never by pasting. `from` is told only under TLS, as §4.7.1
 * advises. `to` is the domain of the session whatever a restart says, since the policy judged that one.
 */
export function streamHeader(stream: Stream, toolbox: Toolbox): ByteString {
  const { asked, request, link } = stream;
  const { from } = asked;
  const lang = languageTag(asked.lang);
  return join(
    START,
    ascii(`${request.version}'`),
    attribute('to', request.domain, toolbox),
    from !== undefined && link.isSecure ? bounded('from', from, FROM_BYTES_MAX, toolbox) : EMPTY,
    lang !== undefined ? attribute('xml:lang', lang, toolbox) : EMPTY,
    END,
  );
}

export function isStreamElement(payload: Payload, name: string): boolean {
  return payload.name === name && payload.namespace === NS.stream;
}

/** An attribute, left out where the client's value is too long to be one: escaped it would be up to six times as long. */
function bounded(name: string, value: string, bytesMax: number, toolbox: Toolbox): ByteString {
  return toolbox.encodeUtf8(value).length > bytesMax ? EMPTY : attribute(name, value, toolbox);
}
