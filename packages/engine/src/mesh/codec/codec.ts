import { assert, type ByteString, type Toolbox, unreachable } from '../../kit/index.ts';
import { readBody, writeBody } from './body.ts';
import {
  type Envelope,
  type ForwardedReply,
  type ForwardedRequest,
  INCARNATION_DIGITS,
  type Incarnation,
  type MemberFacts,
  type Message,
  type Succession,
} from './message.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/**
 * The first byte of every message. Members that speak another protocol do not understand each other, and each serves its
 * own sessions only; so it rises as seldom as possible. It stands for how messages are carried, too: since 2 those over NATS
 * are framed; since 3 those over NATS are sealed by the cluster's key, and a request says what it brings: payloads, a piece
 * of an octet stream, or something that was refused.
 */
export const PROTOCOL = 3;

/** Kinds by their byte; new ones go to the end. */
const KINDS = [
  'piece',
  'announce',
  'leave',
  'probe',
  'forward',
  'reply',
  'drop',
  'abort',
  'reply-lost',
  'release',
  'forward-again',
  'fence',
  // A forwarded request with cookies.
  'claim',
  // An announcement of a member whose sessions outlive its process.
  'succession',
  // A forwarded request of which the client's connection is known.
  'forward-of-line',
] as const satisfies readonly (Message['kind'] | 'piece' | 'claim' | 'succession' | 'forward-of-line')[];
type Kind = (typeof KINDS)[number];

const STATUSES = [200, 400, 403, 404, 503] as const satisfies readonly ForwardedReply['status'][];

/** Protocol and kind stand before the sender. */
const KIND_END = 2;

/** Room for the head of a piece: protocol, kind, sender, and three numbers. */
const PIECE_HEAD_BYTES = 64;

/** Writes a message as one piece of bytes, or as several where it is longer than `bytesMax`. */
export function encodeMessage(
  from: Incarnation,
  message: Message,
  bytesMax: number,
  serial: number,
  toolbox: Toolbox,
): readonly ByteString[] {
  const writer = begin(from, kindOf(message), toolbox);
  writeMessage(writer, message);
  const whole = writer.finish();
  if (whole.length <= bytesMax) return [whole];
  const room = bytesMax - PIECE_HEAD_BYTES;
  const count = Math.ceil(whole.length / room);
  return Array.from({ length: count }, (_, index) => {
    const piece = begin(from, 'piece', toolbox);
    piece.number(serial);
    piece.number(index);
    piece.number(count);
    piece.raw(whole.slice(index * room, (index + 1) * room));
    return piece.finish();
  });
}

/** Reads a message; undefined for anything that is not exactly one. */
export function decodeMessage(bytes: ByteString, toolbox: Toolbox): Envelope | undefined {
  const reader = new Reader(bytes, toolbox);
  if (reader.byte() !== PROTOCOL) return undefined;
  const kind = KINDS[reader.byte()];
  const from = reader.raw(INCARNATION_DIGITS);
  if (kind === undefined || !isIncarnation(from)) return undefined;
  const envelope: Envelope =
    kind === 'piece' ? { from, piece: readPiece(reader) } : { from, message: readMessage(reader, kind) };
  return reader.isWhole ? envelope : undefined;
}

/** The session and the rid of the request that is forwarded in these bytes; undefined: none is, or only a piece of one. */
export function forwardedIn(
  bytes: ByteString,
  toolbox: Toolbox,
): Pick<ForwardedRequest['body']['attributes'], 'sid' | 'rid'> | undefined {
  const envelope = decodeMessage(bytes, toolbox);
  if (envelope === undefined || !('message' in envelope)) return undefined;
  return envelope.message.kind === 'forward' ? envelope.message.request.body.attributes : undefined;
}

/** Who says to have sent these bytes, if they are a message. */
export function senderOf(bytes: ByteString): Incarnation {
  return bytes.slice(KIND_END, KIND_END + INCARNATION_DIGITS);
}

export function isIncarnation(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** What has no cookies, no line, or no succession, is written as before there were such. A request with cookies goes without its line. */
function kindOf(message: Message): Exclude<Kind, 'piece'> {
  if (message.kind === 'announce' && message.facts.succession !== undefined) return 'succession';
  if (message.kind !== 'forward') return message.kind;
  if (message.request.cookies !== undefined) return 'claim';
  return message.request.line === undefined ? 'forward' : 'forward-of-line';
}

function begin(from: Incarnation, kind: Kind, toolbox: Toolbox): Writer {
  assert(from.length === INCARNATION_DIGITS, 'an incarnation has its digits');
  const writer = new Writer(toolbox);
  writer.byte(PROTOCOL);
  writer.byte(KINDS.indexOf(kind));
  writer.raw(from);
  return writer;
}

function readPiece(reader: Reader) {
  const serial = reader.number();
  const index = reader.number();
  const count = reader.number();
  const bytes = reader.rest();
  // An empty one would take room in a list, and count for nothing against the limit of bytes.
  if (index >= count || count < 2 || bytes.length === 0) reader.break();
  return { serial, index, count, bytes };
}

function writeMessage(writer: Writer, message: Message): void {
  switch (message.kind) {
    case 'leave':
    case 'probe':
    case 'forward-again':
      break;
    case 'announce':
      writeFacts(writer, message.facts);
      if (message.facts.succession !== undefined) writeSuccession(writer, message.facts.succession);
      writer.byte(message.again ? 1 : 0);
      break;
    case 'forward': {
      const { id, request } = message;
      writer.number(id);
      writer.text(request.site);
      writer.byte(request.secure ? 1 : 0);
      writer.text(request.address);
      if (request.cookies !== undefined) writer.text(request.cookies);
      else if (request.line !== undefined) writer.text(request.line);
      writeBody(writer, request.body);
      break;
    }
    case 'reply':
      writer.number(message.id);
      writer.byte(STATUSES.indexOf(message.reply.status));
      writer.number(message.reply.retryAfterSeconds ?? 0);
      writer.text(message.reply.contentType);
      writer.bytes(message.reply.body);
      break;
    case 'drop':
      writer.number(message.id);
      break;
    case 'abort':
    case 'reply-lost':
    case 'release':
      writer.number(message.id);
      writer.text(message.sid);
      break;
    case 'fence':
      writer.number(message.sids.length);
      for (const sid of message.sids) writer.text(sid);
      break;
    default:
      unreachable(message);
  }
}

function readMessage(reader: Reader, kind: Exclude<Kind, 'piece'>): Message {
  switch (kind) {
    case 'leave':
    case 'probe':
    case 'forward-again':
      return { kind };
    case 'announce':
      return { kind, facts: readFacts(reader), again: reader.flag() };
    case 'succession': {
      const facts = { ...readFacts(reader), succession: readSuccession(reader) };
      return { kind: 'announce', facts, again: reader.flag() };
    }
    case 'forward':
    case 'claim':
    case 'forward-of-line':
      return readForward(reader, kind);
    case 'reply': {
      const id = reader.number();
      const status = STATUSES[reader.byte()];
      if (status === undefined) reader.break();
      const retryAfterSeconds = reader.number();
      const contentType = reader.text();
      const reply = { status: status ?? 503, contentType, body: reader.bytes() };
      return { kind, id, reply: retryAfterSeconds === 0 ? reply : { ...reply, retryAfterSeconds } };
    }
    case 'drop':
      return { kind, id: reader.number() };
    case 'abort':
    case 'reply-lost':
    case 'release':
      return { kind, id: reader.number(), sid: reader.text() };
    case 'fence': {
      const sids: string[] = [];
      for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) sids.push(reader.text());
      return { kind, sids };
    }
    default:
      return unreachable(kind);
  }
}

function readForward(reader: Reader, kind: 'forward' | 'claim' | 'forward-of-line'): Message {
  const id = reader.number();
  const site = reader.text();
  const secure = reader.flag();
  const address = reader.text();
  const more = kind === 'forward' ? undefined : { [kind === 'claim' ? 'cookies' : 'line']: reader.text() };
  return { kind: 'forward', id, request: { site, secure, address, body: readBody(reader), ...more } };
}

function writeFacts(writer: Writer, facts: MemberFacts): void {
  writer.text(facts.id);
  writer.number(facts.startedAtMs);
  writer.text(facts.region);
  writer.number(facts.weight);
  writer.text(facts.version);
  writer.number(facts.sessions);
  writer.number(facts.loopDelayMs);
  writer.byte(facts.draining ? 1 : 0);
}

function writeSuccession(writer: Writer, { anchor, continues }: Succession): void {
  writer.text(anchor);
  writer.number(continues.length);
  for (const incarnation of continues) writer.text(incarnation);
}

function readSuccession(reader: Reader): Succession {
  const anchor = reader.text();
  const continues: Incarnation[] = [];
  for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) continues.push(reader.text());
  return { anchor, continues };
}

function readFacts(reader: Reader): MemberFacts {
  return {
    id: reader.text(),
    startedAtMs: reader.number(),
    region: reader.text(),
    weight: reader.number(),
    version: reader.text(),
    sessions: reader.number(),
    loopDelayMs: reader.number(),
    draining: reader.flag(),
  };
}
