/**
 * A client of HTTP/2 that is cut off: `node h2-resets.mjs PORT COUNT KIND`, one connection after the other, each with one request. It is a
 * process of its own, because a server in the same one would always see the reset before anything else happens.
 *
 * KIND: `at-once` resets the connection behind the request, `unread` when the reply is there and unread, `read` when it was read.
 */
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { connect as secure } from 'node:tls';

const [port = '', count = '', kind = ''] = process.argv.slice(2);

/** Connections that are open together. */
const AT_ONCE = 25;

/** RFC 9113 §4.1 */
function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** RFC 7541 §6.2.2, without Huffman. */
function field(name, value) {
  return Buffer.from(
    `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
  );
}

const fields = [
  field(':method', 'POST'),
  field(':scheme', 'https'),
  field(':path', '/http-bind'),
  field(':authority', 'chat.example.org'),
];
/** Streams and the connection may have 20 MB under way. */
const WINDOW = Buffer.from([0x01, 0x31, 0x2d, 0x00]);
const BYTES = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0, Buffer.concat([Buffer.from([0, 4]), WINDOW])),
  frame(8, 0, 0, WINDOW),
  frame(1, 4, 1, Buffer.concat(fields)),
  frame(0, 1, 1, Buffer.from("<body rid='1' sid='s' xmlns='http://jabber.org/protocol/httpbind'></body>")),
]);

/** Resolves when the connection has been reset. */
function converse() {
  return new Promise((resolve) => {
    const raw = connect(Number(port), '127.0.0.1')
      .on('error', () => {})
      .on('close', resolve);
    const socket = secure({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const reset = () => raw.resetAndDestroy();
    socket
      .on('error', () => {})
      .once('secureConnect', () => {
        if (kind !== 'at-once') socket.once(kind === 'unread' ? 'readable' : 'data', reset);
        socket.write(BYTES);
        if (kind === 'at-once') reset();
      });
  });
}

for (let begun = 0; begun < Number(count); begun += AT_ONCE)
  await Promise.all(Array.from({ length: AT_ONCE }, converse));
