import type { Toolbox } from '../../kit/index.ts';
import { startsWith, word } from './chars.ts';
import { NS } from './names.ts';
import { attributeText } from './references.ts';

/** Names that come again and again: finding one here is cheaper than making a string of bytes. */
const NAMES = [
  'a',
  'abort',
  'auth',
  'body',
  'challenge',
  'error',
  'failure',
  'features',
  'iq',
  'message',
  'presence',
  'proceed',
  'r',
  'response',
  'stream',
  'success',
  'ack',
  'condition',
  'content',
  'from',
  'hold',
  'id',
  'key',
  'lang',
  'mechanism',
  'newkey',
  'pause',
  'restart',
  'rid',
  'route',
  'sid',
  'to',
  'type',
  'ver',
  'version',
  'wait',
  'xml:lang',
  'xmpp:restart',
  'xmpp:version',
];

interface Known {
  readonly text: string;
  readonly bytes: Uint8Array;
}

const BY_LENGTH: readonly (readonly Known[])[] = (() => {
  const texts = [...NAMES, ...Object.values(NS)];
  const longest = Math.max(...texts.map((text) => text.length));
  return Array.from({ length: longest + 1 }, (_, length) =>
    texts.filter((text) => text.length === length).map((text) => ({ text, bytes: word(text) })),
  );
})();

/** The bytes as text when they are one of the few names or namespaces of XMPP that boshd knows. */
export function knownText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return undefined;
  for (const known of candidates) {
    if (startsWith(bytes, start, known.bytes, end - start)) return known.text;
  }
  return undefined;
}

/** The text of a checked name. */
export function nameText(bytes: Uint8Array, start: number, end: number, toolbox: Toolbox): string {
  return knownText(bytes, start, end) ?? toolbox.decodeUtf8(toolbox.toByteString(bytes, start, end));
}

/** The text of a checked attribute value. */
export function valueText(bytes: Uint8Array, start: number, end: number, toolbox: Toolbox): string {
  return knownText(bytes, start, end) ?? attributeText(toolbox.toByteString(bytes, start, end), toolbox);
}
