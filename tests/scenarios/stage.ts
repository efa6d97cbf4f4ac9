import { type Duration, type Instant, instantOf } from '@boshd/engine/kit';
import {
  ConnectionManager,
  type Input,
  type LinkId,
  type ManagerConfig,
  type Output,
  type Reason,
} from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, decodeBody } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { durationOf } from './config.ts';
import type { Step } from './transcript.ts';

/** What may stand for the text that nearly every request, and every stream of a server, has. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\bBOSH\b/g, "sid='SID' xmlns='http://jabber.org/protocol/httpbind'"],
  [
    /\bSTREAM\b/g,
    "<?xml version='1.0'?><stream:stream id='st1' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  ],
];

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Plays steps to a connection manager in virtual time and says what followed, in the words of the transcripts. */
export class Stage {
  readonly #toolbox = nodeToolbox();
  readonly #manager: ConnectionManager;
  readonly #names = new Map<number, string>();
  readonly #requests = new Map<string, { readonly request: number; readonly sid: string | undefined }>();
  #now = 0;
  /** Of the newest session. */
  #sid = 'SID';
  /** The link that the server's lines are about. */
  #link: LinkId = 0;
  /** Names of streams, in the order in which they were told: S1, S2 ... in transcripts. */
  readonly #streams: string[] = [];
  #lines: string[] = [];

  constructor(config: ManagerConfig) {
    this.#manager = new ConnectionManager(config, this.#toolbox);
  }

  play({ mark, text }: Step): readonly string[] {
    this.#lines = [];
    const full = SHORT.reduce((whole, [short, long]) => whole.replaceAll(short, long), text);
    if (mark === '->') this.#request(full);
    else if (mark === '=>') this.#submit({ type: 'link-data', link: this.#link, bytes: bytesOf(full) });
    else this.#happen(text);
    return this.#lines;
  }

  #request(text: string): void {
    const [, name, flags, xml] = /^(\S+) ([^<]*)(<.*)$/s.exec(text) ?? [];
    if (name === undefined || flags === undefined || xml === undefined)
      throw new Error(`no request: ${text}`);
    const request = this.#names.size + 1;
    this.#names.set(request, name);
    const decoded = decodeBody(bytesOf(this.#withNames(xml)), CLIENT_XML_LIMITS, this.#toolbox);
    this.#requests.set(name, { request, sid: decoded.ok ? decoded.value.attributes.sid : undefined });
    this.#submit(
      decoded.ok
        ? {
            type: 'request',
            request,
            site: /site:(\S+)/.exec(flags)?.[1] ?? 'default',
            secure: !flags.includes('http '),
            address: /address:(\S+)/.exec(flags)?.[1] ?? '192.0.2.1',
            body: decoded.value,
          }
        : { type: 'bad-request', request, fault: decoded.fault },
    );
  }

  #happen(text: string): void {
    const [word = '', rest = ''] = text.split(/ (.*)/s);
    const length = durationOf(rest);
    if (word === 'wait' && length !== undefined) this.#wait(length);
    else if (word === 'link') this.#link = Number(rest);
    else this.#submit(this.#inputOf(word, rest));
  }

  #inputOf(word: string, rest: string): Input {
    const link = this.#link;
    switch (word) {
      case 'up':
        return { type: 'link-up', link, secure: rest === 'tls', remote: '192.0.2.9:5222' };
      case 'secured':
        return { type: 'link-secured', link: 1 };
      case 'down':
        return { type: 'link-down', link, reason: rest as Reason, detail: '' };
      case 'abort':
        return { type: 'request-aborted', ...this.#requestOf(rest) };
      case 'lost':
        return { type: 'reply-lost', ...this.#requestOf(rest) };
      case 'blocked':
      case 'unblocked':
        return { type: 'link-blocked', link, blocked: word === 'blocked' };
      case 'shutdown':
        return { type: 'shutdown' };
      default:
        throw new Error(`nothing happens at: ${word} ${rest}`);
    }
  }

  /** Nothing for the link that the transcript speaks of. */
  #whichLink(link: LinkId): string {
    return link === this.#link ? '' : `(link ${link}) `;
  }

  #withNames(xml: string): string {
    const named = xml.replace(
      /stream='S(\d)'/g,
      (_, place) => `stream='${this.#streams[Number(place) - 1]}'`,
    );
    return named.replaceAll('SID', this.#sid);
  }

  #withoutNames(body: string): string {
    const named = body.replace(/ stream='([^']+)'/, (_, name: string) => {
      if (!this.#streams.includes(name)) this.#streams.push(name);
      return ` stream='S${this.#streams.indexOf(name) + 1}'`;
    });
    return named.replaceAll(this.#sid, 'SID');
  }

  #requestOf(name: string): { readonly request: number; readonly sid: string | undefined } {
    const found = this.#requests.get(name);
    if (found === undefined) throw new Error(`no request is named ${name}`);
    return found;
  }

  #submit(input: Input): void {
    for (const output of this.#manager.handle(input, this.#instant)) this.#render(output);
  }

  #wait(length: Duration): void {
    const start = this.#now;
    const end = start + length;
    for (let at = this.#manager.deadline; at !== undefined && at <= end; at = this.#manager.deadline) {
      this.#now = at;
      const outputs = this.#manager.advance(this.#instant);
      if (outputs.length > 0) this.#lines.push(`@ ${at - start}ms`);
      for (const output of outputs) this.#render(output);
    }
    this.#now = end;
  }

  get #instant(): Instant {
    return instantOf(this.#now);
  }

  #render(output: Output): void {
    const line = this.#describe(output);
    if (line !== undefined) this.#lines.push(line);
  }

  #describe(output: Output): string | undefined {
    switch (output.type) {
      case 'respond': {
        const { status, contentType, body } = output.reply;
        this.#sid = /^<body[^>]* sid='([0-9a-f]+)'/.exec(body)?.[1] ?? this.#sid;
        const type = contentType === 'text/xml; charset=utf-8' ? '' : ` (${contentType})`;
        return `<- ${this.#names.get(output.request)} ${status}${type} ${this.#withoutNames(textOf(body))}`;
      }
      case 'drop':
        return `<- ${this.#names.get(output.request)} dropped`;
      case 'send':
        return `<= ${this.#whichLink(output.link)}${output.bytes === ' ' ? '(white space)' : textOf(output.bytes)}`;
      case 'dial':
        this.#link = output.link;
        return `== dial ${output.plan.domain} ${output.plan.tls}`;
      case 'read':
        return `== ${this.#whichLink(output.link)}read ${output.wanted ? 'on' : 'off'}`;
      case 'secure':
      case 'close':
        return `== ${this.#whichLink(output.link)}${output.type}`;
      case 'log': {
        const { event } = output;
        const what = 'reason' in event ? event.reason : 'code' in event ? event.code : '';
        const undelivered =
          'undelivered' in event && event.undelivered > 0 ? ` (${event.undelivered} undelivered)` : '';
        return `.. ${event.event} ${what}${undelivered}`.trimEnd();
      }
    }
  }
}
