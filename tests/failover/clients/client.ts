/** The clients that are run unmodified, each with the reconnect that it does by itself. */
export const KINDS = ['Strophe', 'stanza', 'Converse'] as const;
export type Kind = (typeof KINDS)[number];

/** What a client did: it is logged in, or it knows that its session is over. */
export interface Happening {
  readonly what: 'up' | 'down';
  /** Milliseconds since 1970, as every process of this machine counts them. */
  readonly at: number;
}

/** Somebody who uses an unmodified client. */
export interface RealClient {
  readonly kind: Kind;
  /** Its log-ins and the ends of its sessions until now, oldest first. */
  happenings(): Promise<readonly Happening[]>;
  /** Logs out and stays away. */
  leave(): Promise<void>;
}

/** Where they log in, and as whom. */
export interface Login {
  /** Of the pages, and of the BOSH URL on the same origin. */
  readonly origin: string;
  readonly jid: string;
  readonly password: string;
}

export async function isUp(client: RealClient): Promise<boolean> {
  return (await client.happenings()).at(-1)?.what === 'up';
}
