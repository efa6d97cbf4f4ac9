import { ascii } from '../kit/index.ts';
import type { Reply } from '../session/index.ts';

/** Nobody can say now what is with the session, or take a new one: clients repeat the request after a moment. */
export const UNAVAILABLE: Reply = {
  status: 503,
  contentType: 'text/plain; charset=utf-8',
  body: ascii('Not now: try again in a moment.\n'),
  // Long enough for a restart of what was away, and for another member to be asked.
  retryAfterSeconds: 2,
};
