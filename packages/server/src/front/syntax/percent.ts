const PERCENT = 0x25;
const NO_DIGIT = -1;

/** The value of a hexadecimal digit. */
function digitOf(code: number | undefined): number {
  if (code === undefined) return NO_DIGIT;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : NO_DIGIT;
}

/**
 * The octets of a text in which some stand as %XX (RFC 3986 §2.1); undefined where a percent sign begins none. Characters
 * of the text stand for bytes. A plus sign is one.
 */
export function percentDecode(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'latin1');
  let end = bytes.indexOf(PERCENT);
  if (end < 0) return bytes;
  for (let at = end; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte !== PERCENT) {
      bytes[end] = byte;
    } else {
      const high = digitOf(bytes[at + 1]);
      const low = digitOf(bytes[at + 2]);
      if (high === NO_DIGIT || low === NO_DIGIT) return undefined;
      bytes[end] = high * 16 + low;
      at += 2;
    }
    end += 1;
  }
  return bytes.subarray(0, end);
}

/** The same for a part of a form, where a plus sign stands for a space (URL standard, application/x-www-form-urlencoded). */
export function formDecode(text: string): Uint8Array | undefined {
  return percentDecode(text.replaceAll('+', ' '));
}
