import { validateHeaderName, validateHeaderValue } from 'node:http';

/** A raw header list as node:http takes it: name, value, name, value ... */
export type HeaderLines = (string | number)[];

/**
 * On every reply, whatever its status (docs/security.md): what a foreign page gets out of boshd, or makes an
 * XMPP server of its choice put into a reply, must never run as a script of the site, be guessed to be another type, or be
 * kept by a cache.
 */
const SAFETY: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** More content types than an engine grants; a list of templates beyond it would be a leak. */
const TEMPLATES_MAX = 16;

/**
 * The headers of all replies of one kind (one verdict on the origin). The list of each content type is made once and
 * only its length is set for a reply: building the lines anew took 1.5 us of a reply's time.
 */
export class ReplyHeaders {
  readonly #more: Readonly<Record<string, string>>;
  readonly #common: HeaderLines;
  readonly #templates = new Map<string, HeaderLines>();
  readonly #variants = new Map<Readonly<Record<string, string>>, ReplyHeaders>();
  readonly #texts = new Map<string, string>();

  /**
   * `more` comes before the safety headers, and replaces them where the name is the same. Throws node:http's error for what
   * can not be a header.
   */
  constructor(more: Readonly<Record<string, string>> = {}) {
    this.#more = more;
    this.#common = headerLines(more);
    for (const [name, value] of Object.entries(more)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  }

  /** The same with `own` in place of those of the same names. `own` is one of a few constants: each has its list once. */
  variant(own: Readonly<Record<string, string>>): ReplyHeaders {
    const known = this.#variants.get(own);
    if (known !== undefined) return known;
    const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
    const kept = Object.entries(this.#more).filter(([name]) => !names.has(name.toLowerCase()));
    const variant = new ReplyHeaders({ ...Object.fromEntries(kept), ...own });
    this.#variants.set(own, variant);
    return variant;
  }

  /** The list for a reply with a body. Valid until the next call: it is one list, reused. */
  of(contentType: string, bodyBytes: number): HeaderLines {
    const lines = this.#templates.get(contentType) ?? this.#template(contentType);
    lines[lines.length - 1] = bodyBytes;
    return lines;
  }

  /** The same as text, each line with its end. */
  text(contentType: string, bodyBytes: number): string {
    return `${this.#texts.get(contentType) ?? this.#text(contentType)}${bodyBytes}\r\n`;
  }

  /** The list for any other reply. */
  with(lines: HeaderLines): HeaderLines {
    return [...lines, ...this.#common];
  }

  #template(contentType: string): HeaderLines {
    const lines = ['Content-Type', contentType, ...this.#common, 'Content-Length', 0];
    if (this.#templates.size < TEMPLATES_MAX) this.#templates.set(contentType, lines);
    return lines;
  }

  /** All but the length. */
  #text(contentType: string): string {
    validateHeaderValue('Content-Type', contentType);
    const text = `${linesText(['Content-Type', contentType, ...this.#common])}Content-Length: `;
    if (this.#texts.size < TEMPLATES_MAX) this.#texts.set(contentType, text);
    return text;
  }
}

/** A raw list of the headers given and of the safety headers that they do not replace. */
export function headerLines(more: Readonly<Record<string, string>>): HeaderLines {
  const given = new Set(Object.keys(more).map((name) => name.toLowerCase()));
  const safety = Object.entries(SAFETY).filter(([name]) => !given.has(name.toLowerCase()));
  return [...Object.entries(more), ...safety].flat();
}

/** The list as it stands on the wire. */
export function linesText(lines: HeaderLines): string {
  let text = '';
  for (let name = 0; name < lines.length; name += 2) text += `${lines[name]}: ${lines[name + 1]}\r\n`;
  return text;
}
