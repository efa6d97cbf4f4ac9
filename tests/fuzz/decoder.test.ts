import { CLIENT_XML_LIMITS, decodeBody, NS, type Payload } from '@boshd/engine/wire';
import { expect, test } from 'vitest';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { bodyDocument, damaged } from './documents.ts';
import { attributeOf, childrenOf, hasTwins, renamed, textOf } from './meaning.ts';
import { isBeyondSaxes, type Reading, readWithSaxes, type Tree } from './oracle.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

const toolbox = nodeToolbox();

/** What is meant by the namespace of an element in a <body/>. */
const meant = (namespace: string): string =>
  namespace === NS.httpbind || namespace === '' ? NS.client : namespace;

function isGoodRid(text: string | undefined): boolean {
  return text !== undefined && /^(?:0|[1-9][0-9]*)$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER;
}

/** Whether a request with this body should be accepted, of what the reference parser made of it. */
function isAcceptable(reading: Reading | undefined): reading is Reading {
  if (reading === undefined || reading.hasSectionInRoot) return false;
  const { root } = reading;
  const isBody = root.name === 'body' && root.namespace === NS.httpbind;
  return isBody && /^[ \t\r\n]*$/.test(textOf(root)) && isGoodRid(attributeOf(root, 'rid'));
}

/** A payload as the XMPP server reads it. */
function inStream(payload: Payload): Tree {
  const stream = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>${payload.bytes}</stream:stream>`;
  const reading = readWithSaxes(Buffer.from(stream, 'latin1'));
  if (reading === undefined) throw new Error(`the payload is not well-formed: ${payload.bytes}`);
  const [tree, ...more] = childrenOf(reading.root);
  if (tree === undefined || more.length > 0) throw new Error('a payload is one element');
  return tree;
}

/** The one thing that saxes can not be told: a prefix may be undeclared on the root only. */
const usesUndeclared = (text: string): boolean =>
  text.includes('xmpp:') && !/xmlns:xmpp[ \t\r\n]*=/.test(text);
/** A number written with references: refused, though it means the same. */
const hasReferenceInRoot = (text: string): boolean => /^[^>]*<\w*:?body[^>]*&/.test(text);

test('the decoder accepts what a reference parser accepts, and means the same', {
  timeout: FUZZ_TIMEOUT_MS,
}, async () => {
  let accepted = 0;
  let refused = 0;
  await forSeeds('decoder', (random) => {
    const bytes = damaged(random, bodyDocument(random));
    const text = Buffer.from(bytes).toString('utf8');
    if (usesUndeclared(text) || isBeyondSaxes(text)) return;
    const decoded = decodeBody(bytes, CLIENT_XML_LIMITS, toolbox);
    const reading = readWithSaxes(withoutNul(bytes));
    if (!isAcceptable(reading)) {
      expect(decoded, text).toMatchObject({ ok: false });
      refused += 1;
      return;
    }
    if (!decoded.ok && decoded.fault.code === 'bad-attribute' && hasReferenceInRoot(text)) return;
    // Stricter than XML on purpose: no client may send elements of the streams namespace.
    const hasStreamElement = childrenOf(reading.root).some(({ namespace }) => namespace === NS.stream);
    if (!decoded.ok && decoded.fault.code === 'stream-element' && hasStreamElement) return;
    // Stricter than XML on purpose: for the server, httpbind and jabber:client are one namespace.
    if (!decoded.ok && hasTwins(renamed(reading.root, meant))) return;
    if (!decoded.ok) throw new Error(`${decoded.fault.code}, ${decoded.fault.detail}: ${text}`);
    const { attributes, payloads } = decoded.value;
    expect(String(attributes.rid)).toBe(attributeOf(reading.root, 'rid'));
    expect(attributes.sid).toBe(attributeOf(reading.root, 'sid'));
    const given = payloads.map(inStream);
    const expected = childrenOf(reading.root);
    expect(
      given.map((tree) => renamed(tree, meant)),
      text,
    ).toEqual(expected.map((tree) => renamed(tree, meant)));
    expect(given.map(({ name, namespace }) => ({ name, namespace }))).toEqual(
      payloads.map(({ name, namespace }) => ({ name, namespace })),
    );
    accepted += 1;
  });
  expect(accepted).toBeGreaterThan(refused / 4);
  expect(refused).toBeGreaterThan(accepted / 4);
});

/** What boshd takes for the end of the string of a client, and a reference parser for a forbidden character. */
function withoutNul(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}
