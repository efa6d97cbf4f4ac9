import { after, type Instant, seconds } from '../kit/index.ts';
import { reasonFacts } from '../reasons.ts';
import { grantContentType } from '../session/index.ts';
import type { ManagerParts } from './bosh-client.ts';
import type { Kept } from './kept.ts';

/** A client that is silent for longer than this is over by the defaults, and so is what it could be told. */
const REMEMBERED = seconds(150);

/** Goes on with sessions whose process is gone. */
export class Restoration {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  restore(kept: Kept): void {
    this.#giveUp(kept, 'no version of the record is known');
  }

  /** Nobody can go on with this one: its client hears so, whatever it asks. */
  #giveUp({ sid, link }: Kept, detail: string): void {
    const { turn, clients } = this.#parts;
    const { condition } = reasonFacts('not-restored');
    clients.remember({
      sid,
      site: undefined,
      secure: false,
      isLegacy: false,
      contentType: grantContentType(undefined),
      terminal: { condition, error: undefined },
      rids: [],
      replies: [],
      forgetAt: rememberedUntil(turn.now),
    });
    turn.put({ type: 'forget', sid });
    if (link !== undefined) turn.put({ type: 'close', link });
    turn.log({
      event: 'session-ended',
      session: '',
      site: '',
      domain: '',
      reason: 'not-restored',
      detail,
      livedMs: 0,
      undelivered: 0,
      server: '',
      mechanism: '',
      slowestAnswerMs: undefined,
    });
  }
}

function rememberedUntil(now: Instant): Instant {
  return after(now, REMEMBERED);
}
