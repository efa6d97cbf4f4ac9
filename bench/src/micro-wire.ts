/**
 * What the wire costs alone: `node bench/dist/micro-wire.js` after a build. The best of many short rounds, since
 * noise only ever adds. A plain loop over the same bytes stands beside, because the ratio says more than the time.
 */
import {
  attribute,
  CLIENT_XML_LIMITS,
  decodeBody,
  encodeBody,
  type FramerEvent,
  makeFramer,
  type Payload,
  SERVER_XML_LIMITS,
} from '@boshd/engine/wire';
import { nodeToolbox } from 'boshd/toolbox';

const ROUNDS = 200;
const CALLS = 5_000;

const toolbox = nodeToolbox();

/** What Strophe 5 sends for a chat message with chat states and a receipt, its sid as long as boshd's. */
const BODY = Buffer.from(
  "<body rid='1573741820' xmlns='http://jabber.org/protocol/httpbind' sid='0123456789abcdef0123456789abcdef'>" +
    "<message to='romeo@montague.example' type='chat' id='a1b2c3d4' xmlns='jabber:client'>" +
    '<body>Wherefore art thou, Romeo? Deny thy father and refuse thy name; or, if not, be but sworn</body>' +
    "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message></body>",
);
const EMPTY_POLL = Buffer.from(
  "<body rid='1573741820' xmlns='http://jabber.org/protocol/httpbind' sid='0123456789abcdef0123456789abcdef'/>",
);
const HEADER = Buffer.from(
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
    "id='c2s-1' from='montague.example' version='1.0' xml:lang='en'>",
);
const STANZA = Buffer.from(
  "<message from='juliet@capulet.example/balcony' to='romeo@montague.example/orchard' type='chat' id='a1b2c3d4'>" +
    '<body>Wherefore art thou, Romeo? Deny thy father and refuse thy name</body>' +
    "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
);

/** Nanoseconds a call, in the best round. What `call` returns is added up, so that nothing can be left out. */
function bestNs(call: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < CALLS; index += 1) sum += call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / CALLS);
  }
  if (sum === 0) throw new Error('every call gives something');
  return best;
}

/** The least that can be done with every byte in the language: a yardstick. */
function readEveryByte(bytes: Uint8Array): number {
  let all = 0;
  for (let at = 0; at < bytes.length; at += 1) all |= bytes[at] ?? 0;
  return all;
}

function decode(bytes: Uint8Array): number {
  const decoded = decodeBody(bytes, CLIENT_XML_LIMITS, toolbox);
  if (!decoded.ok) throw new Error(decoded.fault.detail);
  return decoded.value.attributes.rid;
}

/** A framer on an open stream, fed with chunks; what it gave out is counted. */
function framing(...chunks: readonly Uint8Array[]): () => number {
  const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
  framer.push(HEADER, []);
  return () => {
    const events: FramerEvent[] = [];
    for (const chunk of chunks) {
      const fault = framer.push(chunk, events);
      if (fault !== undefined) throw new Error(fault.detail);
    }
    return events.length;
  };
}

function payloadsOf(...chunks: readonly Uint8Array[]): readonly Payload[] {
  const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
  const events: FramerEvent[] = [];
  for (const chunk of [HEADER, ...chunks]) framer.push(chunk, events);
  return events.flatMap((event) => (event.type === 'payload' ? [event.payload] : []));
}

const PAYLOADS = payloadsOf(STANZA);
const CUT = STANZA.length >> 1;
const SID = attribute('sid', '0123456789abcdef0123456789abcdef', toolbox);

const rows: readonly (readonly [what: string, bytes: number, ns: number])[] = [
  ['every byte of the body read once (yardstick)', BODY.length, bestNs(() => readEveryByte(BODY))],
  ['<body/> with a message decoded', BODY.length, bestNs(() => decode(BODY))],
  ['empty <body/> decoded', EMPTY_POLL.length, bestNs(() => decode(EMPTY_POLL))],
  ['stanza framed, whole in its chunk', STANZA.length, bestNs(framing(STANZA))],
  [
    'stanza framed, cut in the middle',
    STANZA.length,
    bestNs(framing(STANZA.subarray(0, CUT), STANZA.subarray(CUT))),
  ],
  [
    'stanza put into a reply, as bytes',
    STANZA.length,
    bestNs(() => Buffer.from(encodeBody(SID, PAYLOADS), 'latin1').length),
  ],
];

for (const [what, bytes, ns] of rows) {
  console.log(`${what.padEnd(48)}${String(bytes).padStart(5)} bytes${ns.toFixed(0).padStart(7)} ns`);
}
