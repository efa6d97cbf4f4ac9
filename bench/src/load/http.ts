import { connect, type Socket } from 'node:net';
import type { Target } from '../contract.ts';

/** One receive buffer for all connections: a connection reads and uses up a chunk before the next one is read. */
const receiveBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * The head of a POST up to the value of Content-Length, with what a current browser sends along in a same-origin fetch. The yardstick
 * and boshd get the same.
 */
export function requestHead(target: Target, path: string): string {
  const origin = `http://${target.host}:${target.port}`;
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nConnection: keep-alive\r\n` +
    'sec-ch-ua-platform: "Linux"\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36\r\n' +
    'sec-ch-ua: "Chromium";v="138", "Not=A?Brand";v="8"\r\nContent-Type: text/xml; charset=utf-8\r\n' +
    `sec-ch-ua-mobile: ?0\r\nAccept: */*\r\nOrigin: ${origin}\r\nSec-Fetch-Site: same-origin\r\n` +
    `Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: ${origin}/chat\r\n` +
    'Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\nContent-Length: '
  );
}

/** Who uses an `HttpConnection`. A closed connection is never heard of again. */
export interface HttpUser {
  /** `body` is the reply to the one request that was open. */
  replied(connection: HttpConnection, status: number, body: string): void;
  /** The connection ended, and not by `destroy`. */
  closed(connection: HttpConnection): void;
}

/**
 * One HTTP/1.1 connection of a client: one request at a time, replies with Content-Length only. All text is ASCII, so that characters
 * are bytes.
 */
export class HttpConnection {
  /** True from a request to its reply. */
  busy = false;
  readonly #socket: Socket;
  #user: HttpUser;
  #text = '';
  /** Where the body starts in #text; 0 until the head is complete. */
  #bodyStart = 0;
  #bodyLength = 0;
  #status = 0;

  constructor(target: Target, user: HttpUser) {
    this.#user = user;
    this.#socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      onread: {
        buffer: receiveBuffer,
        callback: (length) => {
          this.#take(receiveBuffer.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#user.closed(this));
  }

  send(head: string, body: string): void {
    this.busy = true;
    this.#socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
  }

  /** Gives the idle connection to another user. */
  handTo(user: HttpUser): void {
    this.#user = user;
  }

  /** Cuts the connection in the middle of whatever it carries; the user is not told. */
  destroy(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#text = this.#text === '' ? chunk : this.#text + chunk;
    if (this.#bodyStart === 0 && !this.#readHead()) return;
    const end = this.#bodyStart + this.#bodyLength;
    if (this.#text.length < end) return;
    const body = this.#text.slice(this.#bodyStart, end);
    this.#text = this.#text.slice(end);
    this.#bodyStart = 0;
    this.busy = false;
    this.#user.replied(this, this.#status, body);
  }

  #readHead(): boolean {
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd === -1) return false;
    const head = this.#text.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`reply without Content-Length: ${head}`);
    this.#bodyStart = headEnd + 4;
    this.#bodyLength = Number(length);
    this.#status = Number(head.slice(9, 12));
    return true;
  }
}
