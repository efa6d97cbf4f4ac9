import { instantOf } from '@boshd/engine/kit';
import { ConnectionManager, type Input } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, decodeFrame, NS, readRequest, readScriptRequest } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { stageConfig } from '../scenarios/config.ts';

/*
 * A client, a connection manager and a server in one process, and the requests that are worst for what lies between them.
 */

const toolbox = nodeToolbox();

const STREAM = `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' id='st1' from='example.org' version='1.0'>`;
const SASL1 = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms>`;
const SASL2 = `<authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism><inline><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast><sm xmlns='${NS.streamManagement}'/></inline></authentication>`;
export const BIND = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`;

export const features = (inside: string): string => `${STREAM}<stream:features>${inside}</stream:features>`;

/** One client and its server, with a connection manager between them. */
export class Talk {
  readonly #manager = new ConnectionManager(stageConfig(new Map()), toolbox);
  #link = 0;
  #request = 0;
  #rid = 1;
  sid = '';
  /** Bytes for the server, and for the client. */
  upstreamBytes = 0;
  clientBytes = 0;

  get attributes(): string {
    return `rid='${this.#rid}' sid='${this.sid}' xmlns='${NS.httpbind}'`;
  }

  take(input: Input): void {
    for (const output of this.#manager.handle(input, instantOf(1000 * this.#request))) {
      if (output.type === 'send') this.upstreamBytes += output.bytes.length;
      else if (output.type === 'dial') this.#link = output.link;
      else if (output.type === 'socket-send') this.clientBytes += output.bytes.length;
      else if (output.type === 'respond') {
        this.clientBytes += output.reply.body.length;
        this.sid = / sid='([0-9a-f]+)'/.exec(output.reply.body)?.[1] ?? this.sid;
      }
    }
  }

  post(text: string | Uint8Array, isScript = false): void {
    this.#request += 1;
    this.#rid += 1;
    const bytes = Buffer.from(text);
    const request = this.#request;
    const read = (isScript ? readScriptRequest : readRequest)(bytes, CLIENT_XML_LIMITS, toolbox);
    if (!read.ok) this.take({ type: 'bad-request', request, fault: read.fault });
    else
      this.take({
        type: 'request',
        request,
        site: 'default',
        secure: true,
        address: '192.0.2.1',
        body: read.value,
      });
  }

  server(xml: string): void {
    this.take({ type: 'link-data', link: this.#link, bytes: Buffer.from(xml) });
  }

  up(): void {
    this.take({ type: 'link-up', link: this.#link, secure: true, remote: '192.0.2.2:5223' });
  }

  /** A WebSocket instead of a session. */
  open(frame: string): void {
    this.#request += 1;
    this.take({ type: 'socket-opened', socket: 1, site: 'default', secure: true, address: '192.0.2.1' });
    this.frame(frame);
    this.up();
  }

  frame(text: string | Uint8Array): void {
    const frame = decodeFrame(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
    if (frame.ok) this.take({ type: 'socket-frame', socket: 1, frame: frame.value });
    else this.take({ type: 'socket-fault', socket: 1, fault: frame.fault });
  }
}

function created(offered: string): Talk {
  const talk = new Talk();
  talk.post(`<body rid='1' to='example.org' ver='1.11' wait='1' hold='1' xmlns='${NS.httpbind}'/>`);
  talk.up();
  talk.server(features(offered));
  return talk;
}

function authenticated(): Talk {
  const talk = created(SASL1);
  talk.post(`<body ${talk.attributes}><auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth></body>`);
  talk.server(`<success xmlns='${NS.sasl}'/>`);
  return talk;
}

function loggedIn(more = ''): Talk {
  const talk = authenticated();
  talk.post(`<body ${talk.attributes} xmpp:restart='true' xmlns:xmpp='${NS.xbosh}'/>`);
  talk.server(features(BIND + more));
  talk.post(`<body ${talk.attributes}><iq type='set' id='b' xmlns='${NS.client}'>${BIND}</iq></body>`);
  talk.server(
    `<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@example.org/x</jid></bind></iq>`,
  );
  if (more !== '') talk.server(`<enabled xmlns='${NS.streamManagement}'/>`);
  return talk;
}

export const STAGES: Readonly<Record<string, () => Talk>> = {
  'before log-in': () => created(SASL1),
  'before log-in with SASL2': () => created(SASL2 + SASL1),
  'before the restart': authenticated,
  'logged in': loggedIn,
  'logged in, with stream management': () => loggedIn(`<sm xmlns='${NS.streamManagement}'/>`),
};

/** What a <body/> has besides sid, rid and its namespace, and what is in it, of about so many bytes. */
export type Make = (bytes: number) => readonly [attributes: string, content: string];

const repeated = (piece: string, bytes: number): string => piece.repeat(Math.ceil(bytes / piece.length));
const plain =
  (piece: string): Make =>
  (bytes) => ['', repeated(piece, bytes)];

const PREFIXES = Array.from({ length: 50 }, (_, index) => `p${index}`);
const DECLARED = PREFIXES.map((prefix) => ` xmlns:${prefix}='urn:${prefix}'`).join('');

export const SHAPES: Readonly<Record<string, Make>> = {
  'short payloads': plain('<a/>'),
  messages: plain(`<message xmlns='${NS.client}' to='a@b'/>`),
  'payloads of no namespace': plain(`<a xmlns=''/>`),
  'payloads with a prefix for httpbind': plain(`<b:a xmlns:b='${NS.httpbind}'/>`),
  'a long declaration of <body/>, used often': (bytes) => [
    ` xmlns:p='urn:${'x'.repeat(1000)}'`,
    repeated('<p:a/>', bytes),
  ],
  'as long as the rest': (bytes) => [` xmlns:p='urn:${'x'.repeat(bytes)}'`, repeated('<p:a/>', bytes)],
  'many declarations of <body/>': (bytes) => [
    DECLARED,
    repeated(`<a ${PREFIXES.map((prefix) => `${prefix}:a=''`).join(' ')}/>`, bytes),
  ],
  'log-ins': plain(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`),
  'log-ins with data': plain(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>=</auth>`),
  'data that is longer when it is escaped': (bytes) => [
    '',
    `<auth xmlns='${NS.sasl}' mechanism='PLAIN'><![CDATA[${'&'.repeat(bytes)}]]></auth>`,
  ],
  'a mechanism that is longer when it is escaped': (bytes) => [
    '',
    `<auth xmlns='${NS.sasl}' mechanism="${"'".repeat(bytes)}"/>`,
  ],
  'steps of SASL': plain(`<response xmlns='${NS.sasl}'/>`),
  'a from that is longer when it is escaped': (bytes) => [
    ` xmlns:xmpp='${NS.xbosh}' xmpp:restart='1' from="${"'".repeat(bytes)}"`,
    '',
  ],
  'a language that is longer when it is escaped': (bytes) => [
    ` xmlns:xmpp='${NS.xbosh}' xmpp:restart='1' xml:lang="${"'".repeat(bytes)}"`,
    '',
  ],
  'stream management': plain(`<enable xmlns='${NS.streamManagement}'/>`),
  'requests of stream management': plain(`<r xmlns='${NS.streamManagement}'/>`),
  'requests before a fault': (bytes) => ['', `${repeated("<iq type='get'/>", bytes)}&nbsp;`],
  'ids before a fault': (bytes) => ['', `${repeated(`<message id="${"'".repeat(600)}"/>`, bytes)}<!-- -->`],
};
