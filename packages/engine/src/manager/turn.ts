import { type ByteString, type Instant, type Toolbox, WorkList } from '../kit/index.ts';
import type { SessionWork, Turn } from '../session/index.ts';
import type { SocketWork } from '../socket/index.ts';
import { KnownFeatures, type StreamTurn, type StreamWork } from '../stream/index.ts';
import { type Keeping, noteSent } from './keeping.ts';
import type { LinkId } from './kept.ts';
import type { LogEvent, Output } from './output.ts';

/** A turn whose time can be set; the rules of sessions, sockets and streams see it read-only. */
interface OpenTurn<Item> {
  now: Instant;
  readonly toolbox: Toolbox;
  readonly work: WorkList<Item>;
}

/** What one handling of the manager shares: the time, the work that sessions, sockets and streams ask for, the outputs. */
export class ManagerTurn {
  readonly session: OpenTurn<SessionWork> & Pick<Turn, 'isRecorded'> & { line: Turn['line'] };
  readonly socket: OpenTurn<SocketWork>;
  readonly stream: OpenTurn<StreamWork> & Pick<StreamTurn, 'events' | 'features'>;
  #outputs: Output[] = [];

  /** @param isRecorded sessions are */
  constructor(toolbox: Toolbox, isRecorded: boolean) {
    const now = 0 as Instant;
    this.session = { now, toolbox, work: new WorkList(), isRecorded, line: undefined };
    this.socket = { now, toolbox, work: new WorkList() };
    this.stream = { now, toolbox, work: new WorkList(), events: [], features: new KnownFeatures() };
  }

  get now(): Instant {
    return this.session.now;
  }

  get toolbox(): Toolbox {
    return this.session.toolbox;
  }

  begin(now: Instant): void {
    this.session.now = now;
    this.socket.now = now;
    this.stream.now = now;
  }

  /** All the outputs since `begin`, in order. */
  finish(): readonly Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Most inputs lead to one output, and a list of one is made just that large. */
  put(output: Output): void {
    if (this.#outputs.length === 0) this.#outputs = [output];
    else this.#outputs.push(output);
  }

  /** Bytes of a client for its server. */
  send({ keeping }: { readonly keeping: Keeping | undefined }, link: LinkId, bytes: ByteString): void {
    if (keeping !== undefined) noteSent(keeping, bytes);
    this.put({ type: 'send', link, bytes });
  }

  log(event: LogEvent): void {
    this.put({ type: 'log', event });
  }
}
