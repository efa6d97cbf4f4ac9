import { isIPv6 } from 'node:net';
import type { DnsEntry, DnsRecord } from './dns-server.ts';

/** Length of the number before a message on TCP (RFC 1035 §4.2.2). */
export const TCP_LENGTH_BYTES = 2;

export interface Question {
  readonly id: number;
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: string;
  /** The question as it came, to be repeated in the answer. */
  readonly bytes: Buffer;
}

const TYPE_NUMBERS: Readonly<Record<DnsRecord['type'], number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 };
const TYPE_NAMES = new Map(Object.entries(TYPE_NUMBERS).map(([name, code]) => [code, name]));

const HEADER_BYTES = 12;
const LABEL_BYTES_MAX = 63;
const CLASS_INTERNET = 1;
/** Response, recursion desired and available (RFC 1035 §4.1.1). */
const RESPONSE_FLAGS = 0x8180;
const CODES = { ok: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const TRUNCATED_FLAG = 0x0200;
/** What every path carries in one piece (the DNS flag day of 2020); the rest is fetched by TCP. */
const UDP_BYTES_MAX = 1232;
/** A chain of aliases longer than this is a loop of the table. */
const ALIASES_MAX = 8;

/** The first question of a query; undefined when the message is none that a resolver sends. */
export function questionOf(message: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > LABEL_BYTES_MAX) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  const type = message.readUInt16BE(at);
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: TYPE_NAMES.get(type) ?? String(type),
    bytes: message.subarray(HEADER_BYTES, at + 4),
  };
}

/** The reply by the table, aliases followed as a recursive server does; undefined: no reply at all. */
export function answer(
  question: Question,
  entries: { readonly get: (name: string) => DnsEntry | undefined },
): Buffer | undefined {
  const records: Buffer[] = [];
  let name = question.name;
  for (let aliases = 0; aliases <= ALIASES_MAX; aliases += 1) {
    const entry = entries.get(name);
    if (entry === undefined) return message(question, CODES.NXDOMAIN, records);
    if (entry === 'silent') return undefined;
    if (entry === 'SERVFAIL' || entry === 'REFUSED') return message(question, CODES[entry], []);
    const owner = name;
    const wanted = entry.filter((record) => record.type === question.type);
    const alias = entry.find((record) => record.type === 'CNAME');
    records.push(...wanted.map((record) => resourceRecord(owner, record)));
    if (wanted.length > 0 || alias === undefined) return message(question, CODES.ok, records);
    records.push(resourceRecord(owner, alias));
    name = alias.target.toLowerCase();
  }
  return message(question, CODES.SERVFAIL, []);
}

/** What of a reply goes by UDP: all of it, or word that it must be fetched by TCP (RFC 1035 §4.2.1). */
export function truncated(reply: Buffer): Buffer {
  if (reply.length <= UDP_BYTES_MAX) return reply;
  const header = Buffer.from(reply.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(header.readUInt16BE(2) | TRUNCATED_FLAG, 2);
  header.writeUInt16BE(0, 6);
  const question = questionOf(reply);
  return Buffer.concat([header, question?.bytes ?? Buffer.alloc(0)]);
}

function message(question: Question, code: number, records: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(RESPONSE_FLAGS + code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.bytes, ...records]);
}

function resourceRecord(owner: string, record: DnsRecord): Buffer {
  const data = recordData(record);
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(TYPE_NUMBERS[record.type], 0);
  fields.writeUInt16BE(CLASS_INTERNET, 2);
  fields.writeUInt32BE(0, 4);
  fields.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(owner), fields, data]);
}

function recordData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number));
    case 'AAAA':
      return encodeIpv6(record.address);
    case 'CNAME':
      return encodeName(record.target);
    case 'SRV': {
      const numbers = Buffer.alloc(6);
      numbers.writeUInt16BE(record.priority, 0);
      numbers.writeUInt16BE(record.weight, 2);
      numbers.writeUInt16BE(record.port, 4);
      return Buffer.concat([numbers, encodeName(record.target)]);
    }
  }
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
  );
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function encodeIpv6(address: string): Buffer {
  if (!isIPv6(address)) throw new TypeError(`not an IPv6 address: ${address}`);
  const [head = '', tail] = canonicalIpv6(address).split('::');
  const headGroups = head.split(':').filter((group) => group !== '');
  const tailGroups = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = new Array<string>(8 - headGroups.length - tailGroups.length).fill('0');
  const bytes = Buffer.alloc(16);
  [...headGroups, ...zeros, ...tailGroups].forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  });
  return bytes;
}

/** The URL parser turns a dotted tail (`::ffff:10.0.0.1`) into groups. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
