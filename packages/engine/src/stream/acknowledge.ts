import { after, ascii, type ByteString } from '../kit/index.ts';
import { NS } from '../wire/index.ts';
import { ASK_AFTER, advanceOf, type Management, WRAPS_AT } from './management.ts';
import { send } from './send.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** What a server can say about stream management that ends the stream. */
export interface ManagementFault {
  readonly detail: string;
}

/** The server says how many of the client's stanzas it has handled: in <a/>, and in <resumed/>. */
export function takeAcknowledgement(
  stream: Stream,
  management: Management,
  h: string | undefined,
  turn: StreamTurn,
): ManagementFault | undefined {
  if (h === undefined || !/^\d{1,10}$/.test(h) || Number(h) >= WRAPS_AT) return { detail: 'h is no number' };
  const advance = advanceOf(management.acknowledged, Number(h));
  const outstanding = management.sent - management.acknowledged;
  if (advance > outstanding) {
    send(stream, tooHigh(Number(h), management.sent), turn);
    return { detail: `${h} stanzas acknowledged, ${management.sent} sent` };
  }
  management.acknowledged += advance;
  management.askedAt = undefined;
  management.askBy = advance < outstanding ? after(turn.now, ASK_AFTER) : undefined;
  dropHandled(management, advance);
  return undefined;
}

/** The server does not have the stream any more, and says how much it has handled of it (XEP-0198 §5). */
export function noteHandled(management: Management, h: string | undefined): void {
  if (h === undefined || !/^\d{1,10}$/.test(h)) return;
  const advance = advanceOf(management.acknowledged, Number(h));
  if (advance <= management.sent - management.acknowledged) dropHandled(management, advance);
}

function dropHandled(management: Management, count: number): void {
  const { queue } = management;
  if (queue !== undefined) {
    for (const bytes of queue.splice(0, count)) management.queueBytes -= bytes.length;
  } else if (management.acknowledged === management.sent) {
    // Nothing is in doubt any more of what was too much to keep: from here on it can be resumed again.
    management.queue = [];
    management.queueBytes = 0;
  }
}

/** XEP-0198 §6 */
function tooHigh(h: number, sent: number): ByteString {
  return ascii(
    `<stream:error><undefined-condition xmlns='${NS.streamErrors}'/>` +
      `<handled-count-too-high xmlns='${NS.streamManagement}' h='${h}' send-count='${sent}'/></stream:error>`,
  );
}
