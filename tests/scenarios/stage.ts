import { type Duration, type Instant, instantOf } from '@boshd/engine/kit';
import {
  ConnectionManager,
  type Input,
  type LinkId,
  type ManagerConfig,
  type Output,
  type Reason,
} from '@boshd/engine/manager';
import type { DialPlan } from '@boshd/engine/site';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { durationOf } from './config.ts';
import { DirectDoor, type Door, type Posting } from './door.ts';
import { describeSocket, isOfSocket, messageInput, socketInput } from './socket-words.ts';
import type { Step } from './transcript.ts';

/** What may stand for the text that nearly every request, and every stream of a server, has. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\bBOSH\b/g, "sid='SID' xmlns='http://jabber.org/protocol/httpbind'"],
  [
    /\bSTREAM\b/g,
    "<?xml version='1.0'?><stream:stream id='st1' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  ],
  // One level deeper than `## depthMax 5` allows in a stanza.
  [/\bDEEP\b/g, '<a><a><a><a><a/></a></a></a></a>'],
];

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Plays steps to a connection manager in virtual time and says what followed, in the words of the transcripts. */
export class Stage {
  readonly #toolbox = nodeToolbox();
  readonly #manager: ConnectionManager;
  readonly #door: Door;
  readonly #names = new Map<number, string>();
  #now = 0;
  /** Of the newest session. */
  #sid = 'SID';
  /** The link that the server's lines are about. */
  #link: LinkId = 0;
  /** Names of streams, in the order in which they were told: S1, S2 ... in transcripts. */
  readonly #streams: string[] = [];
  /** The newest WebSocket. */
  #socket = 0;
  #lines: string[] = [];
  /** Replies on their way to the client; each has its place in the lines already. */
  #replies: Promise<void>[] = [];

  /** Without a door, requests are handed to the manager directly. */
  constructor(config: ManagerConfig, door: Door = new DirectDoor()) {
    this.#manager = new ConnectionManager(config, this.#toolbox);
    this.#door = door;
  }

  async play({ mark, text }: Step): Promise<readonly string[]> {
    this.#lines = [];
    const full = SHORT.reduce((whole, [short, long]) => whole.replaceAll(short, long), text);
    if (mark === '->' && text.startsWith('ws ')) this.submit(messageInput(this.#socket, full.slice(3)));
    else if (mark === '->') await this.#request(full);
    else if (mark === '=>') this.submit({ type: 'link-data', link: this.#link, bytes: bytesOf(full) });
    else await this.#happen(text);
    await Promise.all(this.#replies.splice(0));
    return this.#lines;
  }

  async #request(text: string): Promise<void> {
    const [, name, flags, xml] = /^(\S+) ([^<]*)(<.*)$/s.exec(text) ?? [];
    if (name === undefined || flags === undefined || xml === undefined)
      throw new Error(`no request: ${text}`);
    const posting: Posting = {
      name,
      body: bytesOf(this.#withNames(xml)),
      site: /site:(\S+)/.exec(flags)?.[1] ?? 'default',
      secure: !flags.includes('http '),
      isScript: flags.includes('script '),
      address: /address:(\S+)/.exec(flags)?.[1] ?? '192.0.2.1',
      forPage: flags.includes('for-page ') ? { cookie: /bound:(\S+)/.exec(flags)?.[1] } : undefined,
      cookies: /cookie:(\S+)/.exec(flags)?.[1],
      line: /line:(\d+)/.exec(flags)?.[1],
    };
    await this.#door.post(posting, (input) => {
      this.#names.set(input.request, name);
      this.submit(input);
    });
  }

  async #happen(text: string): Promise<void> {
    const [word = '', rest = ''] = text.split(/ (.*)/s);
    const length = durationOf(rest);
    if (word === 'wait' && length !== undefined) this.#wait(length);
    else if (word === 'offer' && length !== undefined)
      this.submit({ type: 'offer', sid: this.#sid, within: length });
    else if (word === 'link') this.#link = Number(rest);
    else if (word === 'abort' || word === 'lost' || word === 'taken')
      await this.#door.hangUp(rest, word, (input) => this.submit(input));
    else {
      if (word === 'socket') this.#socket += 1;
      this.submit(socketInput(this.#socket, word, rest) ?? this.#inputOf(word, rest));
    }
  }

  #inputOf(word: string, rest: string): Input {
    const link = this.#link;
    switch (word) {
      case 'up':
        return upInput(link, rest.split(' '));
      case 'secured':
        return { type: 'link-secured', link };
      case 'down':
        return { type: 'link-down', link, reason: rest as Reason, detail: '' };
      case 'blocked':
      case 'unblocked':
        return { type: 'link-blocked', link, blocked: word === 'blocked' };
      case 'drain':
      case 'shutdown':
        return { type: word };
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
    this.#sid = /^[^<]*<body[^>]* sid='([0-9a-f]+)'/.exec(body)?.[1] ?? this.#sid;
    const named = body.replace(/ stream='([^']+)'/, (_, name: string) => {
      if (!this.#streams.includes(name)) this.#streams.push(name);
      return ` stream='S${this.#streams.indexOf(name) + 1}'`;
    });
    return named.replaceAll(this.#sid, 'SID');
  }

  /** The id of the user agent is new in each session (XEP-0388 §2.3). */
  #withoutAgent(text: string): string {
    return text.replace(
      /id='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'/,
      "id='UUID'",
    );
  }

  /** What a port learned. */
  submit(input: Input): void {
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
    if (output.type !== 'respond' && output.type !== 'drop') {
      this.#lines.push(this.#describe(output));
      return;
    }
    // The order of the outputs is kept; the text is what the client saw.
    const place = this.#lines.push('') - 1;
    const lines = this.#lines;
    const shown = (seen: string): void => {
      lines[place] = `<- ${this.#names.get(output.request)} ${this.#withoutNames(seen)}`;
    };
    const seen = this.#door.answer(output);
    if (typeof seen === 'string') shown(seen);
    else this.#replies.push(seen.then(shown));
  }

  #describe(output: Exclude<Output, { type: 'respond' | 'drop' }>): string {
    if (isOfSocket(output)) return describeSocket(output);
    switch (output.type) {
      case 'send':
        return `<= ${this.#whichLink(output.link)}${output.bytes === ' ' ? '(white space)' : this.#withoutAgent(textOf(output.bytes))}`;
      case 'dial':
        this.#link = output.link;
        return `== dial ${describePlan(output.plan)}`;
      case 'read':
        return `== ${this.#whichLink(output.link)}read ${output.wanted ? 'on' : 'off'}`;
      case 'keep':
      case 'forget':
        return `== ${output.type}`;
      case 'decode':
        return `== decode ${output.request}`;
      case 'secure':
      case 'close':
        return `== ${this.#whichLink(output.link)}${output.type}`;
      case 'log': {
        const { event } = output;
        const what = 'reason' in event ? event.reason : 'code' in event ? event.code : '';
        const undelivered =
          'undelivered' in event && event.undelivered > 0 ? ` (${event.undelivered} undelivered)` : '';
        const became = 'became' in event ? ` ${event.became}` : '';
        return `.. ${event.event} ${what}${became}${undelivered}`.trimEnd();
      }
    }
  }
}

/** Each link is to a server of its own. Behind `up`: `tls`, and what a further dial would find. */
function upInput(link: LinkId, words: readonly string[]): Input {
  const next = words.includes('other') ? 'other' : words.includes('again') ? 'again' : undefined;
  const remote = `192.0.2.${8 + link}:5222`;
  return { type: 'link-up', link, secure: words.includes('tls'), remote, next };
}

function describePlan({ domain, tls, target, tried, isRetry }: DialPlan): string {
  const isForeign = target !== 'discover' && 'isForeign' in target;
  const where = isForeign ? ` at ${target.host}${target.port === undefined ? '' : ` ${target.port}`}` : '';
  const without = tried.length > 0 ? `, not ${tried.join(' ')}` : '';
  return `${domain} ${tls}${where}${without}${isRetry ? ', once more' : ''}`;
}
