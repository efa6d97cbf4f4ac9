import { BoshSocket } from '../bosh/bosh-socket.ts';

/** What the adapter uses of stanza 12. */
interface StanzaParser {
  on(
    event: 'data',
    listener: (parsed: { readonly kind: string; readonly stanza: StreamAction }) => void,
  ): void;
  on(event: 'error', listener: () => void): void;
  write(text: string): void;
}

interface StreamAction {
  readonly action?: string;
}

interface StanzaTransport {
  config: StanzaConfig;
  hasStream: boolean;
  stream: unknown;
  closing: boolean;
  parser: StanzaParser;
  socket: unknown;
  readonly client: { emit(event: string, ...values: readonly unknown[]): void };
  readonly sm: { started: boolean };
  readonly stanzas: unknown;
  emit(event: string): void;
  push(chunk: unknown): void;
  write(text: string): void;
  disconnect(clean?: boolean): void;
  startHeader(): string;
}

interface StanzaConfig {
  readonly url: string;
  readonly lang?: string;
  readonly acceptLanguages?: readonly string[];
}

type Constructor<Made> = new (...values: never[]) => Made;

interface StanzaClient {
  transports: Record<string, Constructor<object>>;
}

interface StanzaLibrary {
  readonly JXT: { readonly StreamParser: unknown };
}

/**
 * Teaches a client of stanza 12 a transport `boshd`.
 *
 * @example
 * const transports = { boshd: 'https://example.org/http-bind', bosh: false, websocket: false };
 * const client = XMPP.createClient({ jid, password, transports, transportPreferenceOrder: ['boshd'] });
 * addToStanza(client, XMPP);
 * client.connect();
 */
export function addToStanza(client: StanzaClient, { JXT }: StanzaLibrary): void {
  const Parser = JXT.StreamParser as new (options: object) => StanzaParser;
  const Websocket = client.transports['websocket'] as unknown as Constructor<StanzaTransport>;
  class Boshd extends Websocket {
    connect(config: StanzaConfig): void {
      this.config = config;
      this.hasStream = false;
      this.closing = false;
      const { acceptLanguages, lang } = config;
      const options = { acceptLanguages, lang, allowComments: false, wrappedStream: false };
      this.parser = new Parser({ ...options, registry: this.stanzas });
      this.parser.on('data', ({ kind, stanza }) => takeFrom(this, kind, stanza));
      this.parser.on('error', () => {
        this.client.emit('stream:error', { condition: 'invalid-xml' });
        this.disconnect();
      });
      const socket = new BoshSocket(config.url);
      this.socket = socket;
      socket.onopen = () => {
        this.emit('connect');
        this.sm.started = false;
        this.client.emit('connected');
        this.write(this.startHeader());
      };
      socket.onmessage = ({ data }) => {
        this.client.emit('raw', 'incoming', data);
        this.parser.write(data);
      };
      socket.onclose = () => this.push(null);
    }
  }
  client.transports['boshd'] = Boshd;
}

function takeFrom(transport: StanzaTransport, kind: string, stanza: StreamAction): void {
  if (kind === 'stream' && stanza.action === 'open') {
    transport.hasStream = true;
    transport.stream = stanza;
    transport.client.emit('stream:start', stanza);
  } else if (kind === 'stream' && stanza.action === 'close') {
    transport.client.emit('stream:end');
    transport.disconnect();
  } else {
    transport.push({ kind, stanza });
  }
}
