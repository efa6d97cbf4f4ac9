import {
  clusterRows,
  type EndStatus,
  type LifeStatus,
  lasted,
  type MemberStatus,
  type SessionStatus,
  summed,
  totalOf,
} from '../../admin/index.ts';
import { type Command, EXIT, type Surroundings } from '../common/command.ts';
import { CONFIG_FLAG, readRunning } from './ask.ts';
import { liveText } from './live-text.ts';
import { columns, exactly, parseReply, shownJson } from './text.ts';

function membersText(members: readonly MemberStatus[], now: Date): string {
  const rows = members.map(({ member, notReady, sites, links, process, startedAt, version }) => {
    const { open, opening } = totalOf(sites);
    const megabytes = Math.round(process.residentBytes / 1e6);
    const upFor = lasted(now.getTime() - Date.parse(startedAt));
    return [
      member,
      notReady ?? 'ready',
      open + opening,
      links,
      megabytes,
      Math.round(process.loopDelayP99Ms),
      upFor,
      version,
    ];
  });
  return columns([['MEMBER', 'STATE', 'SESSIONS', 'LINKS', 'MB', 'LOOP MS', 'UP FOR', 'VERSION'], ...rows]);
}

function sitesText(members: readonly MemberStatus[]): string {
  const rows = members.flatMap(({ member, sites }) =>
    sites.map(({ site, opening, open, loggedIn, sockets, socketsLoggedIn, held, queued }) => [
      member,
      site,
      opening,
      open,
      loggedIn,
      sockets,
      socketsLoggedIn,
      held,
      queued,
    ]),
  );
  return columns([
    ['MEMBER', 'SITE', 'OPENING', 'OPEN', 'LOGGED IN', 'WEBSOCKETS', 'WS LOGGED IN', 'HELD', 'QUEUED'],
    ...rows,
  ]);
}

function clusterText(members: readonly MemberStatus[]): string {
  const rows = clusterRows(members);
  const head = ['SEEN BY', 'MEMBER', 'REGION', 'STATE', 'SESSIONS', 'LOAD', 'SILENT MS', 'REQUESTS'];
  return rows.length === 0 ? '' : `\n${columns([head, ...rows])}${hopsText(members)}`;
}

/** What outlives workers, where something does. */
function survivalText(members: readonly MemberStatus[]): string {
  const rows = members.flatMap(({ survival }) => (survival === undefined ? [] : [survival]));
  const head = ['WORKERS', 'LINKS', 'RECORDS', 'MB', 'WAITING', 'CONTINUED', 'POISONED', 'DEATHS'];
  const lines = rows.map(({ workers, links, records, heldBytes, waiting, continued, poisoned, deaths }) => [
    workers,
    links,
    records,
    Math.round(heldBytes / 1e6),
    waiting,
    continued,
    poisoned,
    deaths,
  ]);
  return rows.length === 0 ? '' : `\nSurvival:\n${columns([head, ...lines])}`;
}

/** How well whatever balances in front knows where the sessions are. */
function hopsText(members: readonly MemberStatus[]): string {
  const forwarded = members.reduce((sum, { cluster }) => sum + (cluster?.forwarded ?? 0), 0);
  const taken = summed(members, 'boshd_requests_total').reduce((sum, { value }) => sum + value, 0);
  return `\nRequests that came in here for another member: ${forwarded}; taken for sessions here: ${taken}\n`;
}

/** As many as a person reads. */
const PLACEMENTS_SHOWN = 5;

function placementsText(members: readonly MemberStatus[]): string {
  const rows = members
    .flatMap(({ member, cluster }) =>
      (cluster?.placements ?? []).map((placement) => ({ member, ...placement })),
    )
    .sort((a, b) => a.agoMs - b.agoMs)
    .slice(0, PLACEMENTS_SHOWN)
    .map(({ member, to, why, agoMs }) => [`${lasted(agoMs)} ago`, `${member} -> ${to}`, why]);
  return rows.length === 0 ? '' : `\nWhere new sessions went:\n${columns(rows)}`;
}

/** Most ends are one of a few reasons. */
const REASONS_SHOWN = 10;

function reasonsText(title: string, members: readonly MemberStatus[], name: string): string {
  const rows = summed(members, name)
    .slice(0, REASONS_SHOWN)
    .map(({ labels, value }) => [value, labels['reason'] ?? '', labels['site'] ?? '']);
  return rows.length === 0 ? '' : `\n${title}\n${columns(rows)}`;
}

/** What `boshd status` prints. */
export function statusText(members: readonly MemberStatus[], now: Date): string {
  return [
    membersText(members, now),
    `\n${sitesText(members)}`,
    clusterText(members),
    survivalText(members),
    placementsText(members),
    failuresText(members),
    reasonsText('Why sessions ended:', members, 'boshd_sessions_ended_total'),
    reasonsText('Why sessions were refused:', members, 'boshd_sessions_refused_total'),
  ].join('');
}

/** Failures are told with all that is known, so few are enough. */
const FAILURES_SHOWN = 5;

function failuresText(members: readonly MemberStatus[]): string {
  const newest = members.flatMap(({ failures }) => failures).sort((a, b) => b.at.localeCompare(a.at));
  return newest.length === 0 ? '' : `\nLast failures:\n${endsText(newest.slice(0, FAILURES_SHOWN))}`;
}

/** Why sessions ended, each with what to look at. */
function endsText(ends: readonly EndStatus[]): string {
  return ends
    .map(({ at, session, domain, text, reason, detail, whole }) => {
      const what = detail === '' ? reason : `${reason}: ${detail}`;
      const life = whole === undefined ? '' : `    ${lifeText(whole)}\n`;
      return `${at.slice(0, 19).replace('T', ' ')}  ${domain}  session ${session}\n    ${text}\n    ${what}\n${life}`;
    })
    .join('');
}

function lifeText({ livedMs, undelivered, server, mechanism, slowestAnswerMs }: LifeStatus): string {
  return [
    `it lived ${exactly(livedMs)}`,
    server === '' ? 'no XMPP server served it' : `XMPP server ${server}`,
    mechanism === '' ? 'never logged in' : `logged in by ${mechanism}`,
    ...(slowestAnswerMs === undefined ? [] : [`slowest answer of the server ${exactly(slowestAnswerMs)}`]),
    ...(undelivered === 0 ? [] : [`${undelivered} stanzas that the client did not confirm`]),
  ].join('; ');
}

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show what a running boshd is doing.',
  usage: '[SESSION] [--config FILE] [--json]',
  details:
    'Asks the admin listener (admin.listen). Members, sessions of each site, what went wrong lately and why sessions ended.\nWith the short name of a session, as the log and "boshd sessions" have it: its log-in (mechanism, condition), what happened last, its\nXMPP server, how long answers take; of one that has ended, why.',
  flags: [CONFIG_FLAG, { name: 'json', value: undefined, summary: 'All that is known, as JSON.' }],
  takesConfig: true,
  operands: { min: 0, max: 1 },
  async run(invocation, surroundings) {
    const { out } = surroundings;
    const [session] = invocation.operands;
    const path = session === undefined ? '/status.json' : `/session.json?name=${encodeURIComponent(session)}`;
    const text = await readRunning(invocation, path, surroundings);
    if (text === undefined) return EXIT.failed;
    if (invocation.flags.has('json')) out(shownJson(text));
    else if (session === undefined) out(statusText(parseReply(text) as MemberStatus[], new Date()));
    else return tellSession(session, parseReply(text) as SessionStatus, surroundings);
    return EXIT.done;
  },
};

function tellSession(session: string, { live, ends }: SessionStatus, { out, err }: Surroundings): number {
  if (live.length + ends.length === 0) {
    err(
      `boshd: nothing is known of a session ${session}: it ended long ago, or another member of the cluster has it, or had it.\n`,
    );
    return EXIT.failed;
  }
  out(live.map(liveText).join('') + endsText(ends));
  return EXIT.done;
}
