import { between, type Instant } from '@boshd/engine/kit';
import type { BoshClient, WebSocketClient } from '@boshd/engine/manager';
import type { LiveStatus } from './status.ts';

/** A session or WebSocket as the operator sees it. */
export function liveStatus(client: BoshClient | WebSocketClient, member: string, now: Instant): LiveStatus {
  const { facts, story, refusedLogIn } = client;
  return {
    member,
    session: facts.name,
    site: facts.site,
    domain: facts.domain,
    address: facts.address,
    ageMs: between(facts.createdAt, now),
    ...('session' in client ? ofSession(client, now) : ofWebSocket(client, now)),
    isLoggedIn: client.isLoggedIn,
    mechanism: refusedLogIn?.mechanism ?? story.mechanism,
    refused: refusedLogIn === undefined ? '' : refusedLogIn.condition || 'no condition',
    loginMs: story.loginTook,
    server: story.server,
    isSecure: story.isSecure,
    answerMs: story.answerTook,
    slowestAnswerMs: story.slowestAnswer,
    milestone: story.milestone,
    milestoneAgoMs: between(story.milestoneAt, now),
  };
}

/** Whether a person who looks for `text` means this one; capitals do not count, and '' means all. */
export function isMeant(status: LiveStatus, text: string): boolean {
  const { session, transport, site, domain, address, state, server, mechanism, refused, milestone } = status;
  const wanted = text.toLowerCase();
  return [session, transport, site, domain, address, state, server, mechanism, refused, milestone].some(
    (word) => word.toLowerCase().includes(wanted),
  );
}

type OfTransport = Pick<
  LiveStatus,
  'transport' | 'state' | 'requests' | 'held' | 'queued' | 'queuedBytes' | 'silentMs'
>;

function ofSession({ session }: BoshClient, now: Instant): OfTransport {
  return {
    transport: 'bosh',
    state: session.life.phase,
    requests: session.requests.lastRid - session.creationRid + 1,
    held: session.requests.held.length,
    queued: session.queue.count,
    queuedBytes: session.queue.bytes,
    silentMs: between(session.pace.lastNewAt, now),
  };
}

/** How many stanzas lie in the socket is known to nobody, how many bytes is. */
function ofWebSocket({ socket }: WebSocketClient, now: Instant): OfTransport {
  return {
    transport: 'websocket',
    state: socket.phase,
    requests: undefined,
    held: 0,
    queued: undefined,
    queuedBytes: socket.unreadBytes,
    silentMs: between(socket.heardAt, now),
  };
}
