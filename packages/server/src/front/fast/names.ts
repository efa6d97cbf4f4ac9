import { assert } from '@boshd/engine/kit';

/** What a header line with a certain name means for whoever reads heads. */
export type NameKind =
  /** Changes what follows the head, or the connection: for node:http to judge. */
  | 'odd'
  /** A second line of it is for node:http to judge, which keeps the first or joins them in another way than by commas. */
  | 'single'
  | 'host'
  | 'content-length'
  | 'connection'
  /** Nothing special: repeated lines are joined by commas (RFC 9110 §5.3). */
  | 'other';

export interface KnownName {
  readonly name: string;
  readonly kind: NameKind;
  /** One bit of its own, none for a kind of which no lines are counted. */
  readonly bit: number;
}

const ODD = [
  'expect',
  'http2-settings',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',

  'upgrade',
];

const SINGLE = [
  'age',
  'authorization',
  'content-type',
  'cookie',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
];

const COUNTED: readonly (readonly [name: string, kind: NameKind])[] = [
  ...SINGLE.map((name) => [name, 'single'] as const),
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['connection', 'connection'],
];

const KNOWN: readonly KnownName[] = [
  ...ODD.map((name) => ({ name, kind: 'odd' as const, bit: 0 })),
  ...COUNTED.map(([name, kind], index) => ({ name, kind, bit: 1 << index })),
];

const OTHER: KnownName = { name: '', kind: 'other', bit: 0 };

/** By their length and the bits of their first letter that do not tell its case: no two are alike in both. */
const PLACES = 32;
const BY_PLACE: readonly (KnownName | undefined)[] = byPlace();

function byPlace(): (KnownName | undefined)[] {
  const table: (KnownName | undefined)[] = Array.from({ length: PLACES * PLACES });
  for (const known of KNOWN) {
    const place = placeOf(known.name.length, known.name.charCodeAt(0));
    assert(place < table.length && table[place] === undefined, 'each known name has a place of its own');
    table[place] = known;
  }
  return table;
}

function placeOf(length: number, letter: number): number {
  return length * PLACES + (letter % PLACES);
}

/** What the header name in the bytes from `start` to `end` means. */
export function nameAt(bytes: Uint8Array, start: number, end: number): KnownName {
  const known = BY_PLACE[placeOf(end - start, bytes[start] ?? 0)];
  return known !== undefined && isTextAt(bytes, start, known.name) ? known : OTHER;
}

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const TO_LOWER = 0x20;

/** Whether the text, which is in lower case, is what stands at `at`, in whatever case. */
export function isTextAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte + TO_LOWER : byte;
    if (lower !== text.charCodeAt(index)) return false;
  }
  return true;
}
