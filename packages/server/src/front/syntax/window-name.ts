import { createHash } from 'node:crypto';
import { type ByteString, fault, type Result, type Toolbox } from '@boshd/engine/kit';
import { type BodyFault, type DecodedBody, lookAtBody, readRequest } from '@boshd/engine/wire';
import { headerOf } from '../request/head.ts';
import { fieldOfForm, fieldOfPairs } from './form.ts';
import { PostContent } from './post.ts';
import type { BodyLimits, Carrier, Dressed, Incoming, RequestLook, Syntax } from './syntax.ts';

/** The parameter of the URL that asks for this syntax. */
const PARAMETER = /(?:^|&)windowname=true(?:&|$)/;
/** The field of the form that carries the <body/>. */
const FIELD = 'body';

/** The only script of the page: a constant, so that the policy can name it by its hash and nothing else runs. */
const PAGE_SCRIPT = "window.name=document.documentElement.getAttribute('data-reply')";
const PAGE_SCRIPT_HASH = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
const PAGE_END = `><script>${PAGE_SCRIPT}</script></html>`;

/**
 * As it must stand in an attribute of a page between quotes of either kind. A carriage return is a line feed to XML (XML 1.0 §2.11) and to
 * the page, so it need not be escaped.
 */
const IN_ATTRIBUTE = { '"': /[&"<>]|\r\n?/g, "'": /[&'<>]|\r\n?/g };
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '\n',
  '\r\n': '\n',
};

function countOf(character: string, text: string): number {
  return text.split(character).length - 1;
}

/** The page that sets window.name to the reply, which stands in it as data only. */
function pageOf(body: ByteString): ByteString {
  // Quotes of the kind that is rarer in the reply are those to be escaped: it becomes no more than four times as long.
  const quote = countOf('"', body) > countOf("'", body) ? "'" : '"';
  const data = body.replace(IN_ATTRIBUTE[quote], (character) => ENTITIES[character] ?? character);
  return `<!doctype html><html data-reply=${quote}${data}${quote}${PAGE_END}` as ByteString;
}

/** A <body/> in a field of a form: in the content of a POST, or in the query of a GET. */
class Form implements Incoming {
  readonly #content: PostContent | undefined;
  readonly #query: string;
  readonly #contentType: string | undefined;
  readonly #limits: BodyLimits;

  constructor({ method, headers, query }: Carrier, limits: BodyLimits) {
    this.#content =
      method === 'POST'
        ? new PostContent(headers, limits.bodyBytesMax * FORM_FACTOR, limits.takesCompressed)
        : undefined;
    this.#query = query;
    this.#contentType = headerOf(headers, 'content-type');
    this.#limits = limits;
  }

  add(chunk: Uint8Array): void {
    this.#content?.add(chunk);
  }

  get tooLarge(): boolean {
    return this.#content?.tooLarge ?? false;
  }

  get isSettled(): boolean {
    return this.#content?.isSettled ?? true;
  }

  get isUnreadable(): boolean {
    return this.#content?.isUnreadable ?? false;
  }

  look(toolbox: Toolbox): RequestLook | undefined {
    if (this.#content?.isLong !== true) return undefined;
    const field = this.#field();
    const look = field.ok ? lookAtBody(field.value, toolbox) : undefined;
    return look === undefined ? undefined : { sid: look.sid, bytes: this.#content.length };
  }

  beginning(): string {
    const field = this.#field();
    return field.ok ? Buffer.from(field.value).toString('latin1') : '';
  }

  decode(toolbox: Toolbox): Result<DecodedBody, BodyFault> {
    const { bodyBytesMax, xml } = this.#limits;
    const field = this.#field();
    if (!field.ok) return field;
    if (field.value.length > bodyBytesMax)
      return fault({ code: 'body-too-large', detail: `more than ${bodyBytesMax} bytes` });
    return readRequest(field.value, xml, toolbox);
  }

  #field(): Result<Uint8Array, BodyFault> {
    if (this.#content === undefined) return fieldOfPairs(this.#query, FIELD);
    const content = this.#content.bytes();
    return content.ok ? fieldOfForm(content.value, this.#contentType, FIELD) : content;
  }
}

/** A form is longer than what it carries: three bytes for one where an octet is written as %XX. */
const FORM_FACTOR = 3;

export function asksForWindowName(query: string): boolean {
  return PARAMETER.test(query);
}

/**
 * The window.name transport (docs/window-name.md): a form posted into a frame, or a GET of the frame, with
 * `windowname=true` in the URL; the reply is a page that sets window.name, which the page outside reads once it has taken
 * the frame back to its own origin.
 */
export const WINDOW_NAME: Syntax = {
  name: 'window-name',
  begin: (carrier, limits) => new Form(carrier, limits),
  dress: ({ body }): Dressed => ({
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: pageOf(body),
  }),
  headers: {
    // Without allow-same-origin the page is of no origin, so even a script of an XMPP server that got to run would be
    // nobody in the site.
    'Content-Security-Policy': `default-src 'none'; script-src 'sha256-${PAGE_SCRIPT_HASH}'; sandbox allow-scripts`,
  },
};
