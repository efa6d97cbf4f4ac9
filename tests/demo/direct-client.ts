import { createConnection, type Socket } from 'node:net';
import { type FramerEvent, makeFramer, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';

const toolbox = nodeToolbox();

/** An XMPP client that sends what it is told, byte for byte, and hands out what comes back one element at a time. */
export class DirectClient {
  /** Full JID, after `bind`. */
  jid = '';
  readonly #socket: Socket;
  readonly #framer = makeFramer(SERVER_XML_LIMITS, toolbox);
  readonly #received: string[] = [];
  readonly #waiting: ((text: string) => void)[] = [];
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      this.#receive('closed');
    });
  }

  static connect(port: number): Promise<DirectClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(new DirectClient(socket)));
      socket.once('error', reject);
    });
  }

  /** Connects, logs in (as a guest where there is no name), and binds a resource. */
  static async logIn(port: number, username = '', resource = '', password = 'demo'): Promise<DirectClient> {
    const client = await DirectClient.connect(port);
    await client.open();
    const plain = Buffer.from(`\0${username}\0${password}`).toString('base64');
    client.send(
      username === ''
        ? "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"
        : `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
    );
    await client.next();
    await client.open();
    const asked = resource === '' ? '' : `<resource>${resource}</resource>`;
    client.send(
      `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${asked}</bind></iq>`,
    );
    client.jid = /<jid>(.*)<\/jid>/.exec(await client.next())?.[1] ?? '';
    return client;
  }

  /** Bare JID. */
  get bare(): string {
    return this.jid.slice(0, this.jid.indexOf('/'));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends a stream header and returns the features. */
  async open(to = 'demo.localhost'): Promise<string> {
    this.#framer.reset();
    this.send(header(to));
    await this.next();
    return this.next();
  }

  /** The next element, `header`, `end` or, for ever after, `closed`. */
  next(): Promise<string> {
    const text = this.#received.shift();
    if (text !== undefined) return Promise.resolve(text);
    if (this.#closed) return Promise.resolve('closed');
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** All that comes before the answer to a ping sent now. */
  async settle(): Promise<string[]> {
    this.send("<iq type='get' id='settled' to='demo.localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    const before: string[] = [];
    for (;;) {
      const text = await this.next();
      if (text.includes("id='settled'") || text === 'closed') return before;
      before.push(text);
    }
  }

  /** Stops reading, as a client that hangs does. */
  hang(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const events: FramerEvent[] = [];
    const fault = this.#framer.push(chunk, events);
    for (const event of events) {
      this.#receive(event.type === 'payload' ? tidy(toolbox.decodeUtf8(event.payload.bytes)) : event.type);
    }
    if (fault !== undefined) this.#receive(`fault: ${fault.detail}`);
  }

  #receive(text: string): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#received.push(text);
    else waiting(text);
  }
}

export function header(to: string, version = '1.0'): string {
  return (
    `<?xml version='1.0'?><stream:stream to='${to}' version='${version}' ` +
    `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
  );
}

/** Without the namespaces that every stanza has. */
function tidy(text: string): string {
  return text.replace(/^(<[^>]*?) xmlns='jabber:client'/, '$1');
}
