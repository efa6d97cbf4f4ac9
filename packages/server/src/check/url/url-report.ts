import type { TlsFacts } from '../report/report.ts';

/*
 * What `boshd check URL` finds out: plain data, printed for people or as JSON. Times are in milliseconds. Keys and codes are
 * only ever added, so that scripts can rely on them.
 */

/** What can be wrong between a browser and a BOSH service. Each is explained in `findings.ts`. */
export type FindingCode =
  | 'host-unknown'
  | 'unreachable'
  | 'plain-http'
  | 'certificate'
  | 'certificate-ends'
  | 'http1-only'
  | 'redirect'
  | 'not-found'
  | 'not-bosh'
  | 'cors-doubled'
  | 'preflight-refused'
  | 'host-meta-missing'
  | 'host-meta-cors'
  | 'websocket-upgrade'
  | 'websocket-missing'
  | 'session-refused'
  | 'body-limit'
  | 'one-at-a-time'
  | 'late-replies'
  | 'poll-cut'
  | 'connection-closed'
  | 'compressed'
  | 'cached';

export interface Finding {
  /** 'problem': clients do not work. 'warning': some do not, or not always. 'hint': it could be better. */
  readonly level: 'problem' | 'warning' | 'hint';
  readonly code: FindingCode;
  /** What is wrong, with what was seen. */
  readonly text: string;
  /** What to change, and where. */
  readonly fix: string;
}

/** One line of the report. */
export interface Step {
  readonly name: string;
  readonly good: boolean;
  readonly tookMs: number | undefined;
  readonly text: string;
}

export interface UrlReport {
  readonly url: string;
  /** As its replies say in `Server`; undefined: they do not. */
  readonly server: string | undefined;
  readonly steps: readonly Step[];
  readonly tls: TlsFacts | undefined;
  /** Seconds: what the service granted, how long a poll was seen to hang, and the longest wait that is safe here. */
  readonly wait: {
    readonly granted: number | undefined;
    readonly held: number | undefined;
    readonly advised: number | undefined;
  };
  readonly findings: readonly Finding[];
  /** Whether a client gets a session here that lasts. */
  readonly works: boolean;
}
