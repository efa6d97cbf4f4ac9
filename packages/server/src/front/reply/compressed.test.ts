import { Buffer } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import type { ByteString } from '@boshd/engine/kit';
import { afterEach, expect, test } from 'vitest';
import { bodyOf, type FrontRig, post, startFront } from '../../../../../tests/support/front-rig.ts';
import type { FrontOptions } from '../options.ts';

const LONG = `<body>${'<message/>'.repeat(200)}</body>`;
const ON: Partial<FrontOptions> = {
  compression: { codings: ['gzip'], bytesMin: 1000, bytesMax: 100_000, requests: false },
};

let rig: FrontRig;
afterEach(() => rig.stop());

/** The reply to a POST that is answered with `text`. */
async function replyTo(
  options: Partial<FrontOptions>,
  headers: Readonly<Record<string, string>>,
  text = LONG,
) {
  rig = await startFront(options, (input, front) => {
    if (input.type !== 'request') return;
    front.respond(input.request, { status: 200, contentType: 'text/xml', body: text as ByteString });
  });
  const client = rig.connect();
  client.write(post(bodyOf(1), headers));
  return client.reply();
}

const GZIP = { 'Accept-Encoding': 'gzip, deflate, br' };

test('a reply is compressed for who takes it, and stays as safe', async () => {
  const { body, headers } = await replyTo(ON, GZIP);
  expect(gunzipSync(Buffer.from(body, 'latin1')).toString()).toBe(LONG);
  expect(headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-length': String(body.length),
    'content-security-policy': "default-src 'none'; sandbox",
    vary: 'Accept-Encoding',
  });
});

test('pages of other origins get it so, too', async () => {
  const origin = 'https://a.example';
  const cors = { origins: [origin], credentials: false, exposedHeaders: [], allowedHeaders: [] };
  const { headers } = await replyTo({ ...ON, cors }, { ...GZIP, Origin: origin });
  expect(headers).toMatchObject({
    'content-encoding': 'gzip',
    'access-control-allow-origin': origin,
    vary: 'Origin, Accept-Encoding',
  });
});

test.each<[string, Partial<FrontOptions>, Readonly<Record<string, string>>, string]>([
  ['who does not ask for it', ON, {}, LONG],
  ['who takes other codings only', ON, { 'Accept-Encoding': 'br' }, LONG],
  ['a short reply', ON, GZIP, '<body/>'],
  ['a site that has it off, as all have by default', {}, GZIP, LONG],
])('%s gets it as it is', async (_, options, headers, text) => {
  const reply = await replyTo(options, headers, text);
  expect(reply.body).toBe(text);
  expect(reply.headers['content-encoding']).toBeUndefined();
});

test('a request after a compressed one on the same connection is answered as itself', async () => {
  await replyTo(ON, GZIP);
  const client = rig.connect();
  client.write(post(bodyOf(1), GZIP));
  await client.reply();
  client.write(post(bodyOf(2)));
  expect((await client.reply()).body).toBe(LONG);
});
