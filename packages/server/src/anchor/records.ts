import type { ByteString } from '@boshd/engine/kit';
import type { Seat } from './seat.ts';

/** What is kept of a session. The anchor does not know what it says. */
export interface KeptRecord {
  readonly sid: string;
  readonly record: ByteString;
  /** 0: none. */
  readonly link: number;
  readonly base: number;
  readonly keptAtMs: number;
  /** Whose session it is; undefined: its worker is gone. */
  readonly owner: Seat | undefined;
  /** Why nobody can go on with it, a word of the engine's table of reasons; undefined: somebody can. */
  readonly over: string | undefined;
}

/** A record's own size, with what the table needs for it. */
const ENTRY_BYTES = 400;

/** The records of all sessions, by sid. */
export class RecordTable {
  readonly #bySid = new Map<string, KeptRecord>();
  #bytes = 0;

  get count(): number {
    return this.#bySid.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  of(sid: string): KeptRecord | undefined {
    return this.#bySid.get(sid);
  }

  put(kept: KeptRecord): void {
    this.#bytes += sizeOf(kept) - sizeOf(this.#bySid.get(kept.sid));
    this.#bySid.set(kept.sid, kept);
  }

  delete(sid: string): void {
    this.#bytes -= sizeOf(this.#bySid.get(sid));
    this.#bySid.delete(sid);
  }

  /** Those of a worker, or of none, the latest first: their clients are the ones that wait. */
  ofOwner(owner: Seat | undefined): readonly KeptRecord[] {
    return [...this.#bySid.values()]
      .filter((kept) => kept.owner === owner)
      .sort((a, b) => b.keptAtMs - a.keptAtMs);
  }
}

/** The names of processes that are gone, and whose sessions wait for a worker (`lineage`). */
export class Estate {
  #names: string[] = [];
  #sinceMs: number | undefined;

  get isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** A worker is gone. @param orphans the sessions that wait */
  add({ lineages }: Seat, orphans: readonly KeptRecord[]): void {
    this.#sinceMs ??= performance.now();
    const [own, ...inherited] = lineages.splice(0);
    if (own !== undefined) this.#names.push(own);
    // All members hear again and again whose sessions one continues, so the list is to be short.
    this.#names.push(...inherited.filter((name) => orphans.some(({ sid }) => sid.startsWith(name))));
  }

  /** A worker goes on with all; and since when they have waited. */
  take(): { readonly names: readonly string[]; readonly sinceMs: number } {
    const sinceMs = this.#sinceMs ?? performance.now();
    this.#sinceMs = undefined;
    return { names: this.#names.splice(0), sinceMs };
  }
}

function sizeOf(kept: KeptRecord | undefined): number {
  return kept === undefined ? 0 : kept.record.length + ENTRY_BYTES;
}
