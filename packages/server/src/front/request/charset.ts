import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault } from '@boshd/engine/wire';

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
const UTF8_NAMES = new Set(['', 'utf-8', 'utf8']);

/**
 * The body in UTF-8. XEP-0124 §7.2 makes the conversion optional: boshd does it for every encoding that TextDecoder of this
 * Node knows (those of the WHATWG Encoding standard), and takes the body for UTF-8 where no charset is named, whatever
 * the type is (XEP-0124 §5 asks to ignore it). The same for an unknown charset, if the bytes are UTF-8; else it is a fault: text must not be
 * garbled.
 */
export function toUtf8(bytes: Uint8Array, contentType: string | undefined): Result<Uint8Array, BodyFault> {
  const charset = charsetOf(contentType);
  if (charset === undefined || UTF8_NAMES.has(charset)) return ok(bytes);
  const decoder = decoderOf(charset);
  if (decoder === undefined) {
    if (isUtf8(bytes)) return ok(bytes);
    return fault({ code: 'not-utf8', detail: `the charset ${charset.slice(0, 40)} is not known here` });
  }
  try {
    return ok(Buffer.from(decoder.decode(bytes), 'utf8'));
  } catch {
    return fault({ code: 'not-utf8', detail: `the body is not in the charset ${charset} that it names` });
  }
}

function charsetOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType === 'text/xml; charset=utf-8') return undefined;
  return CHARSET.exec(contentType)?.[1]?.toLowerCase();
}

function decoderOf(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
}
