import type { Toolbox } from '@boshd/engine/kit';
import type { ConnectionManager, Kept } from '@boshd/engine/manager';
import { RecordCodec } from '@boshd/engine/record';
import type { Witness } from '../world/realm.ts';
import { Broken } from './ledger.ts';

/** Asserts that a reply that a record has is the same, to the byte, whichever process is asked for it. */
export class SameReplies implements Witness {
  readonly #codec: RecordCodec;
  /** By sid and rid, as the process that died would have given them again. */
  readonly #replies = new Map<string, ReadonlyMap<number, string>>();

  constructor(toolbox: Toolbox) {
    this.#codec = new RecordCodec(toolbox);
  }

  input(): void {}

  outputs(): void {}

  died(_now: number, manager: ConnectionManager): void {
    this.#replies.clear();
    for (const { session } of manager.inspect()) this.#replies.set(session.sid, repliesOf(session));
  }

  restored(kept: readonly Kept[], manager: ConnectionManager): void {
    const sessions = new Map([...manager.inspect()].map(({ session }) => [session.sid, session]));
    for (const { sid, record } of kept) {
      const session = sessions.get(sid);
      const read = this.#codec.read(record);
      if (session === undefined || !read.ok) throw new Broken('', `${sid} is not restored`);
      const [before, now] = [this.#replies.get(sid), repliesOf(session)];
      for (const { rid } of read.value.session.answered) {
        const [old, reply] = [before?.get(rid), now.get(rid)];
        if (old !== undefined && reply !== undefined && old !== reply)
          throw new Broken(session.address, `rid ${rid} was answered with ${old}, and now with ${reply}`);
      }
    }
  }
}

type Session =
  ReturnType<ConnectionManager['inspect']> extends Iterable<infer Client>
    ? Client extends { session: infer Of }
      ? Of
      : never
    : never;

function repliesOf({ requests }: Session): ReadonlyMap<number, string> {
  return new Map(requests.answered.map(({ rid, reply }) => [rid, reply]));
}
