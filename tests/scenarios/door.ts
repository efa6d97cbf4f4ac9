import type { Input, Output, RequestId } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, readRequest, readScriptRequest } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';

/** A request of a transcript. */
export interface Posting {
  readonly name: string;
  readonly body: Uint8Array;
  readonly site: string;
  readonly secure: boolean;
  /** In script syntax (XEP-0252): its content is a piece of an octet stream. */
  readonly isScript: boolean;
  readonly address: string;
  /** Its session is logged in for a page; with the cookie that it is bound to. */
  readonly forPage: { readonly cookie: string | undefined } | undefined;
  readonly cookies: string | undefined;
  /** The client's connection, as a proxy names it. */
  readonly line: string | undefined;
}

export type Answer = Extract<Output, { type: 'respond' | 'drop' }>;
export type RequestInput = Extract<Input, { type: 'request' | 'bad-request' }>;

/** What the manager hears of a client that closes its connection. */
export const HANG_UPS = { abort: 'request-aborted', lost: 'reply-lost', taken: 'reply-taken' } as const;

/** How the requests of a transcript get to the connection manager, and the replies back to their client. */
export interface Door {
  /** Sends a request; resolves when the manager has taken it. */
  post(posting: Posting, take: (input: RequestInput) => void): Promise<void>;
  /** Delivers a reply and says how the client saw it: `200 <body .../>`, `200 (text/plain) ...`, or `dropped`. */
  answer(answer: Answer): string | Promise<string>;
  /** The client of a request closes its connection before the reply (`abort`), while it is written (`lost`), or after it (`taken`). */
  hangUp(name: string, when: keyof typeof HANG_UPS, take: (input: Input) => void): Promise<void>;
}

/** How a reply reads in a transcript; the usual Content-Type goes without saying. */
export function describeReply(status: number, contentType: string, text: string): string {
  const type = contentType === 'text/xml; charset=utf-8' ? '' : ` (${contentType})`;
  return `${status}${type} ${text}`;
}

/** No HTTP at all: the manager is called with what the front would have made of the request. */
export class DirectDoor implements Door {
  readonly #toolbox = nodeToolbox();
  readonly #requests = new Map<string, { readonly request: RequestId; readonly sid: string | undefined }>();

  async post(
    { name, body, site, secure, address, isScript, forPage, cookies, line }: Posting,
    take: (input: RequestInput) => void,
  ): Promise<void> {
    const request = this.#requests.size + 1;
    const decoded = (isScript ? readScriptRequest : readRequest)(body, CLIENT_XML_LIMITS, this.#toolbox);
    this.#requests.set(name, { request, sid: decoded.ok ? decoded.value.attributes.sid : undefined });
    const of = { site, secure, address, cookies, line, ...(forPage === undefined ? {} : { forPage }) };
    if (decoded.ok) take({ type: 'request', request, ...of, body: decoded.value });
    else take({ type: 'bad-request', request, fault: decoded.fault });
  }

  answer(answer: Answer): string {
    if (answer.type === 'drop') return 'dropped';
    const { status, contentType, body } = answer.reply;
    return describeReply(status, contentType, Buffer.from(body, 'latin1').toString('utf8'));
  }

  async hangUp(name: string, when: keyof typeof HANG_UPS, take: (input: Input) => void): Promise<void> {
    const found = this.#requests.get(name);
    if (found === undefined) throw new Error(`no request is named ${name}`);
    take({ type: HANG_UPS[when], ...found });
  }
}
