import { type ClientPayload, escapeAttribute, readXml } from '@boshd/engine/client';
import type { TransportEnd } from '../transport/transport.ts';
import { type BoshOptions, BoshTransport } from './bosh.ts';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';

/** What libraries use of a WebSocket. */
export interface SocketEvents {
  readonly open: Event;
  readonly message: MessageEvent<string>;
  readonly error: Event;
  readonly close: CloseEvent;
}

/**
 * A BOSH session in the shape of a WebSocket for XMPP (RFC 7395), for libraries that know WebSockets: `<open/>` begins or
 * restarts the stream, `<close/>` ends it, and every message is one element. What BOSH needs beyond that is done inside.
 *
 * @example
 * const socket = new BoshSocket('/http-bind');
 * socket.onopen = () => socket.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>");
 * socket.onmessage = ({ data }) => console.log(data);
 */
export class BoshSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  readonly url: string;
  readonly protocol = 'xmpp';
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readyState: number = BoshSocket.CONNECTING;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent<string>) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #options: Partial<BoshOptions>;
  #transport: BoshTransport | undefined;
  #isStarted = false;
  #to = '';
  #lastId = 0;

  constructor(url: string, options: Partial<Omit<BoshOptions, 'url' | 'to'>> = {}) {
    super();
    this.url = url;
    this.#options = options;
    queueMicrotask(() => {
      if (this.readyState !== BoshSocket.CONNECTING) return;
      this.readyState = BoshSocket.OPEN;
      this.#emit('open', new Event('open'));
    });
  }

  /** One element, or `<open/>`, or `<close/>`. */
  send(data: string): void {
    if (this.readyState === BoshSocket.CONNECTING)
      throw new DOMException('the socket is not open yet', 'InvalidStateError');
    if (this.readyState !== BoshSocket.OPEN) return;
    const isFraming = /^<(?:open|close)[\s/>]/.test(data);
    const node = isFraming ? readXml(data) : undefined;
    if (node?.name === 'open') this.#open(node.attributes);
    else if (node?.name === 'close') this.#endStream();
    else this.#sendElement(data);
  }

  close(): void {
    if (this.readyState >= BoshSocket.CLOSING) return;
    this.readyState = BoshSocket.CLOSING;
    if (this.#transport === undefined) queueMicrotask(() => this.#closed(true));
    else this.#transport.close();
  }

  #open({ to = '', 'xml:lang': lang }: Readonly<Record<string, string>>): void {
    if (this.#transport !== undefined) {
      this.#transport.restart();
      return;
    }
    this.#to = to;
    const user = {
      started: () => this.#started(),
      received: (payloads: readonly ClientPayload[]) => {
        for (const { xml } of payloads) this.#emit('message', new MessageEvent('message', { data: xml }));
      },
      sent: () => undefined,
      refused: () => this.#ended(undefined),
      troubled: () => undefined,
      ended: (end: TransportEnd) => this.#ended(end),
    };
    const asked = lang === undefined ? {} : { lang };
    this.#transport = new BoshTransport({ ...asked, ...this.#options, url: this.url, to }, user);
    this.#transport.open();
  }

  #sendElement(xml: string): void {
    this.#lastId += 1;
    this.#transport?.send([{ id: this.#lastId, xml }]);
  }

  #endStream(): void {
    this.readyState = BoshSocket.CLOSING;
    this.#transport?.close();
  }

  #started(): void {
    this.#isStarted = true;
    const data = `<open xmlns='${FRAMING}' from='${escapeAttribute(this.#to)}' version='1.0'/>`;
    this.#emit('message', new MessageEvent('message', { data }));
  }

  #ended(end: TransportEnd | undefined): void {
    if (this.readyState === BoshSocket.CLOSED) return;
    if (this.#isStarted)
      this.#emit('message', new MessageEvent('message', { data: `<close xmlns='${FRAMING}'/>` }));
    else if (end?.reason !== undefined) this.#emit('error', new ErrorEventLike(end.reason.message));
    this.#closed(end?.reason === undefined);
  }

  #closed(wasClean: boolean): void {
    if (this.readyState === BoshSocket.CLOSED) return;
    this.readyState = BoshSocket.CLOSED;
    const event = Object.assign(new Event('close'), { code: wasClean ? 1000 : 1006, reason: '', wasClean });
    this.#emit('close', event);
  }

  #emit<Type extends keyof SocketEvents>(type: Type, event: SocketEvents[Type]): void {
    const handlers: { readonly [Each in keyof SocketEvents]: ((event: SocketEvents[Each]) => void) | null } =
      {
        open: this.onopen,
        message: this.onmessage,
        error: this.onerror,
        close: this.onclose,
      };
    handlers[type]?.(event);
    this.dispatchEvent(event);
  }
}

/** `ErrorEvent` is not in Node. */
class ErrorEventLike extends Event {
  readonly message: string;

  constructor(message: string) {
    super('error');
    this.message = message;
  }
}
