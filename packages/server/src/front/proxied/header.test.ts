import { expect, test } from 'vitest';
import { readProxyHeader } from './header.ts';

const text = (line: string) => Buffer.from(line, 'latin1');
const START = '\r\n\r\n\0\r\nQUIT\n';

function v2(command: number, family: number, body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([text(START), Buffer.from([command, family]), length, body]);
}

const V4 = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x10, 0x00, 0x14, 0xa0]);
const address6 = (text_: string) => Buffer.from(text_.replaceAll(':', ''), 'hex');
const V6 = Buffer.concat([
  address6('20010db8000000000000000000000007'),
  address6('20010db8000000000000000000000001'),
  Buffer.from([0x10, 0x00, 0x14, 0xa0]),
]);
const MAPPED = Buffer.concat([address6('00000000000000000000ffffcb007107'), V6.subarray(16)]);
const tlv = (type: number, value: readonly number[]) => Buffer.from([type, 0, value.length, ...value]);
const ALPN = tlv(1, [0x68, 0x32]);
const OVER_TLS = tlv(0x20, [0x01, 0, 0, 0, 0]);
const NOT_OVER_TLS = tlv(0x20, [0x00, 0, 0, 0, 0]);

test.each<[string, Buffer, string | undefined, boolean?]>([
  ['TCP over IPv4', text('PROXY TCP4 203.0.113.7 192.0.2.1 4711 5280\r\n'), '203.0.113.7'],
  ['TCP over IPv6', text('PROXY TCP6 2001:db8::7 2001:db8::1 4711 5280\r\n'), '2001:db8::7'],
  ['unknown', text('PROXY UNKNOWN\r\n'), undefined],
  ['unknown, with things that do not count', text('PROXY UNKNOWN ffff::1 x 1 2\r\n'), undefined],
  ['version 2 over IPv4', v2(0x21, 0x11, V4), '203.0.113.7'],
  ['version 2 over IPv6', v2(0x21, 0x21, V6), '2001:db8::7'],
  ['version 2 of an IPv4 address in its IPv6 form', v2(0x21, 0x21, MAPPED), '203.0.113.7'],
  ['version 2, with more than addresses', v2(0x21, 0x11, Buffer.concat([V4, ALPN])), '203.0.113.7'],
  ['version 2, over TLS', v2(0x21, 0x11, Buffer.concat([V4, ALPN, OVER_TLS])), '203.0.113.7', true],
  ['version 2, not over TLS', v2(0x21, 0x11, Buffer.concat([V4, NOT_OVER_TLS])), '203.0.113.7'],
  ['version 2, of the proxy itself', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, of a Unix socket', v2(0x21, 0x31, Buffer.alloc(216)), undefined],
])('%s', (_title, bytes, address, secure = false) => {
  const peer = address === undefined ? undefined : { address, secure };
  const whole = { is: 'whole', bytes: bytes.length, peer };
  expect(readProxyHeader(Buffer.concat([bytes, text('POST / HTTP/1.1\r\n')]))).toEqual(whole);
  expect(readProxyHeader(bytes)).toEqual(whole);
  // However it is cut, nothing is decided before all of it is there.
  for (let end = 0; end < bytes.length; end += 1) {
    expect(readProxyHeader(bytes.subarray(0, end))).toEqual({ is: 'partial' });
  }
});

test.each<[string, Buffer]>([
  ['a request without one', text('POST /http-bind HTTP/1.1\r\n')],
  ['small letters', text('proxy TCP4 203.0.113.7 192.0.2.1 4711 5280\r\n')],
  ['no address', text('PROXY TCP4 localhost 192.0.2.1 4711 5280\r\n')],
  ['an address of the other family', text('PROXY TCP4 2001:db8::7 192.0.2.1 4711 5280\r\n')],
  ['an IPv4 address as IPv6', text('PROXY TCP6 203.0.113.7 192.0.2.1 4711 5280\r\n')],
  ['an address with a port', text('PROXY TCP4 203.0.113.7:80 192.0.2.1 4711 5280\r\n')],
  ['a port beyond 65535', text('PROXY TCP4 203.0.113.7 192.0.2.1 65536 5280\r\n')],
  ['a port less', text('PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n')],
  ['another protocol', text('PROXY UDP4 203.0.113.7 192.0.2.1 4711 5280\r\n')],
  ['a line without an end', text(`PROXY TCP4 ${'1'.repeat(200)}`)],
  ['a bare line feed', text(`PROXY TCP4 203.0.113.7 192.0.2.1 4711 5280\n${' '.repeat(100)}`)],
  ['version 3', v2(0x31, 0x11, V4)],
  ['an unknown command', v2(0x22, 0x11, V4)],
  ['addresses that are cut off', v2(0x21, 0x21, V4)],
  ['more than it may be', v2(0x21, 0x11, Buffer.alloc(5000))],
])('malformed: %s', (_title, bytes) => {
  expect(readProxyHeader(bytes)).toMatchObject({ is: 'malformed' });
});

test('values that contradict their lengths do no harm', () => {
  const beyond = Buffer.concat([V4, Buffer.from([0x05, 0xff, 0xff, 0x01])]);
  expect(readProxyHeader(v2(0x21, 0x11, beyond))).toMatchObject({ peer: { address: '203.0.113.7' } });
});
