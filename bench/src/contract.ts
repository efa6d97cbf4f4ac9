import type { Spread } from './run/measure.ts';

/** Where the load goes, and in which language. */
export interface Target {
  /** `bosh`: a connection manager. `bare`: the yardstick, which knows no XML and takes the session from the path. */
  readonly flavour: 'bosh' | 'bare';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The XMPP domain to log in to; unused by the yardstick. */
  readonly domain: string;
  /** The process whose CPU time is counted, and others that have a part in it. */
  readonly pid: number;
  readonly alsoPids?: readonly number[];
}

/**
 * How a client uses its requests. `browser`: a poll is always out and a message goes on a second connection. `tight`: the message is the
 * next poll, on one connection.
 */
export type Pattern = 'browser' | 'tight';

/** What went wrong with messages and sessions; all zero in a good run. */
export interface Faults {
  readonly lost: number;
  readonly doubled: number;
  readonly misordered: number;
  /** Messages that came to another session than their own. */
  readonly strayed: number;
  readonly sessionsEnded: number;
  /** HTTP connections that the server closed while a request was open on them. */
  readonly connectionsClosed: number;
  /** The first few problems in words. */
  readonly notes: readonly string[];
}

export interface EchoJob {
  readonly target: Target;
  readonly pattern: Pattern;
  readonly sessions: number;
  /** Messages a second over all sessions, open loop; 0 keeps one message of every session under way (saturated). */
  readonly ratePerSecond: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
}

export interface EchoResult {
  readonly roundTrips: number;
  readonly requests: number;
  readonly cpuNs: number;
  readonly wallSeconds: number;
  readonly latency: Spread;
  /** Open loop only: how late the generator itself was. */
  readonly lateness: Spread;
  readonly faults: Faults;
}

/** `kept`: one HTTP connection for many log-ins. `fresh`: a new one for each log-in. `each`: a new one for each request. */
export type LoginConnections = 'kept' | 'fresh' | 'each';

export interface LoginJob {
  readonly target: Target;
  readonly connections: LoginConnections;
  /** Log-ins under way at a time. */
  readonly clients: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
}

export interface LoginResult {
  readonly logins: number;
  readonly requests: number;
  readonly cpuNs: number;
  readonly wallSeconds: number;
  readonly faults: Faults;
}

export interface StormJob {
  readonly target: Target;
  readonly sessions: number;
  /** How often all HTTP connections are cut at once. */
  readonly cuts: number;
  readonly secondsBetween: number;
}

export interface StormResult {
  readonly roundTrips: number;
  readonly requestsRepeated: number;
  /** From a cut to the first echo that a session gets after it. */
  readonly recovery: Spread;
  readonly faults: Faults;
}

export interface IdleJob {
  readonly target: Target;
  /** How many sessions there shall be in all, those of earlier calls included. */
  readonly sessions: number;
}

export interface ListenJob {
  /** Pushes that will come; the call returns when they are all there, or after `patienceMs`. */
  readonly pushes: number;
  readonly patienceMs: number;
}

export interface ListenResult {
  readonly latency: Spread;
  readonly faults: Faults;
}

/** What the load process offers. */
export interface LoadCalls {
  echo(job: EchoJob): Promise<EchoResult>;
  login(job: LoginJob): Promise<LoginResult>;
  storm(job: StormJob): Promise<StormResult>;
  /** Opens idle sessions and keeps them: one connection each, with a long poll out. */
  idle(job: IdleJob): Promise<Faults>;
  /** Waits for messages pushed to the idle sessions. */
  listen(job: ListenJob): Promise<ListenResult>;
  /** Ends the idle sessions. */
  leave(none: undefined): Promise<Faults>;
}

export interface PushJob {
  /** Sessions of the XMPP ports, or links of the yardstick's echo port. */
  readonly to: 'xmpp' | 'bare';
  readonly count: number;
  readonly perSecond: number;
}

/** What the XMPP peer offers. */
export interface PeerCalls {
  ports(none: undefined): Promise<PeerPorts>;
  /** Pushes a message to `count` different sessions picked at random; returns when all are written. */
  push(job: PushJob): Promise<number>;
}

export interface PeerPorts {
  /** XMPP in plain text, no STARTTLS offered. */
  readonly plain: number;
  /** XMPP with STARTTLS required. */
  readonly startTls: number;
  /** XMPP over TLS from the first byte. */
  readonly directTls: number;
  /** Sends back every byte; the yardstick's far end. */
  readonly bare: number;
}

/** What a server under test offers when it was started with `run/probe.ts`. */
export interface ProbeCalls {
  /** Collects garbage twice; returns heap and external bytes in use. */
  collect(none: undefined): { readonly heapBytes: number; readonly externalBytes: number };
}

/** What the yardstick offers. */
export interface YardstickCalls extends ProbeCalls {
  port(none: undefined): Promise<number>;
}
