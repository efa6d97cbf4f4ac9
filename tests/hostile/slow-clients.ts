import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { ChatSession } from '../support/xmpp/chat-session.ts';

/** How a client holds a connection with next to no work: a head, or a body, that never ends. */
export type Slowness = 'head' | 'body' | 'silence';

const HEAD = 'POST /http-bind HTTP/1.1\r\nHost: chat.example.org\r\n';
const STARTS: Readonly<Record<Slowness, string>> = {
  head: HEAD,
  body: `${HEAD}Content-Length: 100000\r\n\r\n<body`,
  silence: '',
};
/** A header line, or some white space, a byte at a time. */
const TRICKLES: Readonly<Record<Slowness, string>> = {
  head: 'X-A: b\r\n',
  body: ' ',
  silence: '',
};
const TRICKLE_MS = 500;

/** A crowd of such clients; each that is cut off comes back at once. */
export class SlowClients {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;
  #sent = 0;
  /** Connections that the server has ended. */
  cutOff = 0;
  /** Connections that were refused. */
  refused = 0;

  constructor(port: number, count: number, kinds: readonly Slowness[]) {
    this.#port = port;
    for (let index = 0; index < count; index += 1) this.#open(kinds[index % kinds.length] ?? 'head');
    this.#timer = setInterval(() => this.#trickle(), TRICKLE_MS);
  }

  get connected(): number {
    return [...this.#sockets].filter(({ readyState }) => readyState === 'open').length;
  }

  stop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(kind: Slowness): void {
    const socket = connect(this.#port, '127.0.0.1');
    this.#sockets.add(socket);
    socket.write(STARTS[kind]);
    socket.resume();
    kindOf.set(socket, kind);
    socket.on('error', () => {
      this.refused += 1;
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#isOver) return;
      this.cutOff += 1;
      setImmediate(() => {
        if (!this.#isOver) this.#open(kind);
      });
    });
  }

  #trickle(): void {
    this.#sent += 1;
    for (const socket of this.#sockets) {
      const text = TRICKLES[kindOf.get(socket) ?? 'silence'];
      const byte = text[this.#sent % Math.max(1, text.length)];
      if (byte !== undefined && socket.writable) socket.write(byte);
    }
  }
}

const kindOf = new WeakMap<Socket, Slowness>();

/** Milliseconds of each of so many messages there and back. */
export async function roundTrips(session: ChatSession, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const started = performance.now();
    session.message('someone@peer', `message ${index}`);
    const text = await session.nextMessage();
    if (text !== `message ${index}`) throw new Error(`got ${text} for message ${index}`);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

/** The value below which this part of them is. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** CPU time of a process, in milliseconds (proc(5): fields 14 and 15, in ticks of 10 ms). */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
