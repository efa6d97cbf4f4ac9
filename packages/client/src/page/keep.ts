import type { Kept, Store } from '../xmpp/line.ts';

/** After a reload the page before may hold its lock for a moment; a tab that was duplicated holds it for good. */
const LOCK_MAX_MS = 1500;

/**
 * Keeps a session for the next page of the tab: in sessionStorage, which each tab has for itself. A tab that is duplicated
 * begins with a copy, so a Web Lock on the sid decides: whoever comes second has no session to go on with.
 */
export class TabStore implements Store {
  readonly #key: string;
  #sid: string | undefined;
  #unlock: (() => void) | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** Browsers have Web Locks in secure contexts only; without them nothing is kept. */
  static isPossible(): boolean {
    return typeof sessionStorage === 'object' && typeof navigator === 'object' && 'locks' in navigator;
  }

  async take(): Promise<Kept | undefined> {
    const kept = keptIn(sessionStorage.getItem(this.#key));
    if (kept === undefined) return undefined;
    if (await this.#lock(kept.snapshot.terms.sid)) return kept;
    sessionStorage.removeItem(this.#key);
    return undefined;
  }

  save(kept: Kept | undefined): void {
    if (kept === undefined) {
      if (this.#sid !== undefined) sessionStorage.removeItem(this.#key);
      this.release();
      return;
    }
    const { sid } = kept.snapshot.terms;
    // Nobody else can know a sid that is new, so the lock need not be waited for.
    if (sid !== this.#sid) void this.#lock(sid);
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // More than the browser keeps for a page: then a reload begins anew.
      sessionStorage.removeItem(this.#key);
    }
  }

  canHandOver(): boolean {
    return this.#sid !== undefined;
  }

  release(): void {
    this.#unlock?.();
    this.#unlock = undefined;
    this.#sid = undefined;
  }

  /** Holds the lock from now on; false when somebody else does. */
  #lock(sid: string): Promise<boolean> {
    this.release();
    this.#sid = sid;
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(LOCK_MAX_MS);
      const held = navigator.locks.request(`boshd ${sid}`, { signal }, () => {
        resolve(true);
        return new Promise<void>((unlock) => {
          if (this.#sid === sid) this.#unlock = unlock;
          else unlock();
        });
      });
      held.catch(() => resolve(false));
    });
  }
}

/** What a page wrote; undefined where it is from another version, or none. */
function keptIn(text: string | null): Kept | undefined {
  if (text === null) return undefined;
  try {
    const kept: Partial<Kept> = JSON.parse(text);
    const { jid, snapshot } = kept;
    return typeof jid === 'string' && typeof snapshot?.terms?.sid === 'string'
      ? { jid, snapshot }
      : undefined;
  } catch {
    return undefined;
  }
}
