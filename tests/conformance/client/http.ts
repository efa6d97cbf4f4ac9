import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** A request that hangs longer than any case waits for is an error, not a stuck run. */
const REPLY_MAX_MS = 100_000;
const REPLY_BYTES_MAX = 4 * 1024 * 1024;

export interface HttpRequest {
  /** Default POST. */
  readonly method?: string;
  /** Replace and add to `Content-Type: text/xml; charset=utf-8` and Content-Length; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly content?: string | Uint8Array;
  /** Chunked transfer coding in place of Content-Length. */
  readonly chunked?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The content, decompressed. */
  readonly text: string;
}

export interface HttpExchange {
  readonly reply: Promise<HttpReply>;
  /** Closes the connection before the reply, which is then rejected. */
  abort(): void;
}

/** One request on a connection of its own: what a case does must not depend on what another left behind. */
export function exchange(url: URL, { method = 'POST', headers = {}, content = '', chunked }: HttpRequest) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
  const given = {
    ...(method === 'POST' ? { 'content-type': 'text/xml; charset=utf-8' } : {}),
    ...(chunked === true ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) }),
    ...headers,
  };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method,
    agent: false,
    headers: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  });
  const reply = new Promise<HttpReply>((resolve, reject) => {
    request.setTimeout(REPLY_MAX_MS, () => request.destroy(new Error(`no reply in ${REPLY_MAX_MS} ms`)));
    request.on('error', reject);
    request.on('response', (response) => void readReply(response).then(resolve, reject));
  });
  // Of an aborted request nobody waits for the reply.
  reply.catch(() => undefined);
  // In two pieces, or node:http would send a short chunked body with a length after all.
  if (chunked === true) request.write(bytes.subarray(0, 1));
  request.end(chunked === true ? bytes.subarray(1) : bytes);
  return { reply, abort: () => void request.destroy(new Error('aborted by us')) } satisfies HttpExchange;
}

async function readReply(response: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > REPLY_BYTES_MAX) throw new Error(`a reply of more than ${REPLY_BYTES_MAX} bytes`);
    chunks.push(bytes);
  }
  const { statusCode: status = 0, headers } = response;
  return {
    status,
    headers,
    text: decompressed(Buffer.concat(chunks), headers['content-encoding']).toString(),
  };
}

function decompressed(bytes: Buffer, coding: string | undefined): Buffer {
  const options = { maxOutputLength: REPLY_BYTES_MAX };
  switch (coding) {
    case 'gzip':
      return gunzipSync(bytes, options);
    case 'deflate':
      return inflateSync(bytes, options);
    case 'br':
      return brotliDecompressSync(bytes, options);
    default:
      return bytes;
  }
}

/** Sends bytes as they are and returns what comes until the other side closes, or nothing comes for `silenceMs`. */
export function rawExchange(url: URL, text: string, silenceMs: number): Promise<string> {
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ host, port, servername: host }) : connect({ host, port });
    let received = '';
    const done = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(silenceMs, done);
    socket.on('data', (data) => {
      received += String(data);
      if (received.length > REPLY_BYTES_MAX) done();
    });
    socket.on('end', done);
    socket.on('error', (error) => (received === '' ? reject(error) : done()));
    socket.write(text);
  });
}
