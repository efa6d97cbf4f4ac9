import { fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault } from '@boshd/engine/wire';
import { formDecode } from './percent.ts';

const BOUNDARY = /;\s*boundary="?([^\s";]{1,70})/i;
const LINE_END = '\r\n';
const HEADER_END = '\r\n\r\n';

/**
 * The octets of one field of a form that a browser posts, in any of the three encodings that HTML has (HTML standard,
 * "Form submission"). In text/plain, which escapes nothing, the field must be the last one.
 */
export function fieldOfForm(
  bytes: Uint8Array,
  contentType: string | undefined,
  name: string,
): Result<Uint8Array, BodyFault> {
  const form = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return fieldOfParts(form, contentType ?? '', name);
  if (type === 'text/plain') return fieldOfLines(form, name);
  return fieldOfPairs(form.toString('latin1'), name);
}

/** Of `a=1&b=2`: a form in application/x-www-form-urlencoded, or the query that a form with GET makes. */
export function fieldOfPairs(text: string, name: string): Result<Uint8Array, BodyFault> {
  const start = `${name}=`;
  for (let at = 0; at <= text.length; ) {
    const next = text.indexOf('&', at);
    const end = next < 0 ? text.length : next;
    if (text.startsWith(start, at)) {
      const value = formDecode(text.slice(at + start.length, end));
      return value === undefined ? wrong('a percent sign begins no octet') : ok(value);
    }
    at = end + 1;
  }
  return absent(name);
}

/** RFC 7578, as browsers write it. */
function fieldOfParts(form: Buffer, contentType: string, name: string): Result<Uint8Array, BodyFault> {
  const boundary = BOUNDARY.exec(contentType)?.[1];
  if (boundary === undefined) return wrong('the form has no boundary');
  const delimiter = `${LINE_END}--${boundary}`;
  const wanted = `form-data; name="${name}"`;
  let at = form.indexOf(`--${boundary}`);
  while (at >= 0) {
    const head = at + delimiter.length - LINE_END.length;
    const headEnd = form.indexOf(HEADER_END, head);
    if (headEnd < 0) break;
    const start = headEnd + HEADER_END.length;
    const end = form.indexOf(delimiter, start);
    if (end < 0) return wrong('a part of the form has no end');
    if (form.subarray(head, headEnd).includes(wanted)) return ok(form.subarray(start, end));
    at = end + LINE_END.length;
  }
  return absent(name);
}

function fieldOfLines(form: Buffer, name: string): Result<Uint8Array, BodyFault> {
  const start = `${name}=`;
  const isFirst = form.subarray(0, start.length).equals(Buffer.from(start));
  const line = isFirst ? 0 : form.indexOf(`${LINE_END}${start}`);
  if (line < 0) return absent(name);
  const value = form.subarray(line + start.length + (isFirst ? 0 : LINE_END.length));
  const hasEnd = value.subarray(-LINE_END.length).equals(Buffer.from(LINE_END));
  return ok(hasEnd ? value.subarray(0, -LINE_END.length) : value);
}

function absent(name: string): Result<Uint8Array, BodyFault> {
  return wrong(`the form has no field ${name}`);
}

function wrong(detail: string): Result<Uint8Array, BodyFault> {
  return fault({ code: 'not-well-formed', detail });
}
