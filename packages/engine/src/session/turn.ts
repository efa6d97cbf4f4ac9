import type { Instant, Toolbox } from '../kit/index.ts';
import type { SessionWork } from './work.ts';

/** What every rule of the session gets: the time, the tools, and the list that takes the work that follows. */
export interface Turn {
  readonly now: Instant;
  readonly toolbox: Toolbox;
  readonly work: SessionWork[];
}
