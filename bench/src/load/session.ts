import type { Target } from '../contract.ts';
import { HttpConnection, type HttpUser, requestHead } from './http.ts';

/** How often a request is sent again on a new connection before the session gives up. */
const repeatsMax = 20;

interface OpenRequest {
  readonly rid: number;
  readonly body: string;
  connection: HttpConnection;
  repeats: number;
  /** Set when the reply is there but that of an older request is not. */
  reply: string | undefined;
}

/** What a session tells; replaced from phase to phase (log-in, chat, storm). */
export interface SessionListener {
  /** A reply, in the order of rids. */
  replied(body: string): void;
  /** The session is gone: terminated, refused or cut off for good. */
  ended(why: string): void;
  /** The server closed a connection on which a request was open. */
  connectionClosed(): void;
}

export interface SessionOptions {
  readonly target: Target;
  readonly number: number;
  /** HTTP connections, and so requests, at a time. */
  readonly connectionsMax: 1 | 2;
  /** A connection to begin with, left over from another session. */
  readonly connection?: HttpConnection | undefined;
}

/**
 * A browser's end of a BOSH session, and of the yardstick's: rids, requests under way, connections. It sends the same text to both;
 * only the yardstick's polls are empty, since nothing of them is to reach the echo peer.
 */
export class Session implements HttpUser {
  readonly number: number;
  readonly target: Target;
  listener: SessionListener | undefined;
  sid = '';
  /** Sends an empty request whenever none is open. */
  polls = false;
  /** The client has said farewell: a terminate is what it waits for. */
  leaving = false;
  /** A new connection for each request. */
  freshConnections = false;
  requestsSent = 0;
  readonly #head: string;
  readonly #connectionsMax: number;
  #connections: HttpConnection[];
  #open: OpenRequest[] = [];
  #queued = '';
  #rid: number;

  constructor(options: SessionOptions) {
    this.number = options.number;
    this.target = options.target;
    this.#connectionsMax = options.connectionsMax;
    const bare = options.target.flavour === 'bare';
    this.#head = requestHead(
      options.target,
      bare ? `${options.target.path}/${options.number}` : options.target.path,
    );
    this.#connections = options.connection === undefined ? [] : [options.connection];
    options.connection?.handTo(this);
    this.#rid = 1_000_000 + options.number;
  }

  get openRequests(): number {
    return this.#open.length;
  }

  /** Sends a stanza in a request of its own, or keeps it until one may be sent. */
  send(payload: string): void {
    if (this.#open.length < this.#connectionsMax) this.request(payload, '');
    else this.#queued += payload;
  }

  /** Sends a request now, whatever is open. `attributes` go into the `<body/>`, each with a space before it. */
  request(payload: string, attributes: string): void {
    this.#rid += 1;
    const sid = this.sid === '' ? '' : ` sid='${this.sid}'`;
    const head = `<body rid='${this.#rid}' xmlns='http://jabber.org/protocol/httpbind'${sid}${attributes}`;
    const bareBody = payload === '' ? '' : `${head}>${payload}</body>`;
    const body =
      this.target.flavour === 'bare' ? bareBody : payload === '' ? `${head}/>` : `${head}>${payload}</body>`;
    const connection = this.#freeConnection();
    this.#open.push({ rid: this.#rid, body, connection, repeats: 0, reply: undefined });
    this.requestsSent += 1;
    connection.send(this.#head, body);
  }

  /** Cuts all connections and sends what was open on them again, on new ones. Returns the number of requests repeated. */
  cut(): number {
    this.#drop();
    const unanswered = this.#open.filter((request) => request.reply === undefined);
    for (const request of unanswered) this.#repeat(request);
    return unanswered.length;
  }

  /** Cuts all connections and forgets what was open. */
  abandon(): void {
    this.listener = undefined;
    this.#open = [];
    this.#drop();
  }

  /** Gives the first idle connection away, for the next session, and closes the others. */
  release(): HttpConnection | undefined {
    const kept = this.#connections.find((connection) => !connection.busy);
    this.#connections = this.#connections.filter((connection) => connection !== kept);
    this.abandon();
    return kept;
  }

  replied(connection: HttpConnection, status: number, body: string): void {
    const request = this.#open.find((open) => open.connection === connection && open.reply === undefined);
    if (request === undefined) return;
    request.reply = body;
    if (this.freshConnections) this.#close(connection);
    if (status !== 200) this.#end(`HTTP ${status} ${body.slice(0, 200)}`);
    else if (this.target.flavour === 'bare') this.#deliver(request);
    else this.#deliverInOrder();
  }

  closed(connection: HttpConnection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
    const request = this.#open.find((open) => open.connection === connection && open.reply === undefined);
    if (request === undefined) return;
    this.listener?.connectionClosed();
    if (this.target.flavour === 'bare' || request.repeats >= repeatsMax) this.#end('connection closed');
    else this.#repeat(request);
  }

  #repeat(request: OpenRequest): void {
    request.connection = this.#freeConnection();
    request.repeats += 1;
    request.connection.send(this.#head, request.body);
  }

  #freeConnection(): HttpConnection {
    let free = this.#connections.find((connection) => !connection.busy);
    if (free === undefined) {
      free = new HttpConnection(this.target, this);
      this.#connections.push(free);
    }
    return free;
  }

  #close(connection: HttpConnection): void {
    connection.destroy();
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  #drop(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections = [];
  }

  #deliverInOrder(): void {
    for (let request = this.#open[0]; request?.reply !== undefined; request = this.#open[0])
      this.#deliver(request);
  }

  #deliver(request: OpenRequest): void {
    const body = request.reply ?? '';
    this.#open.splice(this.#open.indexOf(request), 1);
    const head = this.target.flavour === 'bare' ? '' : body.slice(0, body.indexOf('>'));
    if (!this.leaving && /\stype=['"]terminate['"]/.test(head)) {
      this.#end(body.slice(0, 200));
      return;
    }
    if (this.#queued !== '') {
      const queued = this.#queued;
      this.#queued = '';
      this.request(queued, '');
    } else if (this.polls && this.#open.length === 0) this.request('', '');
    this.listener?.replied(body);
  }

  #end(why: string): void {
    const listener = this.listener;
    this.abandon();
    listener?.ended(why);
  }
}
