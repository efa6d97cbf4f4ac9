import { SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { DOMParser as NodeDomParser } from '@xmldom/xmldom';
import Parser from '@xmpp/xml/lib/Parser.js';
import type { Browser, Page } from 'playwright-core';
import { createClient, JXT } from 'stanza';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from '../support/chromium.ts';

/*
 * How deep a stanza may be for the parsers of clients: `limits.serverDepthMax` must be below the least. The depths found are
 * printed (`npx vitest run tests/browser/parser-depths.test.ts`), docs/decisions/what-strangers-send.md has them.
 */

/** Deeper is not looked for. */
const DEEPEST = 20_000;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await startChromium();
  page = await browser.newPage();
});
afterAll(() => browser.close());

/** A reply with a stanza of so many levels. */
function reply(depth: number): string {
  const inside = depth - 1;
  return `<body xmlns='http://jabber.org/protocol/httpbind'><message xmlns='jabber:client'>${'<a>'.repeat(inside)}${'</a>'.repeat(inside)}</message></body>`;
}

type Reads = (text: string) => boolean | Promise<boolean>;

const withoutFault = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

const agent = createClient({});

function messageOf(text: string): JXT.XMLElement {
  const [message] = JXT.parse(text).children;
  if (message === undefined || typeof message === 'string') throw new Error('no message came');
  return message;
}

/** As a message of a WebSocket. */
function readByXmppJs(text: string): unknown {
  const read: unknown[] = [];
  const parser = new Parser();
  parser.on('element', (element: unknown) => read.push(element));
  parser.on('error', (error: Error) => {
    throw error;
  });
  parser.write('<stream>');
  parser.write(text);
  if (read.length !== 1) throw new Error('no element came');
  return read[0];
}

const PARSERS: readonly (readonly [name: string, reads: Reads])[] = [
  [
    'DOMParser of Chromium (Strophe, Converse and lib-jitsi-meet in a page)',
    (text) =>
      page.evaluate((xml) => {
        const read = new DOMParser().parseFromString(xml, 'text/xml');
        return read.getElementsByTagName('parsererror').length === 0;
      }, text),
  ],
  [
    '@xmldom/xmldom (Strophe in Node)',
    (text) => withoutFault(() => new NodeDomParser().parseFromString(text, 'text/xml')),
  ],
  ['stanza, to its objects', (text) => withoutFault(() => agent.stanzas.import(messageOf(text)))],
  ['xmpp.js, and back to text', (text) => withoutFault(() => String(readByXmppJs(text)))],
];

test.each(PARSERS)('%s reads what boshd passes on', async (name, reads) => {
  expect(await reads(reply(SERVER_XML_LIMITS.depthMax))).toBe(true);
  let [most, tooMany] = [SERVER_XML_LIMITS.depthMax, DEEPEST];
  if (await reads(reply(DEEPEST))) most = DEEPEST;
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (await reads(reply(middle))) most = middle;
    else tooMany = middle;
  }
  console.log(`${name}: ${most === DEEPEST ? 'more than ' : ''}${most} levels`);
});
