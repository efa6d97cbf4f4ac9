import {
  ConnectionManager,
  type Input,
  type LogEvent,
  type ManagerConfig,
  reasonFacts,
} from '@boshd/engine/manager';
import {
  CLIENT_XML_LIMITS,
  decodeBody,
  type FramerEvent,
  makeFramer,
  NS,
  readElement,
  type XmlElement,
} from '@boshd/engine/wire';
import { Driver } from '../driver.ts';
import type { UpstreamPort } from '../ports.ts';
import { nodeToolbox } from '../toolbox.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';
import { createUpstream } from '../upstream/upstream.ts';
import type { Outcome, TlsFacts } from './report/report.ts';
import { tlsFacts } from './report/tls-facts.ts';

/** What a session start brought to light. */
export interface Trial {
  readonly outcome: Outcome;
  readonly endpoint: string | undefined;
  readonly secure: boolean;
  readonly tookMs: number;
  /** Of the newest link, when it was dialled, connected and secured, from the beginning. */
  readonly dialledMs: number;
  readonly connectedMs: number | undefined;
  readonly securedMs: number | undefined;
  readonly tls: TlsFacts | undefined;
  /** <stream:features/> of the server as they came on it, oldest first, with their times. */
  readonly features: readonly { readonly element: XmlElement; readonly atMs: number }[];
}

/** Beyond what the limits of dialling and negotiation add up to: only our own mistake comes to this. */
const TRIAL_MAX_MS = 120_000;
/** How long the server's goodbye is waited for. */
const LINGER_MS = 200;
const LOOKED_AT_BYTES_MAX = 64 * 1024;

/** Creates one session, as a web page would, up to the features of its stream, and ends it. Nothing of boshd is stood in for but HTTP. */
export async function startSession(
  domain: string,
  config: ManagerConfig,
  options: UpstreamOptions,
): Promise<Trial> {
  const witness = new Witness();
  const driver = new Driver(new ConnectionManager(config, nodeToolbox()));
  const upstream = createUpstream({ ...options, trace: witness.trace }, (input) => {
    witness.learned(input);
    driver.submit(input);
  });
  const ended = new Promise<LogEvent | undefined>((resolve) => {
    const timer = setTimeout(resolve, TRIAL_MAX_MS, undefined);
    const event = (told: LogEvent): void => {
      if (!ENDS.has(told.event)) return;
      clearTimeout(timer);
      resolve(told);
    };
    const nothing = () => undefined;
    const sockets = { send: nothing, ping: nothing, read: nothing, close: nothing };
    const front = { respond: nothing, decode: nothing, drop: nothing, sockets };
    driver.connect({ front, upstream: witness.beside(upstream), observe: { event, replied: nothing } });
  });
  driver.submit(creation(domain));
  const last = await ended;
  const trial = witness.testimony(last);
  driver.submit({ type: 'shutdown' });
  await upstream.stop(LINGER_MS);
  driver.stop();
  return trial;
}

const ENDS: ReadonlySet<LogEvent['event']> = new Set(['stream-ready', 'session-ended', 'session-refused']);

/** XEP-0124 §7.1, XEP-0206 §4 */
function creation(domain: string): Input {
  const attributes = `rid='1' wait='60' hold='1' ver='1.11' xmpp:version='1.0' xmlns:xmpp='${NS.xbosh}'`;
  const text = `<body xmlns='${NS.httpbind}' ${attributes}/>`;
  const body = decodeBody(Buffer.from(text), CLIENT_XML_LIMITS, nodeToolbox());
  if (!body.ok) throw new Error(`our own body is refused: ${body.fault.detail}`);
  const { value } = body;
  return {
    type: 'request',
    request: 1,
    site: 'default',
    secure: true,
    address: '127.0.0.1',
    body: { ...value, attributes: { ...value.attributes, to: domain } },
  };
}

/** Looks over the shoulder of the upstream port: what is learned goes on to the driver unchanged. */
class Witness {
  readonly #startedMs = performance.now();
  readonly #toolbox = nodeToolbox();
  readonly #framer = makeFramer({ ...CLIENT_XML_LIMITS, stanzaBytesMax: LOOKED_AT_BYTES_MAX }, this.#toolbox);
  #features: { element: XmlElement; atMs: number }[] = [];
  #dialledMs = 0;
  #isReadable = true;
  #endpoint: string | undefined;
  #connectedMs: number | undefined;
  #securedMs: number | undefined;
  #tls: TlsFacts | undefined;

  readonly trace: NonNullable<UpstreamOptions['trace']> = (event) => {
    if (event.type === 'connected') {
      this.#connectedMs = this.#elapsedMs;
    } else {
      this.#securedMs = this.#elapsedMs;
      // Now: a socket that is closed tells nothing any more.
      this.#tls = tlsFacts(event.socket);
    }
  };

  learned(input: Input): void {
    if (input.type === 'link-up') {
      this.#endpoint = input.remote;
      this.#beginStream();
    } else if (input.type === 'link-secured') {
      this.#beginStream();
    } else if (input.type === 'link-data' && this.#isReadable) {
      const events: FramerEvent[] = [];
      this.#isReadable = this.#framer.push(input.bytes, events) === undefined;
      for (const event of events) this.#look(event);
    }
  }

  /** The port, with an ear for the moment of dialling. */
  beside(upstream: UpstreamPort): UpstreamPort {
    return {
      dial: (link, plan) => {
        this.#forgetLink();
        upstream.dial(link, plan);
      },
      secure: (link) => upstream.secure(link),
      send: (link, bytes) => upstream.send(link, bytes),
      read: (link, wanted) => upstream.read(link, wanted),
      close: (link) => upstream.close(link),
    };
  }

  testimony(last: LogEvent | undefined): Trial {
    return {
      outcome: outcomeOf(last),
      endpoint: this.#endpoint,
      secure: this.#tls !== undefined,
      tookMs: this.#elapsedMs,
      dialledMs: this.#dialledMs,
      connectedMs: this.#connectedMs,
      securedMs: this.#securedMs,
      tls: this.#tls,
      features: this.#features,
    };
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  #forgetLink(): void {
    this.#dialledMs = this.#elapsedMs;
    this.#endpoint = undefined;
    this.#connectedMs = undefined;
    this.#securedMs = undefined;
    this.#tls = undefined;
    this.#features = [];
  }

  #beginStream(): void {
    this.#framer.reset();
    this.#isReadable = true;
  }

  #look(event: FramerEvent): void {
    if (event.type !== 'payload') return;
    const { name, namespace, bytes } = event.payload;
    if (name !== 'features' || namespace !== NS.stream || bytes.length > LOOKED_AT_BYTES_MAX) return;
    this.#features.push({ element: readElement(bytes, this.#toolbox), atMs: this.#elapsedMs });
  }
}

function outcomeOf(last: LogEvent | undefined): Outcome {
  if (last?.event === 'stream-ready') return { status: 'ok' };
  if (last?.event === 'session-ended' || last?.event === 'session-refused') {
    const { reason, detail } = last;
    return { status: 'failed', reason, text: reasonFacts(reason).text, detail };
  }
  const { text } = reasonFacts('negotiation-timeout');
  return { status: 'failed', reason: 'negotiation-timeout', text, detail: '' };
}
