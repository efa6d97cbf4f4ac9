import * as http from 'node:http';
import * as https from 'node:https';
import { gunzipSync } from 'node:zlib';

/** What a URL said. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; each value as often as it came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
  /** Until all of it was there. */
  readonly tookMs: number;
}

/** No answer: what the network said of it. */
export interface NoAnswer {
  readonly status: undefined;
  /** Code of the error, such as `ECONNRESET`. */
  readonly error: string;
  readonly tookMs: number;
}

interface Question {
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: what any web server needs at most for what it answers at once. */
  readonly withinMs?: number;
}

const WITHIN_MS = 20_000;
/** Replies to these questions are small; a page that is none of ours may be any size. */
const BODY_BYTES_MAX = 1 << 20;

export type Ask = (url: URL, question: Question) => Promise<Answer | NoAnswer>;

/** Asks over kept connections, as a browser does, as many at once as are wanted. Certificates are judged elsewhere, once. */
export function asker(): { readonly ask: Ask; readonly agents: Agents; close(): void } {
  const agents = {
    plain: new http.Agent({ keepAlive: true }),
    secure: new https.Agent({ keepAlive: true, rejectUnauthorized: false }),
  };
  return {
    agents,
    ask: (url, question) => ask(url, question, agents),
    close() {
      agents.plain.destroy();
      agents.secure.destroy();
    },
  };
}

export interface Agents {
  readonly plain: http.Agent;
  readonly secure: https.Agent;
}

function ask(url: URL, question: Question, agents: Agents): Promise<Answer | NoAnswer> {
  const { method, headers = {}, body, withinMs = WITHIN_MS } = question;
  const startedMs = performance.now();
  const tookMs = (): number => performance.now() - startedMs;
  return new Promise((resolve) => {
    const options = { method, headers: { 'accept-encoding': 'gzip', ...headers } };
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, agent: agents.secure })
        : http.request(url, { ...options, agent: agents.plain });
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), withinMs);
    const failed = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      resolve({ status: undefined, error: error.code ?? error.message, tookMs: tookMs() });
    };
    request.on('error', failed);
    request.on('response', (response) => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      response.on('error', failed);
      response.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
        else request.destroy(new Error('too long'));
      });
      response.on('end', () => {
        clearTimeout(timer);
        const { statusCode: status = 0, rawHeaders } = response;
        const named = byName(rawHeaders);
        const whole = decoded(Buffer.concat(chunks), named.get('content-encoding')?.[0]);
        resolve({ status, headers: named, body: whole, tookMs: tookMs() });
      });
    });
    request.end(body);
  });
}

/** Only gzip was offered. What cannot be read stays as it is, and is no <body/>. */
function decoded(body: Uint8Array, coding: string | undefined): Uint8Array {
  if (coding !== 'gzip') return body;
  try {
    return gunzipSync(body, { maxOutputLength: BODY_BYTES_MAX });
  } catch {
    return body;
  }
}

/** Node joins repeated headers or drops all but one; that there are two is what must be seen. */
function byName(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at]).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), String(raw[at + 1])]);
  }
  return headers;
}

export function header(answer: Answer, name: string): string | undefined {
  return answer.headers.get(name)?.[0];
}
