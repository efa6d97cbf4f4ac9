import { connect, type TLSSocket } from 'node:tls';
import { until } from '../program.ts';

/** A client that talks to the server itself, and that nobody limits. */
export class NativeClient {
  readonly #socket: TLSSocket;
  #received = '';

  static async logIn(
    port: number,
    domain: string,
    user: string,
    password: string,
    onData: (text: string, client: NativeClient) => void = () => undefined,
  ): Promise<NativeClient> {
    const native = new NativeClient(
      connect({ host: '127.0.0.1', port, servername: domain, rejectUnauthorized: false }),
      onData,
    );
    const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`;
    const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
    await native.ask(header, '</stream:features>');
    await native.ask(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`,
      '<success',
    );
    await native.ask(header, '</stream:features>');
    await native.ask(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>native</resource></bind></iq>",
      '<jid>',
    );
    return native;
  }

  /** @param onData gets what the server sends, in pieces as it came */
  constructor(socket: TLSSocket, onData: (text: string, client: NativeClient) => void = () => undefined) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      const text = bytes.toString();
      this.#received += text;
      onData(text, this);
    });
  }

  /** Sends, and waits for something that is said behind it. */
  async ask(text: string, answer: string): Promise<void> {
    const { length } = this.#received;
    this.send(text);
    await until(`${answer} for ${text.slice(0, 60)}`, () => this.#received.includes(answer, length));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** The server has taken what was sent before. */
  async settle(): Promise<void> {
    await this.ask("<iq type='get' id='settle'><ping xmlns='urn:xmpp:ping'/></iq>", 'settle');
  }

  async logOut(): Promise<void> {
    await this.ask('</stream:stream>', '</stream:stream>');
    this.#socket.destroy();
  }
}
