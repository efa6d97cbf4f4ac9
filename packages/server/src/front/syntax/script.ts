import { type ByteString, fault, type Result, type Toolbox } from '@boshd/engine/kit';
import { type BodyFault, type DecodedBody, readScriptRequest } from '@boshd/engine/wire';
import { percentDecode } from './percent.ts';
import type { BodyLimits, Dressed, Incoming, Syntax } from './syntax.ts';

/** Characters that end or begin something in a script, or in a page that a script stands in, and all that nobody sees. */
const ESCAPED = /["\\\p{Cc}\p{Cf}\u2028\u2029]|<(?=\/?script|!--)/giu;
/** The same, where all is ASCII: most replies. */
const ESCAPED_ASCII = /["\\\p{Cc}]|<(?=\/?script|!--)/giu;
const NOT_ASCII = /[^\0-\x7f]/;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Those of one byte have a form of four characters, so that no reply becomes more than four times as long. */
const HEX_FORM_BELOW = 0x80;

/** The character as ECMAScript may write it in a string; of one beyond 16 bits both halves. */
function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  let text = '';
  for (let at = 0; at < character.length; at += 1) {
    const unit = character.charCodeAt(at);
    text += unit < HEX_FORM_BELOW ? `\\x${hex(unit, 2)}` : `\\u${hex(unit, 4)}`;
  }
  return text;
}

function hex(unit: number, digits: number): string {
  return unit.toString(16).padStart(digits, '0');
}

/** XEP-0252 §2.3: the <body/> as the only argument of a call of `_BOSH_`. */
function callOf(body: ByteString, toolbox: Toolbox): ByteString {
  const text = NOT_ASCII.test(body)
    ? toolbox.encodeUtf8(toolbox.decodeUtf8(body).replace(ESCAPED, escaped))
    : body.replace(ESCAPED_ASCII, escaped);
  return `_BOSH_("${text}")` as ByteString;
}

/** A <body/> in the query of a GET. All of it is there as soon as the head is. */
class Query implements Incoming {
  readonly #query: string;
  readonly #limits: BodyLimits;
  readonly isSettled = true;
  readonly tooLarge = false;
  readonly isUnreadable = false;

  constructor(query: string, limits: BodyLimits) {
    this.#query = query;
    this.#limits = limits;
  }

  /** A GET has no content that means anything (RFC 9110 §9.3.1). */
  add(): void {}

  /** It is no longer than the head of a request may be. */
  look(): undefined {}

  beginning(): string {
    return Buffer.from(percentDecode(this.#query) ?? []).toString('latin1');
  }

  decode(toolbox: Toolbox): Result<DecodedBody, BodyFault> {
    const { bodyBytesMax, xml } = this.#limits;
    const bytes = percentDecode(this.#query);
    if (bytes === undefined)
      return fault({ code: 'not-well-formed', detail: 'a percent sign begins no octet' });
    if (bytes.length > bodyBytesMax)
      return fault({ code: 'body-too-large', detail: `more than ${bodyBytesMax} bytes` });
    return readScriptRequest(bytes, xml, toolbox);
  }
}

/**
 * The script syntax (XEP-0252): the <body/> in the query of a GET, the reply a script that calls `_BOSH_` with it. Any
 * page may load a script, so nothing here protects a session but its sid; a site that takes it is chosen by its path.
 */
export const SCRIPT: Syntax = {
  name: 'script',
  begin: ({ query }, limits) => new Query(query, limits),
  // Always 200 and always this type, whatever `content` asked for: a browser runs no other, and an error must be heard.
  dress: ({ body }, toolbox): Dressed => ({
    status: 200,
    contentType: 'text/javascript; charset=utf-8',
    body: callOf(body, toolbox),
  }),
  headers: {
    // XEP-0252 §2.3 and §4: whatever an intermediary understands.
    'Cache-Control': 'no-store, no-cache',
    Pragma: 'no-cache',
    Expires: '0',
    // Pages that isolate themselves (COEP) load no script without it. What a document may not, a script does not mind:
    // the Content-Security-Policy of all replies stays.
    'Cross-Origin-Resource-Policy': 'cross-origin',
  },
};
