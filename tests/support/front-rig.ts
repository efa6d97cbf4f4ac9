import { connect, type Socket } from 'node:net';
import type { ByteString } from '@boshd/engine/kit';
import type { Input, LogEvent } from '@boshd/engine/manager';
import {
  createFront,
  type Front,
  type FrontOptions,
  frontOptions,
} from '../../packages/server/src/front/index.ts';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';

/** A front on a free loopback port, with a submit function in the engine's place that remembers what it was told. */
export interface FrontRig {
  readonly port: number;
  readonly front: Front;
  readonly inputs: readonly Input[];
  /** Besides warnings. */
  readonly log: readonly LogEvent[];
  readonly warnings: readonly LogEvent[];
  /** The next input of the type that no earlier call returned. */
  next<Type extends Input['type']>(type: Type): Promise<Extract<Input, { type: Type }>>;
  /** A connection of its own, closed with the rig. */
  connect(): RawClient;
  stop(): Promise<void>;
}

export type Answerer = (input: Input, front: Front) => void;

/** Answers every request at once, with the type that the engine grants by default. */
export const answerAll: Answerer = (input, front) => {
  if (input.type !== 'request' && input.type !== 'bad-request') return;
  front.respond(input.request, textReply(input.type === 'request' ? '<body/>' : input.fault.code));
};

export const holdAll: Answerer = () => {};

export function textReply(body: string): Parameters<Front['respond']>[1] {
  return { status: 200, contentType: 'text/xml; charset=utf-8', body: body as ByteString };
}

/** Of a request of which the start tag was looked at, and that is not answered by that, the rest is wanted, too. */
function answerOrDecode(input: Input, front: Front, answer: Answerer): void {
  answer(input, front);
  if (input.type === 'request-head') front.decode(input.request);
}

export async function startFront(options: Partial<FrontOptions>, answer: Answerer): Promise<FrontRig> {
  const inputs: Input[] = [];
  const log: LogEvent[] = [];
  const warnings: LogEvent[] = [];
  const returned = new Set<Input>();
  const clients: RawClient[] = [];
  let wake = () => {};
  const submit = (input: Input) => {
    inputs.push(input);
    answerOrDecode(input, front, answer);
    wake();
  };
  const front = createFront(
    frontOptions({ listen: [{ host: '127.0.0.1', port: 0 }], ...options }),
    submit,
    nodeToolbox(),
    (event) => (event.event === 'warning' ? warnings : log).push(event),
  );
  const port = (await front.listen()).bound[0]?.port ?? 0;
  return {
    port,
    front,
    inputs,
    log,
    warnings,
    async next<Type extends Input['type']>(type: Type) {
      const isNext = (input: Input): input is Extract<Input, { type: Type }> =>
        input.type === type && !returned.has(input);
      for (;;) {
        const found = inputs.find(isNext);
        if (found !== undefined) {
          returned.add(found);
          return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    connect() {
      const client = new RawClient(connect(port, '127.0.0.1'));
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.destroy();
      await front.close(0);
    },
  };
}

/** A reply as it stood on the wire. */
export interface RawReply {
  readonly status: number;
  /** The first line. */
  readonly statusLine: string;
  /** By name in lower case; of a name that came twice, both values. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes as code units. */
  readonly body: string;
}

/** Speaks HTTP by hand: what is written is exactly what is sent. Replies need a Content-Length, as they do in Swift. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = '';
  #ended = false;
  #wake = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    // A reset is one of the ways in which a connection ends.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** The next reply; `headOnly` for the reply to a HEAD. Rejects if the connection ends before. */
  async reply(headOnly = false): Promise<RawReply> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      const reply = end < 0 ? undefined : this.#cut(end, headOnly);
      if (reply !== undefined) return reply;
      if (this.#ended) throw new Error(`the connection ended after: ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All bytes until the connection ends. */
  async rest(): Promise<string> {
    await this.closed;
    return this.#received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #cut(end: number, headOnly: boolean): RawReply | undefined {
    const [statusLine = '', ...lines] = this.#received.slice(0, end).split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const name = line.slice(0, line.indexOf(':')).toLowerCase();
      const value = line.slice(line.indexOf(':') + 1).trim();
      headers[name] = name in headers ? `${headers[name]} AND ${value}` : value;
    }
    const bodyStart = end + 4;
    const isBare = headOnly || status === 204 || status < 200;
    const bodyEnd = bodyStart + (isBare ? 0 : Number(headers['content-length'] ?? Number.NaN));
    if (Number.isNaN(bodyEnd)) throw new Error(`a reply without Content-Length: ${statusLine}`);
    if (this.#received.length < bodyEnd) return undefined;
    const body = this.#received.slice(bodyStart, bodyEnd);
    this.#received = this.#received.slice(bodyEnd);
    return { status, statusLine, headers, body };
  }
}

/** A POST of the body to /http-bind, with the header lines given besides Host and Content-Length. */
export function post(
  body: string,
  headers: Readonly<Record<string, string>> = {},
  target = '/http-bind',
): string {
  return request('POST', target, { 'Content-Length': String(body.length), ...headers }, body);
}

export function request(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = Object.entries({ Host: 'chat.example.org', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A <body/> that any decoder takes. */
export function bodyOf(rid: number, inside = ''): string {
  return `<body rid='${rid}' sid='s' xmlns='http://jabber.org/protocol/httpbind'>${inside}</body>`;
}
