import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { CLIENT_XML_LIMITS } from '@boshd/engine/wire';
import { expect, test } from 'vitest';
import { nodeToolbox } from '../../toolbox.ts';
import { BodyCollector } from '../request/collect.ts';
import { type HeaderRecord, RecordHeaders } from '../request/head.ts';
import { Post } from './post.ts';

const BODY_BYTES_MAX = 20_000;
const toolbox = nodeToolbox();
const LIMITS = { bodyBytesMax: BODY_BYTES_MAX, xml: CLIENT_XML_LIMITS, takesCompressed: true };

function body(text: string): string {
  return `<body rid='7' sid='s' xmlns='http://jabber.org/protocol/httpbind'><message xmlns='jabber:client'>${text}</message></body>`;
}

function decoded(bytes: Uint8Array, record: HeaderRecord, chunkBytes = bytes.length): string {
  const post = new Post(new RecordHeaders(record), LIMITS);
  for (let at = 0; at < bytes.length; at += chunkBytes) post.add(bytes.subarray(at, at + chunkBytes));
  if (post.isUnreadable) return 'unreadable';
  const result = post.decode(toolbox);
  if (!result.ok) return result.fault.code;
  if (result.value.refused !== undefined) return result.value.refused.code;
  const [payload] = result.value.payloads;
  const text = payload === undefined ? '' : toolbox.decodeUtf8(payload.bytes).replace(/<[^>]*>/g, '');
  return text.length < 100 ? text : `${text.length} characters`;
}

test.each<[contentType: string | undefined, encoding: BufferEncoding, text: string, result: string]>([
  [undefined, 'utf8', 'grüße 你好 😀', 'grüße 你好 😀'],
  ['text/xml; charset=utf-8', 'utf8', 'grüße', 'grüße'],
  ['text/xml;charset="UTF-8"', 'utf8', 'grüße', 'grüße'],
  ['text/xml; charset=utf8', 'utf8', 'grüße', 'grüße'],
  ['text/xml; charset=', 'utf8', 'grüße', 'grüße'],
  ['text/plain', 'utf8', 'grüße', 'grüße'],
  ['application/x-www-form-urlencoded', 'utf8', 'a+b%20c', 'a+b%20c'],
  ['nonsense', 'utf8', 'grüße', 'grüße'],
  ['text/xml; charset=iso-8859-1', 'latin1', 'grüße', 'grüße'],
  ['text/xml; Charset=ISO-8859-1; q=1', 'latin1', 'grüße', 'grüße'],
  ['text/xml; charset=us-ascii', 'latin1', 'plain', 'plain'],
  ['text/xml; charset=utf-16', 'utf16le', 'grüße 😀', 'grüße 😀'],
  ['text/xml; charset=klingon', 'utf8', 'grüße', 'grüße'],
  ['text/xml; charset=utf8mb4', 'utf8', 'grüße 😀', 'grüße 😀'],
  ['text/xml; charset=klingon', 'latin1', 'grüße', 'not-utf8'],
  ['text/xml; charset=utf-8', 'latin1', 'grüße', 'not-utf8'],
  [undefined, 'latin1', 'grüße', 'not-utf8'],
  ['text/xml; charset=shift_jis', 'latin1', 'ü\xff', 'not-utf8'],
])('Content-Type %j, bytes in %s', (contentType, encoding, text, result) => {
  expect(decoded(Buffer.from(body(text), encoding), { 'content-type': contentType })).toBe(result);
});

test.each([
  ['UTF-8', Buffer.from(body('grüße 😀'), 'utf8')],
  ['UTF-16LE', Buffer.from(body('grüße 😀'), 'utf16le')],
  ['UTF-16BE', Buffer.from(body('grüße 😀'), 'utf16le').swap16()],
])('%s, which every creation reply lists', (charset, bytes) => {
  expect(decoded(bytes, { 'content-type': `text/xml; charset=${charset}` })).toBe('grüße 😀');
});

const plain = Buffer.from(body('grüße'));
const nearlyTooMuch = Buffer.from(body('x'.repeat(BODY_BYTES_MAX - 200)));
/** As long, and not to be compressed to a hundredth. */
const varied = Buffer.from(
  body(
    Array.from({ length: 2000 }, (_, index) => String(Math.trunc(1e15 * ((index * 0.618034) % 1))))
      .join('')
      .slice(0, BODY_BYTES_MAX - 200),
  ),
);
const bomb = Buffer.from(body('x'.repeat(BODY_BYTES_MAX)));

test.each<[coding: string, bytes: Buffer, result: string]>([
  ['gzip', gzipSync(plain), 'grüße'],
  ['GZIP', gzipSync(plain), 'grüße'],
  ['x-gzip', gzipSync(plain), 'grüße'],
  ['deflate', deflateSync(plain), 'grüße'],
  ['deflate', deflateRawSync(plain), 'grüße'],
  ['identity', plain, 'grüße'],
  ['gzip', gzipSync(bomb), 'body-too-large'],
  ['deflate', deflateSync(bomb), 'body-too-large'],
  ['deflate', deflateRawSync(bomb), 'body-too-large'],
  ['gzip', gzipSync(nearlyTooMuch), 'body-too-large'],
  ['gzip', gzipSync(varied), '19800 characters'],
  ['gzip', plain, 'not-well-formed'],
  ['gzip', gzipSync(plain).subarray(0, 40), 'not-well-formed'],
  ['gzip', Buffer.alloc(0), 'not-well-formed'],
  ['deflate', gzipSync(plain), 'not-well-formed'],
  ['text/xml; charset=utf-8', plain, 'grüße'],
  ['UTF-8', plain, 'grüße'],
  ['', plain, 'grüße'],
  ['br', plain, 'grüße'],
  ['text/xml', Buffer.from(`\ufeff \r\n${body('grüße')}`), 'grüße'],
  ['text/xml', Buffer.from(`<?xml version='1.0'?>${body('grüße')}`), 'grüße'],
  ['br', brotliCompressSync(plain), 'unreadable'],
  ['gzip, gzip', gzipSync(gzipSync(plain)), 'unreadable'],
  ['text/xml; charset=utf-8', gzipSync(plain), 'unreadable'],
  ['text/xml', Buffer.from(`\ufeff\n`), 'unreadable'],
  ['text/xml', Buffer.from(`x${body('')}`), 'unreadable'],
  ['text/xml', Buffer.alloc(0), 'unreadable'],
  ['text/xml', bomb, 'body-too-large'],
])('Content-Encoding %s', (coding, bytes, result) => {
  expect(decoded(bytes, { 'content-encoding': coding })).toBe(result);
});

test.each([1, 7, 1000, 16_384, 19_999])('the same from chunks of %i bytes', (chunkBytes) => {
  expect(decoded(nearlyTooMuch, {}, chunkBytes)).toBe('19800 characters');
  expect(decoded(bomb, {}, chunkBytes)).toBe('body-too-large');
});

test('one chunk is not copied, and what is too large is not kept', () => {
  const collector = new BodyCollector(10);
  const chunk = new Uint8Array([1, 2, 3]);
  collector.add(chunk);
  expect(collector.bytes()).toBe(chunk);
  collector.add(new Uint8Array(7));
  expect(collector.bytes()).toEqual(new Uint8Array([1, 2, 3, 0, 0, 0, 0, 0, 0, 0]));
  expect(collector.tooLarge).toBe(false);
  collector.add(new Uint8Array(1));
  expect(collector.tooLarge).toBe(true);
  expect(collector.bytes().length).toBe(0);
  collector.add(new Uint8Array(9));
  expect(collector.head).toEqual(Buffer.from([1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0]));
  expect(collector.length).toBe(20);
});

test.each<[declaredBytes: string, tooLarge: boolean, isSettled: boolean]>([
  ['20000', false, false],
  ['20001', true, false],
  ['160000', true, false],
  ['160001', true, true],
  ['99999999999999999999', true, true],
])('Content-Length %s is judged as soon as it is known whose it is', (declared, tooLarge, isSettled) => {
  const headers = new RecordHeaders({ 'content-length': declared });
  const post = new Post(headers, LIMITS);
  expect(post.tooLarge).toBe(tooLarge);
  expect(post.isSettled).toBe(false);
  post.add(Buffer.from(body('x'.repeat(17_000))));
  expect(post.tooLarge).toBe(tooLarge);
  expect(post.isSettled).toBe(isSettled);
  if (!tooLarge) return;
  const read = post.decode(toolbox);
  const code = 'body-too-large';
  expect(read).toMatchObject({ ok: true, value: { attributes: { sid: 's', rid: 7 }, refused: { code } } });
});

test('compressed requests are not taken where they are off', () => {
  const post = new Post(new RecordHeaders({ 'content-encoding': 'gzip' }), {
    ...LIMITS,
    takesCompressed: false,
  });
  post.add(gzipSync(Buffer.from(body('x'))));
  expect(post.isUnreadable).toBe(true);
});

test.each<[what: string, headers: HeaderRecord, content: Uint8Array, sid: string | undefined]>([
  ['short', {}, Buffer.from(body('x')), undefined],
  ['long', {}, Buffer.from(body('x'.repeat(5000))), 's'],
  [
    'long, in another charset',
    { 'content-type': 'text/xml; charset=utf-16' },
    Buffer.from(body('x'.repeat(5000)), 'utf16le'),
    's',
  ],
  ['long and unreadable', {}, Buffer.from('x'.repeat(5000)), undefined],
  [
    'long, with a start tag without an end',
    {},
    Buffer.from(`<body sid='s' a='${'x'.repeat(18_000)}'/>`),
    undefined,
  ],
  ['too large', {}, Buffer.from(body('x'.repeat(50_000))), undefined],
  ['compressed', { 'content-encoding': 'gzip' }, gzipSync(Buffer.from(body('x'))), 's'],
  ['compressed, as deflate', { 'content-encoding': 'deflate' }, deflateRawSync(Buffer.from(body('x'))), 's'],
  ['a bomb', { 'content-encoding': 'gzip' }, gzipSync(Buffer.from(body('x'.repeat(5_000_000)))), 's'],
  [
    'compressed, and cut',
    { 'content-encoding': 'gzip' },
    gzipSync(Buffer.from(body('x'))).subarray(0, 40),
    undefined,
  ],
])('before all of it is decoded, its start tag is looked at: %s', (_, headers, content, sid) => {
  const post = new Post(new RecordHeaders(headers), LIMITS);
  post.add(content);
  expect(post.look(toolbox)).toEqual(sid === undefined ? undefined : { sid, bytes: content.length });
});

test('a bomb is told to its session, and inflated no further than a limit of its own', () => {
  const post = new Post(new RecordHeaders({ 'content-encoding': 'gzip' }), {
    ...LIMITS,
    bodyBytesMax: 1_000_000,
  });
  post.add(gzipSync(Buffer.from(body('x'.repeat(900_000)))));
  const read = post.decode(toolbox);
  const refused = { code: 'body-too-large', detail: expect.stringMatching(/^more than \d{6} bytes after/) };
  expect(read).toMatchObject({ ok: true, value: { attributes: { sid: 's' }, refused } });
});
