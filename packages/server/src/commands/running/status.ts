import { lasted, type MemberStatus, summed, totalOf } from '../../admin/index.ts';
import { type Command, EXIT } from '../command.ts';
import { askRunning, CONFIG_FLAG } from './ask.ts';

/** Columns as wide as their widest cell; numbers to the right. */
function columns(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, String(cell).length);
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, index) =>
        typeof cell === 'number'
          ? String(cell).padStart(widths[index] ?? 0)
          : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

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
    sites.map(({ site, opening, open, loggedIn, held, queued }) => [
      member,
      site,
      opening,
      open,
      loggedIn,
      held,
      queued,
    ]),
  );
  return columns([['MEMBER', 'SITE', 'OPENING', 'OPEN', 'LOGGED IN', 'HELD', 'QUEUED'], ...rows]);
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
    reasonsText('Why sessions ended:', members, 'boshd_sessions_ended_total'),
    reasonsText('Why sessions were refused:', members, 'boshd_sessions_refused_total'),
  ].join('');
}

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show what a running boshd is doing.',
  usage: '[--config FILE] [--json]',
  details: 'Asks the admin listener (admin.listen). Members, sessions of each site, and why sessions ended.',
  flags: [CONFIG_FLAG, { name: 'json', value: undefined, summary: 'All that is known, as JSON.' }],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run(invocation, surroundings) {
    const { out, err } = surroundings;
    const reply = await askRunning(invocation, 'GET', '/status.json', surroundings);
    if (reply === undefined) return EXIT.failed;
    if (reply.status !== 200) {
      err(`boshd: ${reply.text}`);
      return EXIT.failed;
    }
    out(
      invocation.flags.has('json')
        ? reply.text
        : statusText(JSON.parse(reply.text) as MemberStatus[], new Date()),
    );
    return EXIT.done;
  },
};
