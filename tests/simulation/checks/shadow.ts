import type { Instant, Toolbox } from '@boshd/engine/kit';
import {
  ConnectionManager,
  type Input,
  type Kept,
  type LinkId,
  type ManagerConfig,
  type Output,
} from '@boshd/engine/manager';
import type { Witness } from '../world/realm.ts';
import { Broken } from './ledger.ts';

/** A toolbox whose random bytes are written down, for a process that is to draw the same. */
export class Draws {
  readonly #bytes: Uint8Array[] = [];
  readonly #toolbox: Toolbox;

  constructor(toolbox: Toolbox) {
    this.#toolbox = toolbox;
  }

  get toolbox(): Toolbox {
    return {
      ...this.#toolbox,
      randomBytes: (count) => {
        const bytes = this.#toolbox.randomBytes(count);
        this.#bytes.push(bytes);
        return bytes;
      },
    };
  }

  get count(): number {
    return this.#bytes.length;
  }

  /** Draws what was drawn from the `place`th time on. */
  from(place: { at: number }): Toolbox {
    return {
      ...this.#toolbox,
      randomBytes: (count) => {
        const bytes = this.#bytes[place.at] ?? new Uint8Array(count);
        place.at += 1;
        return bytes;
      },
    };
  }
}

/**
 * Beside each process that goes on from records stands another one that was restored from the records of the first: written, read, and
 * given the bytes of the servers, a session must do the same with all that comes later.
 */
export class Shadow implements Witness {
  readonly #config: ManagerConfig;
  readonly #draws: Draws;
  /** Undefined: there is nothing to compare until the next process takes over. */
  #shadow: ConnectionManager | undefined;
  #input: Input | 'advance' | undefined;
  /** Turns that were compared. */
  turns = 0;

  constructor(config: ManagerConfig, draws: Draws) {
    this.#config = config;
    this.#draws = draws;
  }

  died(): void {
    this.#shadow = undefined;
  }

  restored(
    kept: readonly Kept[],
    _manager: ConnectionManager,
    outputs: readonly Output[],
    now: Instant,
    survival: NonNullable<ManagerConfig['survival']>,
  ): void {
    // One that is dialled again has another link, and its number cannot be told beforehand.
    if (outputs.some(({ type }) => type === 'dial')) return;
    const config = { ...this.#config, survival };
    const first = new ConnectionManager(config, this.#draws.from({ at: 0 }));
    first.restore(kept, now);
    // To be asked for its records it is called once more, and would do what is due.
    if (first.deadline !== undefined && first.deadline <= now) return;
    const records = recordsOf(first, kept, now);
    const place = { at: this.#draws.count };
    const second = new ConnectionManager(config, this.#draws.from(place));
    second.restore(records, now);
    place.at = this.#draws.count;
    if (second.liveSessions === first.liveSessions) this.#shadow = second;
  }

  input(input: Input | 'advance'): void {
    this.#input = input;
  }

  outputs(outputs: readonly Output[], now: Instant): void {
    const [shadow, input] = [this.#shadow, this.#input];
    this.#input = undefined;
    if (shadow === undefined || input === undefined) return;
    const again = input === 'advance' ? shadow.advance(now) : shadow.handle(input, now);
    const [one, other] = [printOf(outputs), printOf(again)];
    if (one !== other) throw new Broken('', `restored twice it does not do ${one} but ${other}`);
    this.turns += 1;
  }
}

/** The records of all sessions as they are now, with the bytes that they need of those that were kept before. */
function recordsOf(manager: ConnectionManager, kept: readonly Kept[], now: Instant): readonly Kept[] {
  for (const client of manager.inspect()) {
    if (client.keeping !== undefined) client.keeping.mustKeep = true;
    client.settle();
  }
  const before = new Map(kept.map((each) => [each.sid, each]));
  return manager.advance(now).flatMap((output) => {
    const old = output.type === 'keep' ? before.get(output.sid) : undefined;
    if (output.type !== 'keep' || old === undefined) return [];
    const { sid, record, base } = output;
    const link: LinkId | undefined = output.link;
    const bytes = link === undefined ? new Uint8Array(0) : old.bytes.subarray(base - old.base);
    return [{ sid, record, link, base, bytes, ageMs: 0, bindings: old.bindings }];
  });
}

const UNLIKE: readonly Output['type'][] = ['keep', 'forget', 'log'];

/** XEP-0198: what is to be told and asked is told and asked at once after a record, for nobody knows how much of it was. */
const TOLD_AND_ASKED = /<(?:a|r) xmlns='urn:xmpp:sm:3'[^>]*\/>/g;

/** All but the records, whose bases and literals depend on what was recorded before, and what the log says of how long it took. */
function printOf(outputs: readonly Output[]): string {
  const like = outputs
    .filter(({ type }) => !UNLIKE.includes(type))
    .map((output) =>
      output.type === 'send' ? { ...output, bytes: output.bytes.replaceAll(TOLD_AND_ASKED, '') } : output,
    );
  return JSON.stringify(like.filter((output) => output.type !== 'send' || output.bytes !== ''));
}
