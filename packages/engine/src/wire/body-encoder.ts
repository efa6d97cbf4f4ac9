import type { ByteString } from '../kit/index.ts';
import { NS } from './names.ts';
import type { Payload } from './payload.ts';

const OPEN = `<body xmlns='${NS.httpbind}'`;
const STREAM_DECLARATION = ` xmlns:stream='${NS.stream}'`;

/**
 * A reply's <body/>. `attributes` is what `attribute` made, each with its leading space, without xmlns and xmlns:stream.
 * The latter is declared when `declareStream` says so, and always when a payload of the streams namespace (features,
 * error) is inside. With nothing: `<body xmlns='http://jabber.org/protocol/httpbind'/>`.
 */
export function encodeBody(
  attributes: ByteString,
  payloads: readonly Payload[],
  declareStream = false,
): ByteString {
  let inside = '';
  let declares = declareStream;
  for (const payload of payloads) {
    inside += payload.bytes;
    if (payload.namespace === NS.stream) declares = true;
  }
  const start = `${OPEN}${declares ? STREAM_DECLARATION : ''}${attributes}`;
  return (payloads.length === 0 ? `${start}/>` : `${start}>${inside}</body>`) as ByteString;
}
