import { createHash } from 'node:crypto';
import { CLIENT_XML_LIMITS } from '@boshd/engine/wire';
import { JSDOM } from 'jsdom';
import { describe, expect, test } from 'vitest';
import { nodeToolbox } from '../../toolbox.ts';
import { RecordHeaders } from '../request/head.ts';
import { WINDOW_NAME } from './window-name.ts';

const toolbox = nodeToolbox();
const LIMITS = { bodyBytesMax: 1000, xml: CLIENT_XML_LIMITS, takesCompressed: false };
const BODY =
  "<body rid='1' xmlns='http://jabber.org/protocol/httpbind'><message>1+1 & grüße; =</message></body>".replace(
    '&',
    '&amp;',
  );

function read(content: string | undefined, contentType = '', query = 'windowname=true'): string {
  const method = content === undefined ? 'GET' : 'POST';
  const headers = new RecordHeaders({ 'content-type': contentType });
  const incoming = WINDOW_NAME.begin({ method, headers, query }, LIMITS);
  expect(incoming.isSettled).toBe(content === undefined);
  const bytes = Buffer.from(content ?? '');
  for (let at = 0; at < bytes.length; at += 100) incoming.add(bytes.subarray(at, at + 100));
  const decoded = incoming.decode(toolbox);
  if (!decoded.ok) return decoded.fault.code;
  return toolbox.decodeUtf8(decoded.value.payloads[0]?.bytes ?? toolbox.encodeUtf8(''));
}

const MESSAGE = '<message>1+1 &amp; grüße; =</message>';
const pairs = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
/** As Chromium writes it. */
const parts = (fields: Record<string, string>): string =>
  `${Object.entries(fields)
    .map(([name, value]) => `--x7\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('')}--x7--\r\n`;
const MULTIPART = 'multipart/form-data; boundary=x7';
const URLENCODED = 'application/x-www-form-urlencoded';

describe('a form', () => {
  test.each<[what: string, contentType: string, content: string, payload: string]>([
    ['urlencoded', URLENCODED, pairs({ body: BODY }), MESSAGE],
    ['urlencoded, among other fields', URLENCODED, pairs({ a: '1', body: BODY, c: '' }), MESSAGE],
    ['urlencoded, its charset named', `${URLENCODED}; charset=UTF-8`, pairs({ body: BODY }), MESSAGE],
    ['urlencoded, without the field', URLENCODED, pairs({ bodies: BODY }), 'not-well-formed'],
    ['urlencoded, broken', URLENCODED, 'body=%3', 'not-well-formed'],
    ['multipart', MULTIPART, parts({ body: BODY }), MESSAGE],
    ['multipart, among other fields', MULTIPART, parts({ a: '1', body: BODY, c: '2' }), MESSAGE],
    ['multipart, boundary quoted', 'Multipart/Form-Data; boundary="x7"', parts({ body: BODY }), MESSAGE],
    ['multipart, without the field', MULTIPART, parts({ a: BODY }), 'not-well-formed'],
    ['multipart, without a boundary', 'multipart/form-data', parts({ body: BODY }), 'not-well-formed'],
    ['multipart, cut off', MULTIPART, parts({ body: BODY }).slice(0, -12), 'not-well-formed'],
    ['multipart, nothing', MULTIPART, '', 'not-well-formed'],
    ['multipart, the end only', MULTIPART, '--x7--\r\n', 'not-well-formed'],
    ['text/plain', 'text/plain', `body=${BODY}\r\n`, MESSAGE],
    ['text/plain, after other fields', 'text/plain', `a=1\r\nbody=${BODY}\r\n`, MESSAGE],
    ['text/plain, without the field', 'text/plain', `anybody=${BODY}\r\n`, 'not-well-formed'],
    ['an unsound <body/>', 'text/plain', 'body=<bodi/>\r\n', 'wrong-root'],
    ['a long <body/>', URLENCODED, pairs({ body: BODY.replace('1+1', '1'.repeat(1000)) }), 'body-too-large'],
    ['a long form', 'text/plain', `body=${'x'.repeat(3000)}`, 'body-too-large'],
  ])('%s', (_, contentType, content, payload) => {
    expect(read(content, contentType)).toBe(payload);
  });

  test('with GET', () => {
    expect(read(undefined, '', `windowname=true&${pairs({ body: BODY })}`)).toBe(MESSAGE);
    expect(read(undefined, '', 'windowname=true')).toBe('not-well-formed');
  });
});

/** What a browser makes of the page: jsdom runs scripts, and knows no policy, so nothing but the page itself protects. */
function shown(text: string): { readonly name: string; readonly elements: readonly string[] } {
  const { status, contentType, body } = WINDOW_NAME.dress(
    { status: 403, contentType: 'text/xml', body: toolbox.encodeUtf8(text) },
    toolbox,
  );
  expect([status, contentType]).toEqual([200, 'text/html; charset=utf-8']);
  const { window } = new JSDOM(Buffer.from(body, 'latin1').toString(), { runScripts: 'dangerously' });
  const elements = [...window.document.querySelectorAll('*')].map(({ localName }) => localName);
  const { name } = window;
  window.close();
  return { name, elements };
}

describe('the page', () => {
  test.each([
    "<body xmlns='http://jabber.org/protocol/httpbind'/>",
    '"><script>window.name="owned"</script>',
    `'><img src=x onerror=alert(1)>`,
    '</script><script>window.name="owned"</script><!--',
    '&quot;&#34;&lt;&amp;amp; &notin; &#x22;',
    'a\r\nb\rc\nd\te',
    'grüße 你好 😀 \u2028 \u202e',
    ']]><![CDATA[<script>',
  ])('sets window.name to the reply and has nothing else: %j', (text) => {
    expect(shown(text)).toEqual({
      name: text.replace(/\r\n?/g, '\n'),
      elements: ['html', 'head', 'script', 'body'],
    });
  });

  test('has a policy that lets its script run and nothing else', () => {
    const { body } = WINDOW_NAME.dress(
      { status: 200, contentType: '', body: toolbox.encodeUtf8('') },
      toolbox,
    );
    const [, script = ''] = /<script>(.*)<\/script>/.exec(body) ?? [];
    const hash = createHash('sha256').update(script).digest('base64');
    expect(WINDOW_NAME.headers).toEqual({
      'Content-Security-Policy': `default-src 'none'; script-src 'sha256-${hash}'; sandbox allow-scripts`,
    });
  });
});
