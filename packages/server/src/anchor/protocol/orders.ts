import type { ByteString } from '@boshd/engine/kit';
import { MAGIC, readOptional, writeOptional } from './facts.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How one literal address is connected to. */
export interface Connecting {
  readonly address: string;
  readonly port: number;
  readonly tls: {
    readonly host: string;
    readonly verify: boolean;
    readonly ca: string | undefined;
    readonly tlsMin: string;
    readonly isDirect: boolean;
  };
  /** PROXY header, before all else. */
  readonly proxy: { readonly protocol: string; readonly clientAddress: string } | undefined;
}

/** What a worker asks of the anchor. Links have the numbers that the worker's engine gave them. */
export type WorkerOrder =
  /** The first of all. */
  | {
      readonly type: 'hello';
      readonly versionMin: number;
      readonly version: number;
      readonly pid: number;
    }
  /** Sessions that wait for a worker may come. */
  | { readonly type: 'willing' }
  /** All that was adopted lives again, and clients are served. */
  | { readonly type: 'ready' }
  /** `record`: a view. `link` 0: of none. Bytes of the server are needed from `base` on. */
  | {
      readonly type: 'keep';
      readonly sid: string;
      readonly link: number;
      readonly base: number;
      readonly record: Uint8Array;
    }
  | { readonly type: 'forget'; readonly sid: string }
  /** One of several tries for a link. */
  | {
      readonly type: 'try';
      readonly link: number;
      readonly attempt: number;
      readonly to: Connecting;
    }
  | { readonly type: 'give-up'; readonly link: number; readonly attempt: number }
  /** This try is the link. */
  | { readonly type: 'choose'; readonly link: number; readonly attempt: number }
  | { readonly type: 'secure'; readonly link: number }
  | { readonly type: 'send'; readonly link: number; readonly bytes: ByteString }
  /** So many bytes of the link were used, so that as many more may come. */
  | { readonly type: 'grant'; readonly link: number; readonly bytes: number }
  | { readonly type: 'close'; readonly link: number }
  /** The answer to `ping`. */
  | { readonly type: 'pong'; readonly number: number }
  /** No session is this worker's any more. */
  | { readonly type: 'leave' }
  /** How members of a cluster call this process: the sids of its sessions begin with it. From version 2 on. */
  | { readonly type: 'lineage'; readonly name: string }
  /**
   * The worker takes up input next, of the session or of the link's, and says so alone in a frame before it does: should it die, this
   * is what it died at. `part`: the rid of a request, '' for what a server sent. Without both it is at nothing. From version 2 on.
   */
  | { readonly type: 'mark'; readonly link: number; readonly sid: string; readonly part: string };

/** Their order is part of the protocol: new ones go to the end. */
const KINDS: readonly WorkerOrder['type'][] = [
  'hello',
  'willing',
  'ready',
  'keep',
  'forget',
  'try',
  'give-up',
  'choose',
  'secure',
  'send',
  'grant',
  'close',
  'pong',
  'leave',
  'mark',
  'lineage',
];

export function writeOrder(writer: Writer, order: WorkerOrder): void {
  writer.byte(KINDS.indexOf(order.type));
  switch (order.type) {
    case 'hello':
      writer.count(MAGIC);
      writer.count(order.versionMin);
      writer.count(order.version);
      writer.count(order.pid);
      break;
    case 'keep':
      writer.text(order.sid);
      writer.long(order.link);
      writer.long(order.base);
      writer.bytes(order.record);
      break;
    case 'forget':
      writer.text(order.sid);
      break;
    case 'try':
      writer.long(order.link);
      writer.count(order.attempt);
      writeConnecting(writer, order.to);
      break;
    case 'give-up':
    case 'choose':
      writer.long(order.link);
      writer.count(order.attempt);
      break;
    case 'pong':
      writer.count(order.number);
      break;
    case 'lineage':
      writer.text(order.name);
      break;
    case 'mark':
      writer.long(order.link);
      writer.text(order.sid);
      writer.text(order.part);
      break;
    default:
      writeOfLink(writer, order);
  }
}

/** All orders of a frame; undefined: it is none. RecordTable are views of the frame. */
export function readOrders(frame: Buffer): readonly WorkerOrder[] | undefined {
  const reader = new Reader(frame);
  const orders: WorkerOrder[] = [];
  while (!reader.isAtEnd) {
    const order = readOrder(reader);
    if (order === undefined || !reader.isSound) return undefined;
    orders.push(order);
  }
  return orders;
}

function readOrder(reader: Reader): WorkerOrder | undefined {
  const type = KINDS[reader.byte()];
  switch (type) {
    case 'hello': {
      const isOurs = reader.count() === MAGIC;
      const hello = { type, versionMin: reader.count(), version: reader.count(), pid: reader.count() };
      return isOurs ? hello : undefined;
    }
    case 'keep':
      return {
        type,
        sid: reader.text(),
        link: reader.long(),
        base: reader.long(),
        record: reader.bytes(),
      };
    case 'forget':
      return { type, sid: reader.text() };
    case 'try':
      return { type, link: reader.long(), attempt: reader.count(), to: readConnecting(reader) };
    case 'give-up':
    case 'choose':
      return { type, link: reader.long(), attempt: reader.count() };
    case 'secure':
    case 'close':
      return { type, link: reader.long() };
    case 'send':
      return { type, link: reader.long(), bytes: reader.byteString() };
    case 'grant':
      return { type, link: reader.long(), bytes: reader.count() };
    case 'pong':
      return { type, number: reader.count() };
    case 'lineage':
      return { type, name: reader.text() };
    case 'mark':
      return { type, link: reader.long(), sid: reader.text(), part: reader.text() };
    case 'willing':
    case 'ready':
    case 'leave':
      return { type };
    default:
      return undefined;
  }
}

function writeConnecting(writer: Writer, { address, port, tls, proxy }: Connecting): void {
  writer.text(address);
  writer.count(port);
  writer.text(tls.host);
  writer.flag(tls.verify);
  writeOptional(writer, tls.ca, (ca) => writer.text(ca));
  writer.text(tls.tlsMin);
  writer.flag(tls.isDirect);
  writeOptional(writer, proxy, ({ protocol, clientAddress }) => {
    writer.text(protocol);
    writer.text(clientAddress);
  });
}

function readConnecting(reader: Reader): Connecting {
  return {
    address: reader.text(),
    port: reader.count(),
    tls: {
      host: reader.text(),
      verify: reader.flag(),
      ca: readOptional(reader, () => reader.text()),
      tlsMin: reader.text(),
      isDirect: reader.flag(),
    },
    proxy: readOptional(reader, () => ({ protocol: reader.text(), clientAddress: reader.text() })),
  };
}

/** What is about a link that is up; and what has no more to say than its type. */
function writeOfLink(writer: Writer, order: WorkerOrder): void {
  switch (order.type) {
    case 'secure':
    case 'close':
      writer.long(order.link);
      break;
    case 'send':
      writer.long(order.link);
      writer.byteString(order.bytes);
      break;
    case 'grant':
      writer.long(order.link);
      writer.count(order.bytes);
      break;
    default:
  }
}
