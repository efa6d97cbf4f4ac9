import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ByteString } from '@boshd/engine/kit';
import type { Credentials, ScramCredential, ScramHash } from '../sasl/exchange.ts';
import { scramCredential } from '../sasl/scram.ts';
import type { ClientTokens } from '../sasl/tokens.ts';
import type { Session } from './session.ts';

/** One who may log in with a password. */
export interface DemoAccount {
  /** Localpart of the JID. */
  readonly username: string;
  readonly password: string;
}

/** What a user has set about a contact (RFC 6121 §2.1). */
export interface RosterItem {
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

/** Somebody of the domain: for good (with a password), or a guest as long as its stream. */
export interface Account {
  readonly username: string;
  /** Bare JID. */
  readonly jid: string;
  readonly guest: boolean;
  /** What the others read in their rosters; follows the nickname in presence (XEP-0172). */
  displayName: string;
  /** Whether the others have it in their rosters: accounts always, guests from their first presence. */
  listed: boolean;
  readonly sessions: Map<string, Session>;
  readonly roster: Map<string, RosterItem>;
  readonly offline: ByteString[];
  offlineBytes: number;
  /** FAST tokens by the client's id (XEP-0388 §2.3). */
  readonly tokens: Map<string, ClientTokens>;
  /** Connections that have logged in, and streams, those that wait to be resumed too: while one is left a guest stays. */
  holders: number;
}

/** RFC 7677 §4 and RFC 5802 §5.1 ask for at least that many. */
const SCRAM_ITERATIONS = 4096;
const SALT_BYTES = 16;

/** Everybody whom the domain knows, and what proves who they are. */
export class Accounts implements Credentials {
  readonly domain: string;
  readonly #byUsername = new Map<string, Account>();
  readonly #passwords: ReadonlyMap<string, string>;
  /** Derived on the first log-in: it takes milliseconds. */
  readonly #scram = new Map<string, ScramCredential>();
  readonly #countMax: number;

  constructor(domain: string, fixed: readonly DemoAccount[], countMax: number) {
    this.domain = domain;
    this.#countMax = countMax;
    this.#passwords = new Map(fixed.map(({ username, password }) => [username, password]));
    for (const { username } of fixed) {
      this.#byUsername.set(username, this.#make(username, false));
    }
  }

  get(username: string): Account | undefined {
    return this.#byUsername.get(username);
  }

  all(): Iterable<Account> {
    return this.#byUsername.values();
  }

  /** A new account with an unguessable name (XEP-0175 §4), or undefined where there are enough. */
  addGuest(): Account | undefined {
    if (this.#byUsername.size >= this.#countMax) return undefined;
    const account = this.#make(`guest-${randomBytes(8).toString('hex')}`, true);
    this.#byUsername.set(account.username, account);
    return account;
  }

  removeGuest(account: Account): void {
    this.#byUsername.delete(account.username);
  }

  checkPassword(username: string, password: string): boolean {
    const expected = this.#passwords.get(username);
    if (expected === undefined) return false;
    const [a, b] = [Buffer.from(expected), Buffer.from(password)];
    return a.length === b.length && timingSafeEqual(a, b);
  }

  scram(username: string, hash: ScramHash): ScramCredential | undefined {
    const password = this.#passwords.get(username);
    if (password === undefined) return undefined;
    const key = `${hash} ${username}`;
    const known = this.#scram.get(key);
    if (known !== undefined) return known;
    const made = scramCredential(password, randomBytes(SALT_BYTES), SCRAM_ITERATIONS, hash);
    this.#scram.set(key, made);
    return made;
  }

  #make(username: string, guest: boolean): Account {
    return {
      username,
      jid: `${username}@${this.domain}`,
      guest,
      displayName: username,
      listed: !guest,
      sessions: new Map(),
      roster: new Map(),
      offline: [],
      offlineBytes: 0,
      tokens: new Map(),
      holders: 0,
    };
  }
}
