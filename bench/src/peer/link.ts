import type { Socket } from 'node:net';

const streams = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const startTlsFeatures =
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const loginFeatures =
  "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>" +
  '<mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>';
const bindFeatures =
  "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><ver xmlns='urn:xmpp:features:rosterver'/></stream:features>";
const success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
/** More than any stanza of the benchmark: what is longer is not XMPP. */
const bufferCharsMax = 1024 * 1024;

let streamsOpened = 0;

/** One client's stream, from header to end, on a socket that is plain or already secured. */
export class PeerLink {
  readonly #socket: Socket;
  readonly #bound: Map<Socket, string>;
  /** Takes the socket over for TLS; undefined where TLS is not offered. */
  readonly #secure: (() => void) | undefined;
  readonly #onData = (chunk: Buffer): void => this.#take(chunk.toString('latin1'));
  #text = '';
  #authenticated = false;
  #user = 'anonymous';

  constructor(socket: Socket, bound: Map<Socket, string>, secure: (() => void) | undefined) {
    this.#socket = socket;
    this.#bound = bound;
    this.#secure = secure;
    socket.on('data', this.#onData);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => bound.delete(socket));
  }

  #take(chunk: string): void {
    this.#text = this.#text === '' ? chunk : this.#text + chunk;
    let replies = '';
    for (;;) {
      const end = elementEnd(this.#text);
      if (end === 0) break;
      const element = this.#text.slice(0, end).trimStart();
      this.#text = this.#text.slice(end);
      replies += element.startsWith('<message') ? element : this.#reply(element);
    }
    if (replies !== '') this.#socket.write(replies, 'latin1');
    if (this.#text.length > bufferCharsMax) this.#socket.destroy();
  }

  #reply(element: string): string {
    if (element.startsWith('<iq')) return this.#iqResult(element);
    if (element.startsWith('<stream:stream')) return this.#streamHeader();
    if (element.startsWith('<auth')) {
      this.#authenticated = true;
      const credentials = Buffer.from(/>([^<]*)</.exec(element)?.[1] ?? '', 'base64').toString('latin1');
      this.#user = credentials.split('\0')[1] ?? this.#user;
      return success;
    }
    if (element.startsWith('<starttls') && this.#secure !== undefined) {
      this.#socket.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      this.#socket.off('data', this.#onData);
      this.#secure();
    }
    if (element.startsWith('</stream:stream')) this.#socket.end('</stream:stream>');
    return '';
  }

  #streamHeader(): string {
    streamsOpened += 1;
    const features =
      this.#secure !== undefined ? startTlsFeatures : this.#authenticated ? bindFeatures : loginFeatures;
    return `<?xml version='1.0'?><stream:stream ${streams} id='s${streamsOpened}' from='bench.test' version='1.0'>${features}`;
  }

  #iqResult(element: string): string {
    const id = /\sid=(['"][^'"]*['"])/.exec(element)?.[1] ?? "''";
    if (!element.includes('urn:ietf:params:xml:ns:xmpp-bind')) return `<iq type='result' id=${id}/>`;
    this.#bound.set(this.#socket, this.#user);
    const jid = `${this.#user}@bench.test/bench`;
    return `<iq type='result' id=${id}><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`;
  }
}

/**
 * Where the first element of `text` ends; 0 when it is not all there. A stream header and an XML declaration count as elements of
 * their own. Elements do not contain their own name and no attribute holds '>': the benchmark's clients send none such.
 */
function elementEnd(text: string): number {
  const start = text.indexOf('<');
  if (start === -1) return 0;
  const headEnd = text.indexOf('>', start) + 1;
  if (headEnd === 0) return 0;
  const first = text.charAt(start + 1);
  const selfClosed = text.charAt(headEnd - 2) === '/';
  if (first === '?' || first === '/' || selfClosed || text.startsWith('<stream:stream', start))
    return headEnd;
  const name = /^<([^\s/>]+)/.exec(text.slice(start, start + 64))?.[1] ?? '';
  const close = text.indexOf(`</${name}>`, headEnd);
  return close === -1 ? 0 : close + name.length + 3;
}
