import type { ByteString } from '../kit/index.ts';
import type { Stream } from '../stream/index.ts';
import { NS, type RootFacts } from '../wire/index.ts';
import type { LinkId } from './kept.ts';

/** What is known of the records of one session. */
export interface Keeping {
  /** The newest record holds. */
  isKept: boolean;
  /** Something leaves in this turn; stanzas for the server, or what else must not leave without a record. */
  hasLeft: boolean;
  mustKeep: boolean;
  /** Stanzas that begin before are literals, in all records of this root. */
  from: number;
  root: RootFacts | undefined;
  stream: Stream | undefined;
  /** As of the newest record. */
  base: number;
  link: LinkId | undefined;
  lastRid: number;
  answeredRid: number;
  told: number;
  /** What never changes, written once; and the token, sealed once. */
  birth: Uint8Array | undefined;
  credential: Stream['credential'];
  sealed: ByteString | undefined;
}

export function newKeeping(): Keeping {
  return {
    isKept: false,
    hasLeft: false,
    mustKeep: false,
    from: Number.POSITIVE_INFINITY,
    root: undefined,
    stream: undefined,
    base: 0,
    link: undefined,
    lastRid: -1,
    answeredRid: -1,
    told: 0,
    birth: undefined,
    credential: undefined,
    sealed: undefined,
  };
}

/** Bytes for a server leave. White space needs no record, nor what only asks (XEP-0198 §4), or says again what is recorded. */
export function noteSent(keeping: Keeping, bytes: ByteString): void {
  keeping.hasLeft = true;
  keeping.mustKeep ||= bytes !== ' ' && !bytes.startsWith(REQUEST) && !bytes.startsWith(ACKNOWLEDGEMENT);
}

const REQUEST = `<r xmlns='${NS.streamManagement}'`;
const ACKNOWLEDGEMENT = `<a xmlns='${NS.streamManagement}'`;
