import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  post,
  type RawClient,
  startFront,
} from '../../../../../tests/support/front-rig.ts';
import { FRONT_LIMITS, frontOptions, SAME_ORIGIN_CORS } from '../options.ts';
import { ReplyHeaders } from '../reply/headers.ts';
import { POST } from '../syntax/post.ts';
import { FamiliarHead } from './familiar-head.ts';
import { PlainHead } from './plain-head.ts';

const LIMITS = { headBytesMax: 300, headerLinesMax: 20, bodyBytesMax: 5000 };

const head = (length: string, cookie = 'a=b'): string =>
  `POST /http-bind?x HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nCookie: ${cookie}\r\n\r\n`;

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function familiar(limits = LIMITS): FamiliarHead {
  const plain = new PlainHead(limits);
  const peer = { address: '192.0.2.1', secure: false, trusted: false };
  expect(plain.read(bytes(`xx${head('17')}body`), 2, peer)).toBe('plain');
  const copy = plain.copy(1000);
  expect(copy?.toString('latin1')).toBe(head('17'));
  const client = { address: '192.0.2.1', secure: false, host: 'a' };
  const verdict = {
    headers: new ReplyHeaders(),
    client,
    site: undefined,
    reply: undefined,
    syntax: POST,
    query: 'x',
    coding: undefined,
  };
  return new FamiliarHead(plain, copy ?? Buffer.alloc(0), verdict, limits);
}

describe('a head that came before', () => {
  test.each<[length: string, bodyBytes: number]>([
    ['17', 17],
    ['0', 0],
    ['5', 5],
    ['4999', 4999],
  ])('is known again with the length %s', (length, bodyBytes) => {
    const known = familiar();
    const text = head(length);
    expect(known.isAt(bytes(`..${text}body`), 2)).toBe(true);
    expect(known).toMatchObject({ bodyBytes, end: 2 + text.length, target: '/http-bind?x', lineCount: 3 });
    expect(known.get('content-length')).toBe(length);
    expect(known.get('cookie')).toBe('a=b');
    expect(known.get('origin')).toBeUndefined();
  });

  test.each<[what: string, text: string]>([
    ['another value', head('17', 'a=c')],
    ['a longer value', head('17', 'a=bc')],
    ['no digits', head('')],
    ['a leading zero', head('017')],
    ['a sign', head('+17')],
    ['a space behind the digits', head('17 ')],
    ['ten digits', head('0000000017')],
    ['a body beyond the limit', head('5001')],
    ['only a part of it there', head('17').slice(0, -1)],
    ['only its digits there', head('17').slice(0, 50)],
    ['nothing', ''],
    ['another request', 'GET / HTTP/1.1\r\n\r\n'],
  ])('is not known again with %s', (_what, text) => {
    expect(familiar().isAt(bytes(text), 0)).toBe(false);
  });

  test('is not known again when the digits make it too long', () => {
    const known = familiar({ ...LIMITS, headBytesMax: head('17').length });
    expect(known.isAt(bytes(head('17')), 0)).toBe(true);
    expect(known.isAt(bytes(head('170')), 0)).toBe(false);
  });
});

describe('on a connection', () => {
  let rig: FrontRig;
  let client: RawClient;

  beforeEach(async () => {
    rig = await startFront({ limits: FRONT_LIMITS }, answerAll);
    client = rig.connect();
  });
  afterEach(() => rig.stop());

  const say = async (text: string): Promise<number> => {
    client.write(text);
    return (await client.reply()).status;
  };

  test('every request is judged anew after a change of the configuration', async () => {
    const request = post(bodyOf(1), { Origin: 'https://chat.example' });
    rig.front.reconfigure(frontOptions({ cors: { ...SAME_ORIGIN_CORS, origins: '*' } }));
    for (let count = 0; count < 5; count += 1) expect(await say(request)).toBe(200);
    rig.front.reconfigure(frontOptions({ cors: SAME_ORIGIN_CORS }));
    expect(await say(request)).toBe(403);
    expect(await say(request)).toBe(403);
  });

  test('bodies of other lengths and types are read as what they are', async () => {
    const long = bodyOf(2, '<message/>'.repeat(50));
    const latin = post(bodyOf(3).replace('sid', "to='\xe9' sid"), {
      'Content-Type': 'text/xml; charset=ISO-8859-1',
    });
    for (const text of [post(bodyOf(1)), post(bodyOf(1)), post(long), post(bodyOf(12)), latin, post(long)]) {
      expect(await say(text)).toBe(200);
    }
    const bodies = rig.inputs.flatMap((input) => (input.type === 'request' ? [input.body] : []));
    expect(
      bodies.map(({ attributes, payloads }) => [attributes.rid, payloads.length, attributes.to]),
    ).toEqual([
      [1, 0, undefined],
      [1, 0, undefined],
      [2, 50, undefined],
      [12, 0, undefined],
      [3, 0, 'é'],
      [2, 50, undefined],
    ]);
  });
});
