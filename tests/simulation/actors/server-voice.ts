import type { Toolbox } from '@boshd/engine/kit';
import { NS } from '@boshd/engine/wire';
import type { Ledger } from '../checks/ledger.ts';
import type { Link } from '../world/link.ts';
import type { Random } from '../world/random.ts';
import type { Realm } from '../world/realm.ts';
import type { ServerManagement } from './server-management.ts';

const THINK_MS = 40;

/** The server, as what it says goes out. */
export interface SpeakingServer {
  readonly link: Link;
  readonly isBroken: boolean;
  readonly isAway: boolean;
  readonly management: ServerManagement | undefined;
}

/** What a server says, noted where the client is to hear it. While the link is lost it is kept for the next one. */
export class ServerVoice {
  readonly #server: SpeakingServer;
  readonly #world: Realm;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #toolbox: Toolbox;
  #written = 0;
  /** Where each payload ends among the bytes written. */
  readonly #ends: number[] = [];
  #handedOver = 0;
  /** When it says the last thing that it is thinking of. */
  #saysAt = 0;

  constructor(server: SpeakingServer, world: Realm, random: Random, ledger: Ledger, toolbox: Toolbox) {
    this.#server = server;
    this.#world = world;
    this.#random = random;
    this.#ledger = ledger;
    this.#toolbox = toolbox;
  }

  /** So many bytes in all were given to boshd. */
  handedOver(byteCount: number): void {
    while ((this.#ends[this.#handedOver] ?? Number.POSITIVE_INFINITY) <= byteCount) this.#handedOver += 1;
    this.#ledger.handedOver(this.#handedOver);
  }

  /** In order, however long the thinking takes. `written`: what boshd makes the text of. */
  sayLater(text: string, written = text): void {
    const at = Math.max(this.#saysAt, this.#world.now + this.#random.around(THINK_MS));
    this.#saysAt = at;
    this.#world.later(at - this.#world.now, () => this.say(text, written));
  }

  /** Says something that the client is to hear. */
  say(text: string, written = text): void {
    const { isBroken, isAway, link, management } = this.#server;
    if (isBroken || (link.isGone && !isAway)) return;
    this.#ledger.serverSent(this.#toolbox.encodeUtf8(text));
    if (/^<(?:iq|message|presence)/.test(text)) management?.said(text);
    if (isAway) return;
    this.write(written);
    this.#ends.push(this.#written);
    if (management !== undefined && this.#random.fork(`r${this.#written}`).chance(0.3))
      this.write(`<r xmlns='${NS.streamManagement}'/>`);
  }

  /** Says something that is between the server and boshd. */
  write(text: string): void {
    this.#written += Buffer.byteLength(text);
    this.#server.link.write(text);
  }
}
