import type { ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';

/** How the members of the demo reach each other. */
export type Carrier = 'nats' | 'sockets';

interface MemberPlace {
  readonly index: number;
  readonly count: number;
  readonly region: string;
  readonly port: number;
}

/** What all members of the demo have in common. */
interface SharedParts {
  /** Of this run: configurations, sockets, the key of the cluster; only this user can enter. */
  readonly directory: string;
  /** The program of boshd itself. */
  readonly program: string;
  readonly regions: readonly string[];
  readonly xmpp: { readonly domain: string; readonly port: number };
  /** Undefined: the sockets of workers carry the mesh. */
  readonly natsUrl: string | undefined;
  readonly ask: AskMember;
}

/** Asks a member at its admin listener, or over the channel to its process. Rejects where it does not answer. */
export interface AskMember {
  status(at: MemberDoor): Promise<MemberFacts>;
  drain(at: MemberDoor): Promise<void>;
}

interface MemberDoor {
  readonly process: ChildProcess;
  /** The Unix socket of its admin listener; undefined: it is asked over the channel. */
  readonly socket: string | undefined;
}

/** What the page shows of a member that answers. */
interface MemberFacts {
  readonly notReady: string | undefined;
  readonly sessions: number;
  /** What it says of the others: `m2 is suspected`. */
  readonly sees: readonly string[];
}

/** How a member is, as the page shows it. */
interface MemberView extends Omit<MemberFacts, 'notReady'> {
  readonly id: string;
  readonly region: string;
  readonly state: 'live' | 'draining' | 'frozen' | 'starting' | 'dead';
}

/** The header in which the front says where a client is; believed by the members from loopback alone. */
export const COUNTRY_HEADER = 'x-demo-country';
/** A region of the demo has a country of its own, whatever its name is. */
export const COUNTRIES = ['DE', 'US', 'JP', 'BR', 'AU', 'IN', 'ZA', 'CA'] as const;
/** The cookie in which a member says that it owns the session; the front reads it and keeps it from the browser. */
export const OWNER_COOKIE = 'member';
/** The secret of the members of this run: theirs alone, so that nobody else's NATS messages are believed. */
export const KEYS_FILE = 'key';

/** One member of the demo: a boshd in a process of its own. */
export class DemoMember {
  readonly id: string;
  readonly origin: string;
  readonly #place: MemberPlace;
  readonly #shared: SharedParts;
  readonly #child: Child;

  constructor(place: MemberPlace, shared: SharedParts) {
    const { directory, program, natsUrl } = shared;
    this.id = `m${place.index + 1}`;
    this.origin = `http://127.0.0.1:${place.port}`;
    this.#place = place;
    this.#shared = shared;
    const file = join(directory, `${this.id}.json`);
    writeFileSync(file, JSON.stringify(this.#config()), { mode: 0o600 });
    this.#child = new Child({
      command: process.execPath,
      args: [program, 'serve', '--config', file],
      // A worker's place is what makes the sockets of workers its mesh.
      environment:
        natsUrl === undefined ? { WORKER_OF_BOSHD: `${place.index}/${place.count} ${directory}` } : {},
    });
  }

  start(): void {
    // A killed member leaves the socket on which the others reach it (mesh/sockets.ts).
    if (this.#child.process === undefined)
      rmSync(join(this.#shared.directory, `${this.#place.index}.sock`), { force: true });
    this.#child.start();
  }

  kill(): void {
    this.#child.kill();
  }

  freeze(ms: number): Promise<void> {
    return this.#child.freeze(ms);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async drain(): Promise<void> {
    const { process } = this.#child;
    if (process !== undefined) await this.#shared.ask.drain(this.#door(process));
  }

  /** Whether new requests may go to it, as a proxy with health checks would find. */
  async isWell(): Promise<boolean> {
    if (this.#child.process === undefined) return false;
    try {
      return (await fetch(`${this.origin}/healthz`, { signal: AbortSignal.timeout(HEALTH_MS_MAX) })).ok;
    } catch {
      return false;
    }
  }

  async view(): Promise<MemberView> {
    const { region } = this.#place;
    const { process, isFrozen } = this.#child;
    const silent = { id: this.id, region, sessions: 0, sees: [] };
    if (process === undefined) return { ...silent, state: 'dead' };
    if (isFrozen) return { ...silent, state: 'frozen' };
    try {
      const { notReady, sessions, sees } = await this.#shared.ask.status(this.#door(process));
      const seen = sees.map((each) => each.replace(/^(m\d+)\/\d+/, '$1'));
      return {
        id: this.id,
        region,
        sessions,
        sees: seen,
        state: notReady === undefined ? 'live' : 'draining',
      };
    } catch {
      return { ...silent, state: 'starting' };
    }
  }

  #door(process: ChildProcess): MemberDoor {
    return { process, socket: this.#shared.natsUrl === undefined ? undefined : this.#adminSocket() };
  }

  #adminSocket(): string {
    return join(this.#shared.directory, `${this.id}.sock`);
  }

  #config() {
    const { regions, xmpp, natsUrl, directory } = this.#shared;
    const { region, port } = this.#place;
    const countries = regions.map((name, index) => [name, { countries: [COUNTRIES[index]] }] as const);
    return {
      listen: [`127.0.0.1:${port}`],
      admin: { listen: [`unix:${this.#adminSocket()}`] },
      trustedProxies: ['127.0.0.1'],
      domains: { default: xmpp.domain },
      upstream: {
        overrides: { [xmpp.domain]: { host: '127.0.0.1', port: xmpp.port, tls: 'insecure-none' } },
      },
      cluster: {
        id: this.id,
        region,
        keysFile: join(directory, KEYS_FILE),
        routingCookie: OWNER_COOKIE,
      },
      nats: { servers: natsUrl === undefined ? [] : [natsUrl] },
      regions: Object.fromEntries(countries),
      geo: { header: COUNTRY_HEADER },
      shutdown: { drain: DRAIN, deadline: '3s' },
    };
  }
}

/** So long a person sees the sessions of a draining member go on; then they are ended, and log in elsewhere. */
const DRAIN = '20s';
const HEALTH_MS_MAX = 500;
