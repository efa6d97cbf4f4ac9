import { type Duration, type Instant, instantOf, millis, seconds } from '@boshd/engine/kit';
import {
  ConnectionManager,
  DEFAULT_ADMISSION_LIMITS,
  type Input,
  type ManagerConfig,
  type Output,
  type Reason,
} from '@boshd/engine/manager';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '@boshd/engine/session';
import { DEFAULT_STREAM_LIMITS } from '@boshd/engine/stream';
import { CLIENT_XML_LIMITS, decodeBody, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import type { Step } from './transcript.ts';

/** A configuration with the defaults of everything. */
export function stageConfig(session: Partial<SessionLimits> = {}): ManagerConfig {
  return {
    session: { ...DEFAULT_SESSION_LIMITS, ...session },
    stream: DEFAULT_STREAM_LIMITS,
    serverXml: SERVER_XML_LIMITS,
    domains: { defaultDomain: undefined, allow: ['*'], deny: ['denied.example'], overrides: OVERRIDES },
    admission: DEFAULT_ADMISSION_LIMITS,
    showExternal: false,
  };
}

const OVERRIDES: ManagerConfig['domains']['overrides'] = new Map([
  [
    'plain.example',
    { target: { host: '127.0.0.1', port: 5222 }, tls: 'insecure-none', verify: true, ca: undefined },
  ],
]);

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Plays steps to a connection manager in virtual time and says what followed, in the words of the transcripts. */
export class Stage {
  readonly #toolbox = nodeToolbox();
  readonly #manager: ConnectionManager;
  readonly #names = new Map<number, string>();
  readonly #requests = new Map<string, { readonly request: number; readonly sid: string | undefined }>();
  #now = 0;
  #sid = 'SID';
  #lines: string[] = [];

  constructor(config: ManagerConfig) {
    this.#manager = new ConnectionManager(config, this.#toolbox);
  }

  play(step: Step): readonly string[] {
    this.#lines = [];
    if (step.mark === '->') this.#request(step.text);
    else if (step.mark === '=>') this.#submit({ type: 'link-data', link: 1, bytes: bytesOf(step.text) });
    else this.#happen(step.text);
    return this.#lines;
  }

  #request(text: string): void {
    const [, name, http, xml] = /^(\S+) (http )?(.*)$/s.exec(text) ?? [];
    if (name === undefined || xml === undefined) throw new Error(`no request: ${text}`);
    const request = this.#names.size + 1;
    this.#names.set(request, name);
    const decoded = decodeBody(bytesOf(xml.replaceAll('SID', this.#sid)), CLIENT_XML_LIMITS, this.#toolbox);
    this.#requests.set(name, { request, sid: decoded.ok ? decoded.value.attributes.sid : undefined });
    this.#submit(
      decoded.ok
        ? {
            type: 'request',
            request,
            site: 'default',
            secure: http === undefined,
            address: '192.0.2.1',
            body: decoded.value,
          }
        : { type: 'bad-request', request, fault: decoded.fault },
    );
  }

  #happen(text: string): void {
    const [word = '', rest = ''] = text.split(/ (.*)/s);
    if (word === 'wait') this.#wait(durationOf(rest));
    else this.#submit(this.#inputOf(word, rest));
  }

  #inputOf(word: string, rest: string): Input {
    switch (word) {
      case 'up':
        return { type: 'link-up', link: 1, secure: rest === 'tls', remote: '192.0.2.9:5222' };
      case 'secured':
        return { type: 'link-secured', link: 1 };
      case 'down':
        return { type: 'link-down', link: 1, reason: rest as Reason, detail: '' };
      case 'abort':
        return { type: 'request-aborted', ...this.#requestOf(rest) };
      case 'lost':
        return { type: 'reply-lost', ...this.#requestOf(rest) };
      case 'shutdown':
        return { type: 'shutdown' };
      default:
        throw new Error(`nothing happens at: ${word} ${rest}`);
    }
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
        return `<- ${this.#names.get(output.request)} ${status}${type} ${textOf(body).replaceAll(this.#sid, 'SID')}`;
      }
      case 'drop':
        return `<- ${this.#names.get(output.request)} dropped`;
      case 'send':
        return `<= ${textOf(output.bytes)}`;
      case 'dial':
        return `== dial ${output.plan.domain} ${output.plan.tls}`;
      case 'read':
        return `== read ${output.wanted ? 'on' : 'off'}`;
      case 'secure':
      case 'close':
        return `== ${output.type}`;
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

function durationOf(text: string): Duration {
  const [, count, unit] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`no duration: ${text}`);
  return unit === 's' ? seconds(Number(count)) : millis(Number(count));
}
