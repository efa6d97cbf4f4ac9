import { type Reason, reasonFacts } from '../reasons.ts';

/** Conditions of XEP-0124 §17.2 that RFC 6120 §4.9.3 has under another name, or not at all. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'bad-request': 'bad-format',
  'item-not-found': 'connection-timeout',
  'remote-stream-error': 'undefined-condition',
};

/** The stream error that a client over WebSocket is told for a reason. `isStart`: its stream never came to be. */
export function streamErrorOf(reason: Reason, isStart: boolean): string {
  if (reason === 'too-many-sessions') return 'resource-constraint';
  const condition = reasonFacts(reason).condition ?? 'undefined-condition';
  if (isStart && condition === 'internal-server-error') return 'remote-connection-failed';
  return OTHER_NAMES[condition] ?? condition;
}
