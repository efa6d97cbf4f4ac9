import type { ByteString } from '@boshd/engine/kit';
import {
  type Bindings,
  MAGIC,
  readBindings,
  readOptional,
  readTexts,
  readWhy,
  type Why,
  writeBindings,
  writeOptional,
  writeTexts,
  writeWhy,
} from './facts.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How a link stands that a worker adopts. */
export interface LinkState {
  readonly link: number;
  /** It is not lost; what follows on it comes as for any other. */
  readonly isUp: boolean;
  readonly remote: string;
  readonly bindings: Bindings | undefined;
  /** The server takes nothing at the moment. */
  readonly isBlocked: boolean;
}

/** What the anchor tells a worker. */
export type AnchorReport =
  /** The answer to `hello`. Links that the worker makes are numbered from `firstLink` on. */
  | {
      readonly type: 'welcome';
      readonly version: number;
      readonly firstLink: number;
      readonly key: ByteString;
    }
  /** A try has connected, and waits to be chosen. */
  | {
      readonly type: 'connected';
      readonly link: number;
      readonly attempt: number;
      readonly address: string;
      readonly bindings: Bindings | undefined;
    }
  | { readonly type: 'failed'; readonly link: number; readonly attempt: number; readonly why: Why }
  | { readonly type: 'secured'; readonly link: number; readonly bindings: Bindings | undefined }
  /** From the server; a view. */
  | { readonly type: 'data'; readonly link: number; readonly bytes: Uint8Array }
  | { readonly type: 'blocked'; readonly link: number; readonly isBlocked: boolean }
  /** The link is lost; `isOfTls`: it could not be secured. */
  | { readonly type: 'down'; readonly link: number; readonly why: Why; readonly isOfTls: boolean }
  /** A session whose worker is gone; `bytes` are those of the server from `base` on. */
  | {
      readonly type: 'adopt';
      readonly sid: string;
      readonly ageMs: number;
      readonly record: ByteString;
      readonly state: LinkState | undefined;
      readonly base: number;
      readonly bytes: ByteString;
    }
  /** No more sessions wait to be adopted. */
  | { readonly type: 'adopted' }
  /** Asks whether the worker still answers. */
  | { readonly type: 'ping'; readonly number: number }
  /** The anchor has hardly any room left: no new sessions. */
  | { readonly type: 'short'; readonly isShort: boolean }
  /** A worker died: for so long, `mark` is to be said before input is taken up. From version 2 on. */
  | { readonly type: 'careful'; readonly forMs: number }
  /** No request of the session is to be read for so long: workers died of one. From version 2 on. */
  | { readonly type: 'refuse'; readonly sid: string; readonly forMs: number }
  /** All sessions of these processes are this worker's from now on (`lineage`). From version 2 on. */
  | { readonly type: 'inherit'; readonly names: readonly string[] }
  /** These sessions will come by `adopt`: to a worker that serves clients. From version 2 on. */
  | { readonly type: 'expect'; readonly sids: readonly string[] }
  /** Nobody can go on with the session, whose client is to be told so; a word of the table of reasons. From version 2 on. */
  | { readonly type: 'void'; readonly sid: string; readonly reason: string };

/** Their order is part of the protocol: new ones go to the end. */
const KINDS: readonly AnchorReport['type'][] = [
  'welcome',
  'connected',
  'failed',
  'secured',
  'data',
  'blocked',
  'down',
  'adopt',
  'adopted',
  'ping',
  'short',
  'careful',
  'void',
  'refuse',
  'inherit',
  'expect',
];

export function writeReport(writer: Writer, report: AnchorReport): void {
  writer.byte(KINDS.indexOf(report.type));
  switch (report.type) {
    case 'welcome':
      writer.count(MAGIC);
      writer.count(report.version);
      writer.long(report.firstLink);
      writer.byteString(report.key);
      break;
    case 'connected':
      writer.long(report.link);
      writer.count(report.attempt);
      writer.text(report.address);
      writeBindings(writer, report.bindings);
      break;
    case 'failed':
      writer.long(report.link);
      writer.count(report.attempt);
      writeWhy(writer, report.why);
      break;
    case 'secured':
      writer.long(report.link);
      writeBindings(writer, report.bindings);
      break;
    case 'data':
      writer.long(report.link);
      writer.bytes(report.bytes);
      break;
    case 'blocked':
      writer.long(report.link);
      writer.flag(report.isBlocked);
      break;
    case 'down':
      writer.long(report.link);
      writeWhy(writer, report.why);
      writer.flag(report.isOfTls);
      break;
    case 'adopt':
      writeAdopt(writer, report);
      break;
    default:
      writeOfWorker(writer, report);
  }
}

/** The report `data` of bytes that are a string. */
export function writeData(writer: Writer, link: number, bytes: ByteString): void {
  writer.byte(KINDS.indexOf('data'));
  writer.long(link);
  writer.byteString(bytes);
}

/** All reports of a frame; undefined: it is none.  */
export function readReports(frame: Buffer): readonly AnchorReport[] | undefined {
  const reader = new Reader(frame);
  const reports: AnchorReport[] = [];
  while (!reader.isAtEnd) {
    const report = readReport(reader);
    if (report === undefined || !reader.isSound) return undefined;
    reports.push(report);
  }
  return reports;
}

function readReport(reader: Reader): AnchorReport | undefined {
  const type = KINDS[reader.byte()];
  switch (type) {
    case 'welcome': {
      const isOurs = reader.count() === MAGIC;
      const welcome = {
        type,
        version: reader.count(),
        firstLink: reader.long(),
        key: reader.byteString(),
      };
      return isOurs ? welcome : undefined;
    }
    case 'connected':
      return {
        type,
        link: reader.long(),
        attempt: reader.count(),
        address: reader.text(),
        bindings: readBindings(reader),
      };
    case 'failed':
      return { type, link: reader.long(), attempt: reader.count(), why: readWhy(reader) };
    case 'secured':
      return { type, link: reader.long(), bindings: readBindings(reader) };
    case 'data':
      return { type, link: reader.long(), bytes: reader.bytes() };
    case 'blocked':
      return { type, link: reader.long(), isBlocked: reader.flag() };
    case 'down':
      return { type, link: reader.long(), why: readWhy(reader), isOfTls: reader.flag() };
    case 'adopt':
      return readAdopt(reader);
    case 'adopted':
      return { type };
    case 'ping':
      return { type, number: reader.count() };
    case 'short':
      return { type, isShort: reader.flag() };
    case 'careful':
      return { type, forMs: reader.count() };
    default:
      return type === undefined ? undefined : readOfWorker(reader, type);
  }
}

type Adopt = Extract<AnchorReport, { type: 'adopt' }>;

function writeAdopt(writer: Writer, { sid, ageMs, record, state, base, bytes }: Adopt): void {
  writer.text(sid);
  writer.long(ageMs);
  writer.byteString(record);
  writeOptional(writer, state, ({ link, isUp, remote, bindings, isBlocked }) => {
    writer.long(link);
    writer.flag(isUp);
    writer.text(remote);
    writeBindings(writer, bindings);
    writer.flag(isBlocked);
  });
  writer.long(base);
  writer.byteString(bytes);
}

function readAdopt(reader: Reader): Adopt {
  return {
    type: 'adopt',
    sid: reader.text(),
    ageMs: reader.long(),
    record: reader.byteString(),
    state: readOptional(reader, () => ({
      link: reader.long(),
      isUp: reader.flag(),
      remote: reader.text(),
      bindings: readBindings(reader),
      isBlocked: reader.flag(),
    })),
    base: reader.long(),
    bytes: reader.byteString(),
  };
}

type OfLink = Extract<AnchorReport, { link: number }>['type'];

/** What is about the worker itself, and not about a link. */
function writeOfWorker(
  writer: Writer,
  report: Exclude<AnchorReport, { type: 'welcome' | 'adopt' | OfLink }>,
): void {
  switch (report.type) {
    case 'ping':
      writer.count(report.number);
      break;
    case 'short':
      writer.flag(report.isShort);
      break;
    case 'careful':
      writer.count(report.forMs);
      break;
    case 'refuse':
      writer.text(report.sid);
      writer.count(report.forMs);
      break;
    case 'inherit':
      writeTexts(writer, report.names);
      break;
    case 'expect':
      writeTexts(writer, report.sids);
      break;
    case 'void':
      writer.text(report.sid);
      writer.text(report.reason);
      break;
    default:
  }
}

function readOfWorker(reader: Reader, type: AnchorReport['type']): AnchorReport | undefined {
  switch (type) {
    case 'refuse':
      return { type, sid: reader.text(), forMs: reader.count() };
    case 'inherit':
      return { type, names: readTexts(reader) };
    case 'expect':
      return { type, sids: readTexts(reader) };
    case 'void':
      return { type, sid: reader.text(), reason: reader.text() };
    default:
      return undefined;
  }
}
