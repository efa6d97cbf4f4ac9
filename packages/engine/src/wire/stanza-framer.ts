import { AssertionFailed } from '../kit/index.ts';
import type { MakeFramer } from './framer.ts';

/** See StanzaFramer. */
export const makeFramer: MakeFramer = (limits, toolbox) => {
  throw new AssertionFailed(`follows ${limits} ${toolbox}`);
};
