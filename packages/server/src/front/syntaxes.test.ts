import { ascii } from '@boshd/engine/kit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answerAll,
  bodyOf,
  type FrontRig,
  holdAll,
  post,
  type RawReply,
  request,
  startFront,
} from '../../../../tests/support/front-rig.ts';
import { type FrontOptions, SAME_ORIGIN_CORS } from './options.ts';

const LISTED = 'https://web.example';
const FOREIGN = 'https://evil.example';
const SCRIPT = `/http-bind?${encodeURIComponent(bodyOf(1, '<a/>'))}`;
const CUT = `/http-bind?${encodeURIComponent(bodyOf(1, '<a>'))}`;
const FRAME = `/http-bind?windowname=true&body=${encodeURIComponent(bodyOf(1, '<a/>'))}`;
const FORM = { 'Content-Type': 'text/plain' };
const REFERER = (origin: string) => ({ Referer: `${origin}/page` });

let rig: FrontRig;
afterEach(() => rig.stop());

async function start(syntaxes: FrontOptions['syntaxes'], origins: '*' | readonly string[] = [LISTED]) {
  rig = await startFront(
    { syntaxes, cors: { ...SAME_ORIGIN_CORS, origins }, extraHeaders: { 'X-Shard': 's1' } },
    answerAll,
  );
}

async function ask(text: string): Promise<RawReply> {
  const client = rig.connect();
  client.write(text);
  return await client.reply(text.startsWith('HEAD '));
}

describe('where all syntaxes are on', () => {
  test('a script is answered as one, and the engine gets its piece of the octet stream', async () => {
    await start(['post', 'script', 'window-name']);
    const { status, headers, body } = await ask(request('GET', CUT));
    expect([status, body]).toEqual([200, '_BOSH_("<body/>")']);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
      expires: '0',
      'cross-origin-resource-policy': 'cross-origin',
      'x-shard': 's1',
      vary: 'Origin',
    });
    const { body: told } = await rig.next('request');
    expect(told.attributes.rid).toBe(1);
    expect(Buffer.from(told.fragment?.bytes ?? []).toString()).toBe('<a>');
  });

  test('what the front itself refuses in a script is told by a script', async () => {
    await start(['script']);
    const { status, headers, body } = await ask(request('GET', '/http-bind?%3Cbodi'));
    expect([status, body]).toEqual([200, '_BOSH_("not-well-formed")']);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  test('a form, in a frame or posted into one, is answered by a page', async () => {
    await start(['window-name']);
    const texts = [
      request('GET', FRAME),
      post(`body=${bodyOf(1, '<a/>')}\r\n`, FORM, '/http-bind?windowname=true'),
    ];
    for (const text of texts) {
      const { status, headers, body } = await ask(text);
      expect(status).toBe(200);
      expect(body).toContain('data-reply="&lt;body/&gt;"');
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'x-shard': 's1',
      });
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'sha256-[\w+/=]+'; sandbox allow-scripts$/,
      );
      const { body: told } = await rig.next('request');
      expect(told.payloads.map(({ name }) => name)).toEqual(['a']);
    }
  });

  test('a GET that is held is told when it is aborted, as any other', async () => {
    rig = await startFront({ syntaxes: ['script'] }, holdAll);
    const client = rig.connect();
    client.write(request('GET', SCRIPT));
    const { request: id } = await rig.next('request');
    client.destroy();
    expect(await rig.next('request-aborted')).toEqual({ type: 'request-aborted', request: id, sid: 's' });
  });

  test('replies of several kinds do not get into each other', async () => {
    await start(['post', 'script', 'window-name']);
    const client = rig.connect();
    client.write(request('GET', SCRIPT) + post(bodyOf(2)) + request('GET', FRAME) + request('GET', SCRIPT));
    const types: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) types.push((await client.reply()).headers['content-type']);
    expect(types.map((type) => type?.split(';')[0])).toEqual([
      'text/javascript',
      'text/xml',
      'text/html',
      'text/javascript',
    ]);
  });
});

describe('where a syntax is off', () => {
  test.each<[text: string, status: number]>([
    [request('GET', SCRIPT), 404],
    [request('GET', FRAME), 404],
    [request('GET', '/http-bind?room=a&token=b'), 200],
    [post(`body=${bodyOf(1)}`, { ...FORM, 'Sec-Fetch-Mode': 'navigate' }, '/http-bind?windowname=true'), 403],
    [post(bodyOf(1), {}, '/http-bind?windowname=true'), 200],
  ])('%s', async (text, status) => {
    await start(['post']);
    const reply = await ask(text);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-security-policy']).toBe("default-src 'none'; sandbox");
    expect(reply.headers['content-type']).not.toMatch(/script|html/);
  });

  test('POST may be off as well', async () => {
    await start(['script']);
    expect((await ask(post(bodyOf(1)))).status).toBe(403);
    expect((await ask(request('GET', SCRIPT))).status).toBe(200);
  });
});

describe('which pages may', () => {
  const navigate = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' };
  test.each<[what: string, text: string, status: number]>([
    ['nobody knows of what page: an old browser', request('GET', SCRIPT), 200],
    ['a page of the site', request('GET', SCRIPT, REFERER('https://chat.example.org')), 200],
    ['a listed page', request('GET', SCRIPT, { ...REFERER(LISTED), 'Sec-Fetch-Site': 'cross-site' }), 200],
    ['a listed page that asks for CORS', request('GET', SCRIPT, { Origin: LISTED }), 200],
    ['a foreign page', request('GET', SCRIPT, REFERER(FOREIGN)), 403],
    ['a foreign page that asks for CORS', request('GET', SCRIPT, { Origin: FOREIGN }), 403],
    ['a foreign page that hides itself', request('GET', SCRIPT, { 'Sec-Fetch-Site': 'cross-site' }), 403],
    ['a sibling that hides itself', request('GET', SCRIPT, { 'Sec-Fetch-Site': 'same-site' }), 403],
    ['a person who opens it', request('GET', SCRIPT, { 'Sec-Fetch-Site': 'none', ...navigate }), 403],
    ['a page that shows it in a frame', request('GET', SCRIPT, { ...REFERER(LISTED), ...navigate }), 403],
    [
      'a page that takes it for an image',
      request('GET', SCRIPT, { ...REFERER(LISTED), 'Sec-Fetch-Dest': 'image' }),
      403,
    ],
    ['a frame of a listed page', request('GET', FRAME, { ...REFERER(LISTED), ...navigate }), 200],
    ['a frame of a foreign page', request('GET', FRAME, { ...REFERER(FOREIGN), ...navigate }), 403],
    [
      'a frame of a page that hides itself',
      request('GET', FRAME, { 'Sec-Fetch-Site': 'cross-site', ...navigate }),
      403,
    ],
    [
      'a form of a listed page',
      post(`body=${bodyOf(1)}`, { ...FORM, ...navigate, Origin: LISTED }, '/http-bind?windowname=true'),
      200,
    ],
    [
      'a form of a foreign page',
      post(`body=${bodyOf(1)}`, { ...FORM, ...navigate, Origin: FOREIGN }, '/http-bind?windowname=true'),
      403,
    ],
    [
      'a form without the parameter',
      post(`body=${bodyOf(1)}`, { ...FORM, ...navigate, Origin: LISTED }),
      403,
    ],
  ])('%s', async (_, text, status) => {
    await start(['post', 'script', 'window-name']);
    expect((await ask(text)).status).toBe(status);
    expect(rig.inputs).toHaveLength(status === 200 ? 1 : 0);
  });

  test('all, where all are allowed', async () => {
    await start(['script'], '*');
    const hidden = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await ask(request('GET', SCRIPT, hidden))).headers['access-control-allow-origin']).toBe('*');
  });
});

test('a reply in script syntax is escaped', async () => {
  rig = await startFront({ syntaxes: ['script'] }, (input, front) => {
    if (input.type !== 'request') return;
    front.respond(input.request, { status: 200, contentType: 'text/html', body: ascii('</script>"\n') });
  });
  expect((await ask(request('GET', SCRIPT))).body).toBe('_BOSH_("\\x3c/script>\\"\\n")');
});
