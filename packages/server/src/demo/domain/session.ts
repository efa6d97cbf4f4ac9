import type { ByteString } from '@boshd/engine/kit';
import type { Account } from './accounts.ts';
import type { Stanza } from './stanza.ts';

/** A bound resource: what the router, presence and roster know of a connection. */
export interface Session {
  readonly account: Account;
  readonly resource: string;
  /** Full JID. */
  readonly jid: string;
  /** Its last available presence; undefined before the first and after unavailable (RFC 6121 §4.2). */
  presence: Stanza | undefined;
  /** -128 to 127; meaningful while available (RFC 6121 §4.7.2.3). */
  priority: number;
  /** Has asked for the roster, so gets its pushes (RFC 6121 §2.2). */
  interested: boolean;
  /** Who got directed presence and must hear of the end of it (RFC 6121 §4.6.3). */
  readonly directed: Set<string>;
  send(bytes: ByteString): void;
  /** Ends its stream with a stream error (RFC 6120 §4.9). */
  end(condition: StreamError): void;
}

/** The stream errors that the demo server sends (RFC 6120 §4.9.3). */
export type StreamError =
  | 'bad-format'
  | 'conflict'
  | 'connection-timeout'
  | 'host-unknown'
  | 'improper-addressing'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-stanza-type'
  | 'unsupported-version';
