import { escapeAttribute, type OutgoingPayload, readXml, type XmlNode, xml } from '@boshd/engine/client';
import { ClientError } from '../errors.ts';
import type { Transport, TransportEnd, TransportUser } from '../transport/transport.ts';
import { StreamManagement } from './management.ts';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
/** A proxy that lets nothing through says nothing either. */
const OPEN_MAX_MS = 5000;
/** So long an answer to `<close/>` is waited for. */
const CLOSE_MAX_MS = 2000;

export interface WebSocketOptions {
  readonly url: string;
  /** The XMPP domain. */
  readonly to: string;
  readonly lang: string;
}

/**
 * An XMPP stream over a WebSocket (RFC 7395). Where the server has stream management (XEP-0198), a stanza is `sent` when
 * the server says so; else when the browser took it.
 */
export class WebSocketTransport implements Transport {
  readonly snapshot = undefined;
  readonly #options: WebSocketOptions;
  readonly #user: TransportUser;
  readonly #management: StreamManagement;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStarted = false;
  #isClosing = false;
  #isOver = false;

  constructor(options: WebSocketOptions, user: TransportUser) {
    this.#options = options;
    this.#user = user;
    this.#management = new StreamManagement({
      write: (text) => this.#write(text),
      sent: (ids) => this.#user.sent(ids),
      silent: () => this.#end(this.#unreachable('the connection is dead: no answer to <r/>')),
    });
  }

  open(): void {
    this.#timer = setTimeout(
      () => this.#end(this.#unreachable(`nothing came within ${OPEN_MAX_MS / 1000} s`)),
      OPEN_MAX_MS,
    );
    try {
      const socket = new WebSocket(this.#options.url, 'xmpp');
      socket.onopen = () => this.restart();
      socket.onmessage = ({ data }) => this.#take(String(data));
      socket.onclose = ({ code }) =>
        this.#end(this.#isClosing ? undefined : this.#unreachable(`closed with ${code}`));
      this.#socket = socket;
    } catch (cause) {
      // A URL that the page may not use (RFC 6455 through the page's policies).
      queueMicrotask(() => this.#end(this.#unreachable(String(cause))));
    }
  }

  send(payloads: readonly OutgoingPayload[]): void {
    if (this.#isOver || this.#isClosing) this.#user.refused(payloads);
    else this.#management.send(payloads);
  }

  restart(): void {
    const { to, lang } = this.#options;
    this.#write(xml('open', { xmlns: FRAMING, to, 'xml:lang': lang, version: '1.0' }).toString());
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#management.finish();
    this.#write(`<close xmlns='${escapeAttribute(FRAMING)}'/>`);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(undefined), CLOSE_MAX_MS);
  }

  farewell(): void {
    this.close();
    this.#end(undefined);
  }

  freeze(): void {
    // The server keeps the connection as long as TCP does.
  }

  wake(): void {
    this.#management.probe();
  }

  abandon(): void {
    this.farewell();
  }

  #write(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  #take(text: string): void {
    const node = readXml(text);
    if (node === undefined) {
      this.#end(this.#unreachable('a message that is not XML'));
    } else if (node.name === 'open' && node.namespace === FRAMING) {
      this.#isStarted = true;
      clearTimeout(this.#timer);
      this.#user.started();
    } else if (node.name === 'close' && node.namespace === FRAMING) {
      this.#closed(node);
    } else if (!this.#management.take(node)) {
      this.#user.received([{ xml: text, node }]);
    }
  }

  /** RFC 7395 §3.6 */
  #closed({ attributes }: XmlNode): void {
    const elsewhere = attributes['see-other-uri'];
    if (this.#isClosing) this.#end(undefined);
    else if (elsewhere !== undefined)
      this.#end(new ClientError('not-bosh', `the service is at ${elsewhere} now`));
    else this.#end(new ClientError('session-lost', 'the service closed the stream'));
  }

  #unreachable(what: string): ClientError {
    const code = this.#isStarted ? 'session-lost' : 'unreachable';
    return new ClientError(code, `${this.#options.url}: ${what}`);
  }

  #end(reason: ClientError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket !== undefined) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    const end: TransportEnd = { reason, inDoubt: this.#management.end(), unsent: [] };
    this.#user.ended(end);
  }
}
