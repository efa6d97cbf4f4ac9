import type { ByteString } from '../kit/index.ts';

/*
 * What another process needs to go on with a session, as plain data. Times are durations, for the zero of a clock is its process's own
 * affair: `...AgoMs` and `...LeftMs`, at the moment of the record.
 *
 * Replies are not in it. Stanzas of the server are read again from the bytes that are kept beside the record, so that a reply is so
 * many of a row: of the stanzas that came, and of literals between them, which are what the bytes cannot give back: payloads that boshd
 * made itself, shells, and all of the time before log-in, when what a server says is translated, filtered, and read under another root.
 */
export interface SessionRecord {
  readonly birth: BirthPart;
  readonly session: SessionPart;
  /** Absent where the stream has ended, and only what is queued is left to fetch. */
  readonly stream: StreamPart | undefined;
  /** What logs in when the link breaks, sealed. */
  readonly credential: ByteString | undefined;
  /** Of a session that is logged in for a page. */
  readonly claim: ClaimPart | undefined;
}

/** Who may claim a session that was logged in for a page, and who has. */
export interface ClaimPart {
  readonly cookie: string | undefined;
  readonly rid: number | undefined;
  readonly leftMs: number | undefined;
  readonly group: string | undefined;
  readonly isSecure: boolean;
}

/** What never changes from the creation reply on. */
export interface BirthPart {
  readonly sid: string;
  /** For logs. */
  readonly name: string;
  readonly site: string;
  readonly domain: string;
  readonly address: string;
  readonly secure: boolean;
  readonly creationRid: number;
  readonly streamsMax: number;
  readonly streamName: string;
  readonly terms: TermsPart;
  readonly request: RequestPart;
  /** Limits of XML that the stream is read by; others hold for new sessions. */
  readonly xml: XmlPart;
  readonly streamManagement: 'boshd' | 'client' | 'off';
  readonly resumption: boolean;
}

export interface TermsPart {
  readonly waitMs: number;
  readonly hold: number;
  readonly requests: number;
  readonly inactivityMs: number;
  readonly pollingMs: number;
  readonly maxpauseMs: number;
  readonly isPolling: boolean;
  readonly ver: string;
  readonly isLegacy: boolean;
  readonly acks: boolean;
  readonly contentType: string;
}

export interface RequestPart {
  readonly domain: string;
  readonly from: string | undefined;
  readonly lang: string | undefined;
  readonly version: string;
  readonly startTls: 'required' | 'optional' | 'never';
  readonly showExternal: boolean;
  readonly route: string | undefined;
  readonly resumeWithinMs: number;
}

export interface XmlPart {
  readonly stanzaBytesMax: number;
  readonly depthMax: number;
  readonly attributesMax: number;
  readonly nameBytesMax: number;
}

/** The client's side. */
export interface SessionPart {
  readonly createdAgoMs: number;
  readonly isEnding: boolean;
  readonly lastRid: number;
  readonly isStreamOpen: boolean;
  readonly isLoggedIn: boolean;
  readonly registeringLeftMs: number | undefined;
  readonly isCounting: boolean;
  readonly loginBytes: number;
  readonly key: string | undefined;
  readonly hasTwoConnections: boolean;
  readonly pauseMs: number | undefined;
  readonly lastNewAgoMs: number;
  readonly wasEmptyRound: boolean;
  readonly strikes: number;
  readonly report: { readonly rid: number; readonly agoMs: number } | undefined;
  readonly reportedRid: number;
  readonly gatherScore: number;
  readonly terminal: TerminalPart | undefined;
  readonly facts: FactsPart | undefined;
  readonly given: number;
  readonly confirmed: number;
  readonly held: readonly HeldPart[];
  readonly answered: readonly AnsweredPart[];
  /** What is queued for the client. */
  readonly queue: RowPart;
}

/** So many payloads in order: the literals at their places, stanzas of the server at all others. */
export interface RowPart {
  readonly count: number;
  readonly literals: readonly LiteralPart[];
}

export interface LiteralPart {
  readonly place: number;
  readonly payload: PayloadPart;
}

export interface PayloadPart {
  readonly name: string;
  readonly namespace: string;
  readonly bytes: ByteString;
  readonly isOwn?: boolean | undefined;
  readonly isAnswered?: boolean | undefined;
}

export interface TerminalPart {
  readonly condition: string | undefined;
  readonly error: PayloadPart | undefined;
}

export interface FactsPart {
  readonly from: string | undefined;
  readonly authid: string | undefined;
  readonly version: string | undefined;
}

export interface HeldPart {
  readonly rid: number;
  readonly key: string | undefined;
  readonly copies: number;
  readonly leftMs: number;
}

export interface AnsweredPart {
  readonly rid: number;
  readonly key: string | undefined;
  readonly copies: number;
  readonly agoMs: number;
  /** It carried payloads of the stream, or could have. */
  readonly isOfStream: boolean;
  readonly isConfirmed: boolean;
  readonly stanzas: number;
  /** Of its <body/>. */
  readonly attributes: ByteString;
  readonly row: RowPart;
  /** The whole of it, where it cannot be made again of the rest. */
  readonly reply: ByteString | undefined;
}

/** The server's side. */
export interface StreamPart {
  /**
   * `on-link`: it goes on where it is. `lost`: its link is, and another one is dialled to resume it. `anew`: it was not ready yet, and
   * is dialled once more.
   */
  readonly way: 'on-link' | 'lost' | 'anew';
  readonly phase: 'opening' | 'ready' | 'authenticated';
  /** So many bytes from the base on were taken in already: they are read without any effect but rows. */
  readonly readBytes: number;
  /** The root of the stream, once it was read. */
  readonly root: RootPart | undefined;
  readonly remote: string;
  readonly isSecure: boolean;
  readonly isLoggedIn: boolean;
  readonly wasReady: boolean;
  readonly from: string | undefined;
  readonly lang: string | undefined;
  readonly waiting: readonly PayloadPart[];
  /** The server's header, until its features are known. */
  readonly header: HeaderPart | undefined;
  readonly hidesFeatures: boolean;
  readonly legacyAuthId: string | undefined;
  readonly preloginBytes: number;
  readonly unaskedFeatures: number;
  readonly missesBinding: boolean;
  readonly mechanisms: MechanismsPart;
  readonly exchange: 'none' | 'asked' | 'challenged' | 'refused';
  readonly mechanism: string;
  readonly account: string | undefined;
  readonly isCounted: boolean;
  readonly negotiateLeftMs: number | undefined;
  readonly lastSentAgoMs: number;
  readonly offersManagement: boolean;
  readonly management: ManagementPart | undefined;
  readonly received: number;
  readonly confirmed: number;
  readonly owned: number;
  readonly bridge: BridgePart | undefined;
  readonly resuming: ResumingPart | undefined;
  readonly skip: number;
}

export interface RootPart {
  readonly defaultNamespace: string;
  readonly qualifiedName: ByteString;
  readonly bindings: readonly BindingPart[];
}

/** A prefix that the root declares, with the declaration as it stands on a payload that uses it. */
export interface BindingPart {
  readonly prefix: ByteString;
  readonly namespace: string;
  readonly declaration: ByteString;
}

export interface HeaderPart extends FactsPart {
  readonly lang: string | undefined;
}

export interface MechanismsPart {
  readonly sasl: readonly string[];
  readonly sasl2: readonly string[];
  readonly hidesBinding: boolean;
}

export interface ManagementPart {
  readonly isEnabled: boolean;
  readonly uncounted: number;
  readonly told: number;
  readonly id: string | undefined;
  readonly maxMs: number | undefined;
  readonly sent: number;
  readonly acknowledged: number;
  /** What is not acknowledged; undefined where it is not kept. */
  readonly queue: readonly ByteString[] | undefined;
}

export interface BridgePart {
  readonly mechanisms: readonly string[];
  readonly fast: readonly string[];
  readonly resumes: boolean;
  readonly opened: FactsPart;
  readonly agent: string;
  readonly state: 'idle' | 'asking' | 'aborting' | 'given-up' | 'done';
  /** The mechanism of the token that is asked for. */
  readonly token: string | undefined;
  /** Those after success, until the client restarts. */
  readonly features: PayloadPart | undefined;
  readonly isRestartAsked: boolean;
}

export interface ResumingPart {
  readonly why: string;
  readonly sinceAgoMs: number;
  readonly leftMs: number;
  readonly dials: number;
}

/** A token for FAST, as it is sealed. */
export interface CredentialPart {
  readonly mechanism: string;
  readonly jid: string;
  readonly user: string;
  readonly agent: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly count: number;
}
