import type { LiveStatus, SessionsStatus } from '../../admin/index.ts';
import { columns, exactly, NO_NUMBER } from './text.ts';

const HEAD = [
  'SESSION',
  'MEMBER',
  'SITE',
  'DOMAIN',
  'ADDRESS',
  'BY',
  'STATE',
  'AGE',
  'REQUESTS',
  'HELD',
  'QUEUED',
  'BYTES',
];

/** What `boshd sessions` prints. */
export function sessionsText(members: readonly SessionsStatus[]): string {
  const sessions = members.flatMap((member) => member.sessions).sort((a, b) => b.ageMs - a.ageMs);
  const count = members.reduce((sum, member) => sum + member.count, 0);
  if (count === 0) return 'no live session\n';
  const isCut = count > sessions.length;
  const rest = isCut
    ? `\n${sessions.length} of ${count} are shown: "boshd sessions TEXT" lists those in which a text stands.\n`
    : '';
  return `${columns([HEAD, ...sessions.map(row)])}${rest}`;
}

/** A live session: who, where, what happened last, how long answers take. */
export function liveText(live: LiveStatus): string {
  const { session, transport, site, member, domain, address, state, ageMs, isSecure } = live;
  const { server, answerMs, slowestAnswerMs, milestone, milestoneAgoMs, silentMs } = live;
  const kind = transport === 'bosh' ? 'session over BOSH' : 'WebSocket';
  const at = server === '' ? 'no stream is ready yet' : `${server}, ${isSecure ? 'TLS' : 'not encrypted'}`;
  const answers =
    answerMs === undefined
      ? 'it was asked nothing yet'
      : `its last answer took ${exactly(answerMs)}, the slowest ${exactly(slowestAnswerMs ?? answerMs)}`;
  return `${domain}  session ${session} lives: ${kind}, ${state} for ${exactly(ageMs)}, site ${site}, member ${member}
    log-in: ${loginText(live)}
    last event: ${milestone}, ${exactly(milestoneAgoMs)} ago
    XMPP server: ${at}; ${answers}
    client: ${address}, last heard of ${exactly(silentMs)} ago; ${queueText(live)}
`;
}

function row(live: LiveStatus): readonly (string | number)[] {
  const { session, member, site, domain, address, transport, state, isLoggedIn, ageMs } = live;
  const { requests, held, queued, queuedBytes } = live;
  return [
    session,
    member,
    site,
    domain,
    address,
    transport,
    isLoggedIn ? 'logged in' : state,
    exactly(ageMs),
    requests ?? NO_NUMBER,
    held,
    queued ?? NO_NUMBER,
    queuedBytes,
  ];
}

function loginText({ isLoggedIn, mechanism, refused, loginMs }: LiveStatus): string {
  if (refused !== '') return `refused by the XMPP server: ${mechanism || 'unknown mechanism'}, ${refused}`;
  if (!isLoggedIn) return 'none yet';
  return `by ${mechanism}, ${exactly(loginMs ?? 0)} after the creation`;
}

function queueText({ requests, held, queued, queuedBytes }: LiveStatus): string {
  return requests === undefined
    ? `${queuedBytes} bytes wait for it`
    : `${requests} requests, ${held} held; ${queued ?? 0} stanzas (${queuedBytes} bytes) wait for it`;
}
