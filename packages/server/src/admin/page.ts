import { createHash } from 'node:crypto';
import { clusterRows } from './rows.ts';
import { type MemberStatus, type SeriesStatus, type SiteStatus, totalOf } from './status.ts';

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d7dbe2, #363b45); --soft: light-dark(#5b6472, #a0a8b6);
  --good: light-dark(#17693a, #6fd39a); --bad: light-dark(#a3231f, #ff9d94); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.figures li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; min-width: 7rem; color: var(--soft); }
.figures strong { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; color: CanvasText; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing runs and nothing loads: the page is text and one style. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

type Cell = string | number;

function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const kind = (column: number): string => (typeof rows[0]?.[column] === 'number' ? ' class="number"' : '');
  const headCells = head
    .map((text, column) => `<th scope="col"${kind(column)}>${escaped(text)}</th>`)
    .join('');
  const lines = rows.map(
    (row) => `<tr>${row.map((cell, column) => `<td${kind(column)}>${show(cell)}</td>`).join('')}</tr>`,
  );
  return `<h2>${escaped(caption)}</h2><div class="scroll"><table><thead><tr>${headCells}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

function show(cell: Cell): string {
  return typeof cell === 'number' ? cell.toLocaleString('en') : escaped(cell);
}

function figure(value: number, name: string): string {
  return `<li><strong>${value.toLocaleString('en')}</strong>${escaped(name)}</li>`;
}

function memberRow(member: MemberStatus, now: Date): readonly Cell[] {
  const { open, opening } = totalOf(member.sites);
  const { process } = member;
  return [
    member.member,
    member.notReady ?? 'ready',
    open + opening,
    member.links,
    Math.round(process.residentBytes / 1e6),
    Math.round(process.loopDelayP99Ms * 10) / 10,
    lasted(now.getTime() - Date.parse(member.startedAt)),
    member.version,
  ];
}

/** `3 d 4 h`, `12 min`: what a person says. */
export function lasted(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const SITE_HEAD = [
  'Site',
  'Opening',
  'Open',
  'Logged in',
  'WebSockets',
  'Of them logged in',
  'Requests held',
  'Stanzas queued',
];

/** Rows of the same site in several members become one. */
function bySite(members: readonly MemberStatus[]): readonly (readonly Cell[])[] {
  const sites = new Map<string, SiteStatus[]>();
  for (const member of members)
    for (const site of member.sites) sites.set(site.site, [...(sites.get(site.site) ?? []), site]);
  return [...sites].map(([site, rows]) => {
    const { opening, open, loggedIn, sockets, socketsLoggedIn, held, queued } = totalOf(rows);
    return [site, opening, open, loggedIn, sockets, socketsLoggedIn, held, queued];
  });
}

/** The same counter of several members, summed, largest first. */
export function summed(members: readonly MemberStatus[], name: string): readonly SeriesStatus[] {
  const sums = new Map<string, SeriesStatus>();
  for (const { series } of members) {
    for (const one of series) {
      // All that could happen is listed, with 0: of interest here is what did.
      if (one.value === 0) continue;
      if (one.name !== name) continue;
      const key = JSON.stringify(one.labels);
      sums.set(key, { ...one, value: one.value + (sums.get(key)?.value ?? 0) });
    }
  }
  return [...sums.values()].sort((a, b) => b.value - a.value);
}

function reasons(caption: string, members: readonly MemberStatus[], name: string): string {
  const rows = summed(members, name).map(({ labels, value }) => [
    labels['site'] ?? '',
    labels['reason'] ?? '',
    value,
  ]);
  return rows.length === 0 ? '' : table(caption, ['Site', 'Reason', 'Count'], rows);
}

/** The cluster as each member sees it, which may differ: that is what one looks for. */
function cluster(members: readonly MemberStatus[]): string {
  const others = clusterRows(members);
  const placed = members
    .flatMap(({ member, cluster: seen }) =>
      (seen?.placements ?? []).map((placement) => ({ member, ...placement })),
    )
    .sort((a, b) => a.agoMs - b.agoMs)
    .slice(0, PLACEMENTS_SHOWN)
    .map(({ member, to, why, agoMs }) => [lasted(agoMs), member, to, why]);
  const head = ['Seen by', 'Member', 'Region', 'State', 'Sessions', 'Load', 'Silent, ms', 'Requests to it'];
  return [
    others.length === 0 ? '' : table('Cluster', head, others),
    placed.length === 0
      ? ''
      : table('Where new sessions went', ['Ago', 'Came in at', 'Went to', 'Why'], placed),
  ].join('');
}

const PLACEMENTS_SHOWN = 10;

/** What went wrong lately, for whoever is asked "why does it not work?". */
function failures(members: readonly MemberStatus[]): string {
  const rows = members
    .flatMap((member) => member.failures)
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, FAILURES_SHOWN)
    .map(({ at, session, domain, text, detail }) => [
      at.slice(0, 19).replace('T', ' '),
      domain,
      text,
      detail,
      session,
    ]);
  return rows.length === 0
    ? ''
    : table('Last failures', ['UTC', 'Domain', 'What happened', 'Detail', 'Session'], rows);
}

const FAILURES_SHOWN = 20;

/** The status page: whole in itself, made anew by the browser every five seconds. */
export function statusPage(members: readonly MemberStatus[], now: Date): string {
  const total = totalOf(members.flatMap(({ sites }) => sites));
  const notReady = members.filter(({ notReady: why }) => why !== undefined).length;
  const health =
    notReady === 0
      ? '<p class="good">Ready for new sessions.</p>'
      : `<p class="bad">${notReady} of ${members.length} take no new sessions.</p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>boshd: status</title><style>${STYLE}</style></head><body>
<h1>boshd</h1>${health}<p>${escaped(now.toISOString())}. Made anew every five seconds; <a href="/metrics">/metrics</a> and <a href="/status.json">/status.json</a> are for programs.</p>
<ul class="figures">${figure(total.open + total.opening, 'sessions')}${figure(total.sockets, 'WebSockets')}${figure(total.loggedIn + total.socketsLoggedIn, 'logged in')}${figure(total.held, 'requests held')}${figure(total.queued, 'stanzas queued')}</ul>
${table(
  'Members',
  ['Member', 'State', 'Sessions', 'Links', 'Memory, MB', 'Loop delay p99, ms', 'Up for', 'Version'],
  members.map((member) => memberRow(member, now)),
)}
${table('Sites', SITE_HEAD, bySite(members))}
${cluster(members)}
${failures(members)}
${reasons('Why sessions ended', members, 'boshd_sessions_ended_total')}
${reasons('Why sessions were refused', members, 'boshd_sessions_refused_total')}
</body></html>
`;
}
