import type { Reason } from '@boshd/engine/manager';

/*
 * What `boshd check` finds out: plain data, printed for people or as JSON. Times are in milliseconds. Keys are only ever
 * added, so that scripts can rely on them.
 */

/** A question to the DNS. */
export interface Question {
  /** As `_xmpp-client._tcp.example.org`, or a host. */
  readonly name: string;
  readonly type: 'SRV' | 'address';
  readonly tookMs: number;
  /** Records as text, in the order of trying: `5222 xmpp.example.org (priority 0, weight 5)`, or addresses. */
  readonly answers: readonly string[];
  /** Why there are no answers: `none`, `not offered`, `no such name`, or the code of an error. */
  readonly missing: string | undefined;
}

/** Facts of a certificate. */
export interface CertificateFacts {
  /** subjectAltName, as Node prints it, one name an entry. */
  readonly names: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  readonly daysLeft: number;
  /** As `EC 256` or `RSA 2048`. */
  readonly key: string;
}

export interface TlsFacts {
  /** As `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** What was agreed on by ALPN. */
  readonly alpn: string | undefined;
  readonly certificate: CertificateFacts;
}

/** What a server offers once the link is as secure as it gets. */
export interface OfferedFeatures {
  /** SASL mechanisms that a client is shown. */
  readonly mechanisms: readonly string[];
  /** Those that can not work through a connection manager, and are hidden. */
  readonly hiddenMechanisms: readonly string[];
  /** Mechanisms of SASL2 (XEP-0388); undefined: not offered. */
  readonly sasl2: readonly string[] | undefined;
  /** Mechanisms of FAST (XEP-0484). */
  readonly fast: readonly string[] | undefined;
  readonly bind2: boolean;
  /** XEP-0198: before log-in it is told only by servers with SASL2, as inline feature. */
  readonly streamManagement: boolean;
  readonly registration: boolean;
  /** All others, as `{namespace}name`. */
  readonly others: readonly string[];
}

export type Outcome =
  | { readonly status: 'ok' }
  | { readonly status: 'failed'; readonly reason: Reason; readonly text: string; readonly detail: string };

/** One address and port, tried alone. */
export interface EndpointReport {
  /** As `192.0.2.1:5222`. */
  readonly endpoint: string;
  /** The name that led to it. */
  readonly host: string;
  readonly directTls: boolean;
  readonly outcome: Outcome;
  /** Undefined: the step was not reached. Each is the time of this step alone. */
  readonly connectMs: number | undefined;
  readonly tlsMs: number | undefined;
  readonly featuresMs: number | undefined;
  /** Also there when the certificate was refused. */
  readonly tls: TlsFacts | undefined;
  readonly features: OfferedFeatures | undefined;
  /** STARTTLS: `required`, `optional`, `none`; undefined for direct TLS, and when no features came. */
  readonly startTls: 'required' | 'optional' | 'none' | undefined;
}

/** The whole of what a session does to get its stream. */
export interface StartReport {
  readonly outcome: Outcome;
  readonly tookMs: number;
  readonly endpoint: string | undefined;
  readonly secure: boolean;
}

export interface Advice {
  /** 'problem': no session. 'warning': something is broken, or will be. 'hint': it could be better. */
  readonly level: 'problem' | 'warning' | 'hint';
  readonly text: string;
}

export interface Report {
  readonly domain: string;
  /** In A-labels. */
  readonly asciiDomain: string;
  /** Where the operator's override leads, undefined: the DNS is asked. */
  readonly override: string | undefined;
  readonly questions: readonly Question[];
  readonly endpoints: readonly EndpointReport[];
  readonly start: StartReport;
  readonly advice: readonly Advice[];
  readonly works: boolean;
}
