import { streamEndCondition } from './events.ts';
import type { Reason } from './reasons.ts';

/** Conditions of XEP-0124 §17.2 that RFC 6120 §4.9.3 has under another name, or not at all. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'bad-request': 'bad-format',
  'item-not-found': 'connection-timeout',
  'remote-stream-error': 'undefined-condition',
};

/**
 * The stream error that a client over WebSocket receives for a reason.
 *
 * @param wasUp the server's features had arrived
 */
export function streamErrorOf(reason: Reason, wasUp: boolean): string {
  if (reason === 'too-many-sessions') return 'resource-constraint';
  const condition = streamEndCondition(reason, wasUp) ?? 'undefined-condition';
  return OTHER_NAMES[condition] ?? condition;
}
