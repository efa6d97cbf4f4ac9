import type { Random } from './random.ts';

/**
 * HTTP requests as bytes (one a character): plain ones as browsers and proxies send them, and what was ever used to make two
 * readers of HTTP disagree.
 */

const TARGETS = ['/http-bind', '/http-bind/', '/bosh?a=b&c=%20', '/', '/a/b.c-d_e~f', '/x?y=?/z:@'];
const ODD_TARGETS = [
  '*',
  'http://a.example/http-bind',
  '/a#b',
  '/a b',
  '/a\tb',
  '/\x80',
  '/\x00',
  '',
  'x',
  '/"<>\\^`{|}',
];

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0'],
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Content-Type', 'text/xml; charset=utf-8'],
  ['Origin', 'https://chat.example.org'],
  ['Referer', 'https://chat.example.org/chat'],
  ['Cookie', 'a=b; c=d'],
  ['Connection', 'keep-alive'],
  ['Connection', 'Keep-Alive'],
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-For', '198.51.100.1, 203.0.113.8'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['X-Empty', ''],
  ['X-Tab', 'a\tb'],
  ['X-Latin', 'gr\xfc\xdfe'],
  ['x!#$%&*+.^_`|~', 'token'],
  ['Via', '1.1 proxy'],
];

/** Whole lines: each with its end, unless that is what is wrong with it. */
export const ODD_LINES: readonly string[] = [
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding: identity\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'Transfer-Encoding:\tchunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  ' Transfer-Encoding: chunked\r\n',
  'X: y\r\n Transfer-Encoding: chunked\r\n',
  'X: y\n',
  'X: y\r',
  'X: y\rTransfer-Encoding: chunked\r\n',
  'X: y\nTransfer-Encoding: chunked\r\n',
  'X\r\n',
  'X y\r\n',
  ': y\r\n',
  'X : y\r\n',
  'X\t: y\r\n',
  'X: \x00\r\n',
  'X\x00: y\r\n',
  'X: \x7f\r\n',
  'X\x80: y\r\n',
  '(X): y\r\n',
  'X:  two\r\n',
  'X: trailing \r\n',
  'X: trailing\t\r\n',
  'X:\ttab\r\n',
  'X:none\r\n',
  'X: \r\n',
  'Content-Length: 5\r\n',
  'content-length: 0\r\n',
  'Content-Length: +5\r\n',
  'Content-Length: -5\r\n',
  'Content-Length: 0x5\r\n',
  'Content-Length: 5, 5\r\n',
  'Content-Length: 5 5\r\n',
  'Content-Length:\r\n',
  'Content-Length: 18446744073709551621\r\n',
  'Content-Length : 5\r\n',
  'Content_Length: 5\r\n',
  'Content-Length\r\n : 5\r\n',
  'Host: b.example\r\n',
  'hOST: b.example\r\n',
  'Host : b.example\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive, close\r\n',
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'Upgrade: h2c\r\n',
  'Connection: content-length\r\n',
  'Proxy-Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'Expect: wonders\r\n',
  'TE: trailers\r\n',
  'Trailer: Content-Length\r\n',
  'Content-Type: text/plain\r\n',
  'Cookie: e=f\r\n',
  'Set-Cookie: e=f\r\n',
  'User-Agent: another\r\n',
  'Age: 1\r\nAge: 2\r\n',
];

/** Stands where the length goes. */
const LENGTH = '{length}';

/** The names of all header lines, in lower case. */
export const NAMES: readonly string[] = [
  ...new Set(
    [...HEADERS.map(([name]) => name), ...ODD_LINES.map((line) => line.split(':')[0] ?? ''), 'Host'].map(
      (name) => name.trim().toLowerCase(),
    ),
  ),
].sort();

/** A head in which what the length of the body is is to be put. */
type Head = (length: string) => string;

/**
 * One to six requests on one connection, most of them plain, some of them with something odd at some place, some of them with the
 * head of the one before but for the length of the body.
 */
export function conversation(random: Random): string {
  let text = '';
  let head: Head | undefined;
  for (let left = 1 + random.below(6); left > 0; left -= 1) {
    if (random.chance(3)) text += random.pick(['\r\n', '\n', '\r\n\r\n', '0\r\n\r\n']);
    const isOdd = random.chance(45);
    if (head === undefined || random.chance(30)) head = oneHead(random, isOdd);
    const body = bodyText(random);
    // A length that is not that of the body: what is read as the next request is another, too.
    const length = isOdd && random.chance(20) ? Math.max(0, body.length + random.below(9) - 4) : body.length;
    const digits = random.chance(3)
      ? random.pick([`000${length}`, `${length}0`, `+${length}`, ''])
      : `${length}`;
    text += head(digits) + body;
  }
  return random.chance(25) ? damagedText(random, text) : text;
}

function oneHead(random: Random, isOdd: boolean): Head {
  const lines = ['Host: a.example\r\n'];
  if (!(isOdd && random.chance(10))) lines.splice(random.below(2), 0, `Content-Length: ${LENGTH}\r\n`);
  for (let left = random.below(8); left > 0; left -= 1) {
    const [name, value] = random.pick(HEADERS);
    lines.splice(random.below(lines.length + 1), 0, `${cased(random, name)}: ${value}\r\n`);
  }
  if (isOdd && random.chance(60)) {
    lines.splice(random.below(lines.length + 1), 0, random.pick(ODD_LINES));
  }
  const [before, after = ''] = `${startLine(random, isOdd)}${lines.join('')}\r\n`.split(LENGTH);
  return (length) => (after === '' ? `${before}` : `${before}${length}${after}`);
}

function startLine(random: Random, isOdd: boolean): string {
  if (!isOdd || random.chance(60)) return `POST ${random.pick(TARGETS)} HTTP/1.1\r\n`;
  const method = random.pick([
    'POST',
    'GET',
    'HEAD',
    'OPTIONS',
    'post',
    'POSTS',
    'PUT',
    '',
    ' POST',
    'P\x00ST',
  ]);
  const version = random.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', '']);
  const end = random.pick(['\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n ']);
  const space = random.pick([' ', ' ', ' ', '  ', '\t']);
  return `${method}${space}${random.pick([...TARGETS, ...ODD_TARGETS])}${space}${version}${end}`;
}

function bodyText(random: Random): string {
  switch (random.below(5)) {
    case 0:
      return '';
    case 1:
      return 'POST /smuggled HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n';
    case 2:
      return '5\r\nhello\r\n0\r\n\r\n';
    case 3:
      return String.fromCharCode(...Array.from({ length: random.below(60) }, () => random.below(256)));
    default:
      return "<body rid='1' xmlns='http://jabber.org/protocol/httpbind'/>";
  }
}

function cased(random: Random, name: string): string {
  if (random.chance(60)) return name;
  return random.chance(50) ? name.toLowerCase() : name.toUpperCase();
}

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\x00',
  '\x0b',
  '\x0c',
  '\x85',
  '\xa0',
  ',',
  ';',
  '0',
  'a',
  '/',
  '?',
];

/** With some bytes taken out, put in or doubled. */
function damagedText(random: Random, text: string): string {
  let damaged = text;
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = random.below(damaged.length + 1);
    const taken = random.below(3);
    const put = random.chance(60) ? random.pick(BYTES) : damaged.slice(at, at + random.below(20));
    damaged = damaged.slice(0, at) + put + damaged.slice(at + taken);
  }
  return damaged;
}

/** The text in pieces: mostly few, cut anywhere; sometimes every byte alone. */
export function pieces(random: Random, text: string): readonly string[] {
  if (random.chance(3)) return [...text];
  const cuts = new Set(Array.from({ length: random.below(5) }, () => random.below(text.length + 1)));
  const places = [0, ...[...cuts].sort((a, b) => a - b), text.length];
  return places
    .slice(1)
    .map((end, index) => text.slice(places[index], end))
    .filter((piece) => piece !== '');
}
