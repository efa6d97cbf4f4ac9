import { type Terminal, terminalReply } from '../session/index.ts';
import type { RequestId } from './input.ts';
import type { Output } from './output.ts';

/** The answer to a request that no session takes. */
export function refusal(
  request: RequestId,
  condition: Terminal['condition'],
  isLegacy = false,
  contentType?: string,
  retryAfterSeconds?: number,
): Output {
  const reply = terminalReply({ condition, error: undefined }, isLegacy, contentType);
  const isForNow = retryAfterSeconds !== undefined;
  return { type: 'respond', request, reply: isForNow ? { ...reply, retryAfterSeconds } : reply };
}
