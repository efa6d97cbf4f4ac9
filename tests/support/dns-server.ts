import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { answer, questionOf, TCP_LENGTH_BYTES, truncated } from './dns-message.ts';

/** What the server says about one name. Names have no final dot; a target of '.' is the root ("not offered"). */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };

/** 'silent': never answers. A name that is not in the table does not exist (NXDOMAIN). */
export type DnsEntry = readonly DnsRecord[] | 'SERVFAIL' | 'REFUSED' | 'silent';

/**
 * A DNS server on 127.0.0.1, the same port for UDP and TCP.
 *
 * Unlike a real one it answers from a table that a test changes at any time, sets the TTL to 0, asks nobody else,
 * and knows four record types.
 */
export interface DnsServer {
  /** `127.0.0.1:port`, as node:dns takes it. */
  readonly address: string;
  /** Names that were asked for, as `SRV _xmpp-client._tcp.example.org`, oldest first. */
  readonly asked: readonly string[];
  /**
   * What a name is answered with from now on; an empty list: the name exists and has nothing. A function is asked anew for
   * each question: a server that changes its mind.
   */
  set(name: string, entry: DnsEntry | (() => DnsEntry)): void;
  /** The name does not exist any more. */
  unset(name: string): void;
  /** Answers about the name come this much later from now on; of one record type, if one is given. */
  delay(name: string, delayMs: number, type?: DnsRecord['type']): void;
  close(): Promise<void>;
}

/** More questions than any test asks; the oldest are forgotten. */
const ASKED_MAX = 10_000;
/** Another program can hold the TCP port of the free UDP port that was found. */
const PORT_TRIES = 20;

export async function startDnsServer(): Promise<DnsServer> {
  const entries = new Map<string, DnsEntry | (() => DnsEntry)>();
  const delays = new Map<string, number>();
  const asked: string[] = [];
  const pending = new Set<NodeJS.Timeout>();

  function respond(message: Buffer, send: (reply: Buffer) => void): void {
    const question = questionOf(message);
    if (question === undefined) return;
    asked.push(`${question.type} ${question.name}`);
    if (asked.length > ASKED_MAX) asked.shift();
    const reply = answer(question, { get: (name) => entryOf(entries.get(name)) });
    if (reply === undefined) return;
    const delayMs = delays.get(`${question.type} ${question.name}`) ?? delays.get(question.name) ?? 0;
    const timer = setTimeout(() => {
      pending.delete(timer);
      send(reply);
    }, delayMs);
    pending.add(timer);
  }

  const { udp, tcp, port, tcpSockets } = await listen(respond);
  return {
    address: `127.0.0.1:${port}`,
    asked,
    set: (name, entry) => void entries.set(name.toLowerCase(), entry),
    unset: (name) => void entries.delete(name.toLowerCase()),
    delay: (name, delayMs, type) => {
      const key = name.toLowerCase();
      delays.set(type === undefined ? key : `${type} ${key}`, delayMs);
    },
    close: async () => {
      for (const timer of pending) clearTimeout(timer);
      for (const socket of tcpSockets) socket.destroy();
      const closed = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
      udp.close();
      tcp.close();
      await closed;
    },
  };
}

function entryOf(entry: DnsEntry | (() => DnsEntry) | undefined): DnsEntry | undefined {
  return typeof entry === 'function' ? entry() : entry;
}

type Respond = (message: Buffer, send: (reply: Buffer) => void) => void;

interface Listening {
  readonly udp: Socket;
  readonly tcp: Server;
  readonly port: number;
  readonly tcpSockets: ReadonlySet<TcpSocket>;
}

async function listen(respond: Respond): Promise<Listening> {
  for (let tries = 1; ; tries += 1) {
    const udp = createSocket('udp4');
    const tcpSockets = new Set<TcpSocket>();
    const tcp = createServer((socket) => {
      tcpSockets.add(socket);
      socket.on('close', () => tcpSockets.delete(socket));
      serveTcp(socket, respond);
    });
    udp.on('message', (message, peer) => {
      respond(message, (reply) => udp.send(truncated(reply), peer.port, peer.address));
    });
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const { port } = udp.address();
    try {
      tcp.listen(port, '127.0.0.1');
      await once(tcp, 'listening');
      return { udp, tcp, port, tcpSockets };
    } catch (error) {
      udp.close();
      if (tries === PORT_TRIES) throw error;
    }
  }
}

/** RFC 1035 §4.2.2: two bytes of length before each message. */
function serveTcp(socket: TcpSocket, respond: Respond): void {
  let buffered = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= TCP_LENGTH_BYTES) {
      const end = TCP_LENGTH_BYTES + buffered.readUInt16BE(0);
      if (buffered.length < end) return;
      respond(buffered.subarray(TCP_LENGTH_BYTES, end), (reply) => {
        const length = Buffer.alloc(TCP_LENGTH_BYTES);
        length.writeUInt16BE(reply.length);
        if (!socket.destroyed) socket.write(Buffer.concat([length, reply]));
      });
      buffered = buffered.subarray(end);
    }
  });
}
