import { type Instant, unreachable } from '@boshd/engine/kit';
import type { Input, LinkId, LogEvent, Output, RequestId } from '@boshd/engine/manager';
import { isOfSocket } from '../../scenarios/socket-words.ts';
import type { Actor, Witness } from '../world/realm.ts';

const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/**
 * Writes down what happened to one actor's session, in the language of tests/scenarios: with a name and a place there, it
 * is a transcript that can be played (where nothing was called late).
 */
export class Transcript implements Witness {
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #requests = new Map<RequestId, string>();
  readonly #copies = new Map<number, number>();
  readonly #links = new Set<LinkId>();
  readonly #sessions = new Set<string>();
  #firstRid: number | undefined;
  #sid: string | undefined;
  /** When the last of its inputs came. */
  #lastAt = 0;
  /** When the last of its inputs, or a line about later, was written. */
  #writtenAt = 0;
  /** Where the line about the time that passes must stand, once something has happened while it does. */
  #placeOfWait: number | undefined;
  #isOurs = false;

  constructor(name: string) {
    this.#name = name;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  input(input: Input | 'advance', now: Instant, actor: Actor | undefined, raw: string | undefined): void {
    this.#isOurs = actor?.name === this.#name;
    if (input === 'advance' || !this.#isOurs) return;
    this.#wait(now);
    this.#lastAt = now;
    this.#writtenAt = now;
    this.#write(this.#describeInput(input, raw));
  }

  died(): void {
    this.#lines.push('== the process died');
  }

  outputs(outputs: readonly Output[], now: Instant): void {
    for (const output of outputs) {
      const line = this.#describeOutput(output);
      if (line === undefined) continue;
      if (now > this.#writtenAt) {
        this.#placeOfWait ??= this.#lines.length;
        this.#write(`@ ${now - this.#lastAt}ms`);
        this.#writtenAt = now;
      }
      this.#write(line);
    }
  }

  #wait(now: number): void {
    const place = this.#placeOfWait ?? this.#lines.length;
    if (now > this.#lastAt && this.#lines.length > 0)
      this.#lines.splice(place, 0, `!! wait ${now - this.#lastAt}ms`);
    this.#placeOfWait = undefined;
  }

  #write(line: string): void {
    this.#lines.push(this.#sid === undefined ? line : line.replaceAll(this.#sid, 'SID'));
  }

  #describeInput(input: Input, raw: string | undefined): string {
    // The simulation has no WebSockets.
    if (isOfSocket(input)) return `!! ${input.type}`;
    switch (input.type) {
      case 'request':
      case 'bad-request':
        return `-> ${this.#nameRequest(input.request, raw ?? '')} ${textOf(raw ?? '')}`;
      case 'request-aborted':
        return `!! abort ${this.#requests.get(input.request)}`;
      case 'reply-lost':
        return `!! lost ${this.#requests.get(input.request)}`;
      case 'link-up':
        return input.secure ? '!! up tls' : '!! up';
      case 'link-secured':
        return '!! secured';
      case 'link-data':
        return `=> ${Buffer.from(input.bytes).toString('utf8')}`;
      case 'request-head':
        return `-> ${this.#requests.get(input.request)} (its start tag)`;
      case 'link-down':
        return `!! down ${input.reason}`;
      case 'link-blocked':
        return input.blocked ? '!! blocked' : '!! unblocked';
      case 'release':
        return `!! release ${this.#requests.get(input.request)}`;
      case 'reply-taken':
        return `!! taken ${this.#requests.get(input.request)}`;
      case 'reply-in-doubt':
        return `!! doubt ${this.#requests.get(input.request)}`;
      case 'end-session':
        return '!! end';
      case 'offer':
      case 'kick':
      case 'drain':
      case 'reconfigure':
      case 'shutdown':
        return `!! ${input.type}`;
      default:
        return unreachable(input);
    }
  }

  /** By its place in the session, a letter for each further copy. */
  #nameRequest(request: RequestId, body: string): string {
    const rid = Number(/ rid='(\d+)'/.exec(body)?.[1] ?? -1);
    this.#firstRid ??= rid;
    const copies = (this.#copies.get(rid) ?? 0) + 1;
    this.#copies.set(rid, copies);
    const name = `${rid - this.#firstRid}${copies > 1 ? `.${copies}` : ''}`;
    this.#requests.set(request, name);
    return name;
  }

  #describeOutput(output: Output): string | undefined {
    if (isOfSocket(output)) return undefined;
    switch (output.type) {
      case 'respond': {
        const name = this.#requests.get(output.request);
        this.#sid ??= name === undefined ? undefined : / sid='([0-9a-f]+)'/.exec(output.reply.body)?.[1];
        return name === undefined
          ? undefined
          : `<- ${name} ${output.reply.status} ${textOf(output.reply.body)}`;
      }
      case 'drop': {
        const name = this.#requests.get(output.request);
        return name === undefined ? undefined : `<- ${name} dropped`;
      }
      case 'decode':
        return `== decode ${this.#requests.get(output.request)}`;
      case 'dial':
        if (!this.#isOurs) return undefined;
        this.#links.add(output.link);
        return `== dial ${output.plan.domain} ${output.plan.tls}`;
      case 'send':
        return this.#links.has(output.link) ? `<= ${textOf(output.bytes)}` : undefined;
      case 'read':
        return this.#links.has(output.link) ? `== read ${output.wanted ? 'on' : 'off'}` : undefined;
      case 'secure':
      case 'close':
        return this.#links.has(output.link) ? `== ${output.type}` : undefined;
      case 'keep':
      case 'forget':
        return undefined;
      case 'log':
        return this.#describeLog(output.event);
      default:
        return unreachable(output);
    }
  }

  #describeLog(event: LogEvent): string | undefined {
    if (!('session' in event) || event.session === undefined) return undefined;
    if (event.event === 'session-created' && this.#isOurs) this.#sessions.add(event.session);
    if (!this.#sessions.has(event.session)) return undefined;
    const reason = 'reason' in event ? ` ${event.reason}` : '';
    const undelivered =
      'undelivered' in event && event.undelivered > 0 ? ` (${event.undelivered} undelivered)` : '';
    return `.. ${event.event}${reason}${undelivered}`;
  }
}
