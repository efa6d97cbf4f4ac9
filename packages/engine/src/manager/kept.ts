import type { ByteString } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { ChannelBindings } from '../stream/index.ts';

/** One upstream link (a TCP connection being made or up), numbered by the manager. Never used twice. */
export type LinkId = number;

/**
 * Sessions outlive the process that serves them: for each there is a record, kept by another process that owns the links to XMPP
 * servers, and whoever gets the record goes on (`ConnectionManager.restore`).
 */
export interface Survival {
  /** Links are numbered from here on, so that no two processes that use links of the same owner have one number twice. At least 1. */
  readonly firstLink: LinkId;
  readonly vault: Vault;
}

/** Hides what in a record would let others log in: AES-GCM with a key that the process that keeps the records makes. */
interface Vault {
  /** What `open` makes the same bytes of, and nobody who lacks the key. */
  seal(plain: ByteString): ByteString;
  /** Undefined: it was sealed with another key, or is damaged. */
  open(sealed: ByteString): ByteString | undefined;
}

/** A session whose process is gone, as it was kept. */
export interface Kept {
  readonly sid: string;
  /** Of the newest output `keep` of the session whose turn was kept whole. */
  readonly record: Uint8Array;
  readonly link: LinkId | undefined;
  /** All that the server has sent on the link from `base` on, whether the process that is gone has seen it or not. */
  readonly bytes: Uint8Array;
  readonly base: number;
  /** How long ago the record was kept. */
  readonly ageMs: number;
  /** What binds to the TLS of the link, where it is under TLS. */
  readonly bindings?: ChannelBindings | undefined;
  /** Nobody goes on with it: its client hears so, and the record is not read. Default: it goes on. */
  readonly over?: Extract<Reason, 'poison' | 'not-restored'> | undefined;
}

/**
 * The record of a session, as it is when the turn is over: it must be safe before any other output of the turn leaves. Bytes of the
 * server are kept from `base` on, the number of bytes that it sent before on this link; those of a link that goes down stay
 * until a later record names another link, or none.
 */
export interface KeepOutput {
  readonly type: 'keep';
  readonly sid: string;
  readonly link: LinkId | undefined;
  readonly record: Uint8Array;
  readonly base: number;
}

/** The session has ended, or it cannot be kept now: its record is void, which must be safe before the rest of the turn leaves. */
export interface ForgetOutput {
  readonly type: 'forget';
  readonly sid: string;
}
