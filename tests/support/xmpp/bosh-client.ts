import { randomInt } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { escapeXml, parseXml, type XmlElement } from './xml.ts';

const HTTPBIND = 'http://jabber.org/protocol/httpbind';
/** Longer than any wait that a test asks for; a request that hangs is then an error and not a stuck test. */
const REQUEST_MAX_MS = 90_000;

export interface Attributes {
  readonly rid?: number | string | undefined;
  readonly [name: string]: string | number | undefined;
}

/** What a POST was answered with. */
export interface BoshReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The <body/>, where the reply is one. */
  readonly body: XmlElement | undefined;
  readonly payloads: readonly XmlElement[];
  /** The type of the <body/>: 'terminate', 'error' or none. */
  readonly type: string | undefined;
  readonly condition: string | undefined;
}

export interface PendingRequest {
  readonly rid: number | undefined;
  readonly reply: Promise<BoshReply>;
  /** Closes the connection before the reply; `reply` is then rejected. */
  abort(): void;
}

export interface BoshClientOptions {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default true: a reply that breaks what boshd promises of every reply is an error. False for other managers. */
  readonly strict?: boolean;
  /** A browser's cookies, by name: what replies set is kept here and sent with the next requests. Default: none are kept. */
  readonly cookies?: Map<string, string> | undefined;
}

/**
 * The client's end of BOSH for tests: full control of every rid, attribute and connection, and no patience with
 * replies. It repeats nothing and keeps no request open by itself; `ChatSession` does.
 */
export class BoshClient {
  readonly url: URL;
  sid: string | undefined;
  /** The last rid that was used. */
  rid = randomInt(1, 2 ** 32);
  readonly #agent = new Agent({ keepAlive: true });
  readonly #headers: Readonly<Record<string, string>>;
  readonly #strict: boolean;
  readonly #cookies: Map<string, string> | undefined;

  constructor(url: string, options: BoshClientOptions = {}) {
    this.url = new URL(url);
    this.#headers = options.headers ?? {};
    this.#strict = options.strict ?? true;
    this.#cookies = options.cookies;
  }

  /** Makes a session as a modern client does; `attributes` add to and replace what is sent. */
  async create(domain: string, attributes: Attributes = {}): Promise<BoshReply> {
    const reply = await this.next('', {
      to: domain,
      'xml:lang': 'en',
      wait: 60,
      hold: 1,
      content: 'text/xml; charset=utf-8',
      ver: '1.6',
      'xmlns:xmpp': 'urn:xmpp:xbosh',
      'xmpp:version': '1.0',
      ...attributes,
    }).reply;
    this.sid = reply.body?.attributes.get('sid');
    return reply;
  }

  /** A request with the next rid and the sid of the session. */
  next(payload = '', attributes: Attributes = {}): PendingRequest {
    this.rid += 1;
    return this.request({ rid: this.rid, sid: this.sid, ...attributes }, payload);
  }

  /** A request with exactly these attributes (and the namespace). */
  request(attributes: Attributes, payload = ''): PendingRequest {
    const rid = typeof attributes.rid === 'number' ? attributes.rid : undefined;
    return this.post(bodyText(attributes, payload), {}, rid);
  }

  /** A POST with any text or bytes. */
  post(
    content: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    rid: number | undefined = undefined,
  ): PendingRequest {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const request = httpRequest(this.url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        'content-length': bytes.length,
        ...this.#headers,
        ...this.#cookieHeader(),
        ...headers,
      },
    });
    const reply = new Promise<BoshReply>((resolve, reject) => {
      request.setTimeout(REQUEST_MAX_MS, () => request.destroy(new Error(`no reply to rid ${rid}`)));
      request.on('error', reject);
      request.on('response', (response) => {
        this.#keepCookies(response.headers['set-cookie'] ?? []);
        readReply(response)
          .then((read) => {
            if (this.#strict) checkReply(read);
            resolve(read);
          }, reject)
          .catch(reject);
      });
    });
    // An aborted request nobody waits for must not end the process.
    reply.catch(() => undefined);
    request.end(bytes);
    return { rid, reply, abort: () => void request.destroy(new Error('aborted by the test')) };
  }

  #cookieHeader(): Readonly<Record<string, string>> {
    if (this.#cookies === undefined || this.#cookies.size === 0) return {};
    return { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  #keepCookies(set: readonly string[]): void {
    for (const text of set) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(text) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies?.set(name, value);
    }
  }

  /** Closes every connection. */
  close(): void {
    this.#agent.destroy();
  }
}

/** A <body/> as text. */
export function bodyText(attributes: Attributes, payload = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}='${escapeXml(String(value))}'`);
  return `<body xmlns='${HTTPBIND}'${written.join('')}>${payload}</body>`;
}

async function readReply(response: IncomingMessage): Promise<BoshReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const { statusCode: status = 0, headers } = response;
  const isXml = /^(?:text|application)\/xml\b/.test(headers['content-type'] ?? '') && text !== '';
  const body = isXml ? parseXml(text) : undefined;
  return {
    status,
    headers,
    text,
    body,
    payloads: body?.children ?? [],
    type: body?.attributes.get('type'),
    condition: body?.attributes.get('condition'),
  };
}

/** What holds for every reply of boshd to a POST (docs/security.md). */
function checkReply({ status, headers, text, body }: BoshReply): void {
  const wrong = (what: string) =>
    new Error(`${what}: ${status} ${JSON.stringify(headers)} ${text.slice(0, 500)}`);
  if (headers['content-length'] !== String(Buffer.byteLength(text))) throw wrong('wrong Content-Length');
  if (headers['transfer-encoding'] !== undefined) throw wrong('Transfer-Encoding');
  if (headers['x-content-type-options'] !== 'nosniff') throw wrong('no nosniff');
  if (headers['content-security-policy'] !== "default-src 'none'; sandbox") throw wrong('wrong CSP');
  if (status !== 200) return;
  if (body === undefined) throw wrong('no body');
  if (body.name !== 'body' || body.namespace !== HTTPBIND) throw wrong('the root is not <body/>');
  if (body.text !== '') throw wrong('text in <body/>');
  for (const payload of body.children) {
    if (payload.namespace === HTTPBIND && payload.name !== 'uri')
      throw wrong('a payload in the httpbind namespace');
  }
}
