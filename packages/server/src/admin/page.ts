import { ALL_REASONS, reasonFacts } from '@boshd/engine/manager';
import { adviceOf } from './advice.ts';
import { PAGE_LINKS } from './assets.ts';
import { html, type Markup, NOTHING_TO_SHOW, table } from './html.ts';
import type { Latencies, Latency } from './latency.ts';
import { lasted, summed } from './rows.ts';
import { type MemberStatus, type OtherStatus, type SiteStatus, totalOf } from './status.ts';

/** What the status page shows. */
interface PageView {
  /** The members that answered in full. */
  readonly members: readonly MemberStatus[];
  readonly latencies: Latencies;
  readonly now: Date;
  /** Lets the page give orders; undefined: it may not. */
  readonly token: string | undefined;
}

/** The status page, whole without its script; the script takes the parts of `#live` anew every two seconds. */
export function statusPage(view: PageView): string {
  const { members, now, token } = view;
  const others = othersOf(members);
  const advice = adviceOf(members, others, now);
  const order = token === undefined ? NOTHING_TO_SHOW : html`<meta name="boshd-token" content="${token}">`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${order}<title>boshd: status</title>
${PAGE_LINKS}<noscript><meta http-equiv="refresh" content="5"></noscript></head>
<body><header class="masthead"><p class="wordmark"><span class="mark" aria-hidden="true"></span>boshd<span class="edition">status</span></p>
<p id="state" class="state" role="status" data-state="online">${now.toISOString().slice(0, 19).replace('T', ' ')} UTC</p></header>
<main><div id="live">${verdict(members, others, advice)}${figures(view)}${memberCards(members, others, now)}
${table('sites', 'Sites', SITE_HEAD, bySite(members))}
${failures(members)}
${reasons('ended', 'Why sessions ended', members, 'boshd_sessions_ended_total')}
${reasons('refused', 'Why sessions were refused', members, 'boshd_sessions_refused_total')}
${placements(members)}</div>
${sessionsPart(token !== undefined)}</main>
<footer><p>For programs: <a href="/status.json">/status.json</a> and <a href="/metrics">/metrics</a>.</p></footer></body></html>
`.text;
}

/** Filled by the script, and outside of what it takes anew: what a person types stays. */
function sessionsPart(mayOrder: boolean): Markup {
  const drain = mayOrder
    ? html`<button type="button" id="drain" class="quiet-button">Drain: no new sessions</button>`
    : NOTHING_TO_SHOW;
  return html`<section id="sessions" class="sheet wide" data-orders="${mayOrder ? 'yes' : 'no'}"><h2>Sessions</h2>
<form id="search" role="search" class="field-row"><label for="text" class="quiet">Search</label><input id="text" type="search" autocomplete="off" placeholder="name, address, domain, site, server, state…">${drain}</form>
<p id="found" class="hint" role="status">Sessions are listed where scripts run; else use boshd sessions.</p><table role="table" hidden><thead role="rowgroup"><tr role="row"></tr></thead><tbody role="rowgroup"></tbody></table><p id="order-result" class="hint" role="status"></p></section>`;
}

/** Members that only others speak of, each as the one that heard it last sees it. */
function othersOf(members: readonly MemberStatus[]): readonly OtherStatus[] {
  const full = new Set(members.map(({ member }) => member));
  const others = new Map<string, OtherStatus>();
  for (const other of members.flatMap(({ cluster }) => cluster?.others ?? [])) {
    const known = others.get(other.member);
    if (full.has(other.member) || (known !== undefined && known.silentMs <= other.silentMs)) continue;
    others.set(other.member, other);
  }
  return [...others.values()].sort((a, b) => a.member.localeCompare(b.member));
}

function verdict(
  members: readonly MemberStatus[],
  others: readonly OtherStatus[],
  advice: readonly string[],
): Markup {
  const ready = members.filter(({ notReady }) => notReady === undefined).length;
  const all = members.length + others.length;
  const taking = ready + others.filter(({ state }) => state === 'live').length;
  const title =
    taking === all ? 'Ready for new sessions.' : `${all - taking} of ${all} members take no new sessions.`;
  const items = advice.map((text) => html`<li>${text}</li>`);
  const list = items.length === 0 ? html`<p>Nothing needs you.</p>` : html`<ul class="advice">${items}</ul>`;
  return html`<section id="verdict" class="verdict" data-well="${taking === all && advice.length === 0 ? 'yes' : 'no'}"><h1>${title}</h1>${list}</section>`;
}

function figures({ members, latencies }: PageView): Markup {
  const total = totalOf(members.flatMap(({ sites }) => sites));
  const { login, reply, coversMs } = latencies;
  const covers = coversMs === undefined ? 'since the start' : `in the last ${Math.round(coversMs / 1000)} s`;
  return html`<ul id="figures" class="figures">
${figure(total.open + total.opening, 'sessions')}${figure(total.sockets, 'WebSockets')}${figure(total.loggedIn + total.socketsLoggedIn, 'logged in')}${figure(total.held, 'requests held')}${figure(total.queued, 'stanzas queued')}
${figure(login.count, `log-ins ${covers}`, spread(login))}${figure(reply.count, `replies ${covers}`, spread(reply))}</ul>`;
}

function figure(value: number, name: string, note = ''): Markup {
  const more = note === '' ? NOTHING_TO_SHOW : html`<small>${note}</small>`;
  return html`<li><strong>${value}</strong>${name}${more}</li>`;
}

/** `half within 5 ms, 95 % within 250 ms`. */
function spread({ count, half, most }: Latency): string {
  if (count === 0) return '';
  return `half within ${secondsText(half)}, 95 % within ${secondsText(most)}`;
}

function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return 'more than is measured';
  return seconds < 1 ? `${seconds * 1000} ms` : `${seconds} s`;
}

interface Card {
  readonly region: string;
  readonly member: string;
  readonly state: string;
  readonly isWell: boolean;
  readonly sessions: number;
  readonly lines: readonly string[];
}

/** One card a member, by region. */
function memberCards(members: readonly MemberStatus[], others: readonly OtherStatus[], now: Date): Markup {
  const cards = [...members.map((member) => cardOf(member, now)), ...others.map(otherCardOf)];
  const most = Math.max(1, ...cards.map(({ sessions }) => sessions));
  const regions = [...new Set(cards.map(({ region }) => region))].sort();
  const groups = regions.map((region) => {
    const inside = cards.filter((card) => card.region === region);
    const sessions = inside.reduce((sum, card) => sum + card.sessions, 0);
    const title =
      region === ''
        ? NOTHING_TO_SHOW
        : html`<h3>${region} <span class="count">${sessions} ${sessions === 1 ? 'session' : 'sessions'}</span></h3>`;
    return html`<div class="region">${title}<ul class="cards">${inside.map((card) => cardText(card, most))}</ul></div>`;
  });
  return html`<section id="members"><h2>Members</h2><div class="regions">${groups}</div></section>`;
}

function cardOf(member: MemberStatus, now: Date): Card {
  const { open, opening, sockets } = totalOf(member.sites);
  const { process, cluster } = member;
  return {
    region: cluster?.region ?? '',
    member: member.member,
    state: member.notReady ?? 'ready',
    isWell: member.notReady === undefined,
    sessions: open + opening + sockets,
    lines: [
      `${member.links} links to XMPP servers`,
      `${Math.round(process.residentBytes / 1e6)} MB, event loop late by ${Math.round(process.loopDelayP99Ms * 10) / 10} ms`,
      `up for ${lasted(now.getTime() - Date.parse(member.startedAt))}, version ${member.version}`,
    ],
  };
}

function otherCardOf({ region, member, state, sessions, load, silentMs }: OtherStatus): Card {
  return {
    region,
    member,
    state: state === 'live' ? 'ready' : state,
    isWell: state === 'live',
    sessions,
    lines: [`heard ${(silentMs / 1000).toFixed(1)} s ago`, `load ${Math.round(load)}; its own page has more`],
  };
}

function cardText({ member, state, isWell, sessions, lines }: Card, most: number): Markup {
  const rows = lines.map((line) => html`<li>${line}</li>`);
  return html`<li class="card" data-well="${isWell ? 'yes' : 'no'}"><p class="name">${member}</p><p class="badge">${state}</p>
<p class="sessions"><strong>${sessions}</strong> ${sessions === 1 ? 'session' : 'sessions'}</p><meter min="0" max="${most}" value="${sessions}" aria-label="Share of the largest member"></meter><ul>${rows}</ul></li>`;
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
  'Log-ins',
  'Failed',
];

/** Rows of the same site in several members become one. */
function bySite(members: readonly MemberStatus[]): readonly (readonly (string | number)[])[] {
  const sites = new Map<string, SiteStatus[]>();
  for (const member of members)
    for (const site of member.sites) sites.set(site.site, [...(sites.get(site.site) ?? []), site]);
  const counts = (name: string, site: string) =>
    summed(members, name).reduce((sum, { labels, value }) => sum + (labels['site'] === site ? value : 0), 0);
  return [...sites].map(([site, rows]) => {
    const { opening, open, loggedIn, sockets, socketsLoggedIn, held, queued } = totalOf(rows);
    const logins = [counts('boshd_logins_total', site), counts('boshd_logins_failed_total', site)];
    return [site, opening, open, loggedIn, sockets, socketsLoggedIn, held, queued, ...logins];
  });
}

const FAILURES_SHOWN = 10;

/** What went wrong lately, for the person who is asked "why does it not work?". */
function failures(members: readonly MemberStatus[]): Markup {
  const newest = members
    .flatMap((member) => member.failures)
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, FAILURES_SHOWN);
  if (newest.length === 0) return NOTHING_TO_SHOW;
  const items = newest.map(
    ({ at, session, domain, text, detail }) =>
      html`<li><p class="where"><time>${at.slice(0, 19).replace('T', ' ')}</time> <strong>${domain}</strong> session ${session}</p><p>${text}</p><p class="detail">${detail}</p></li>`,
  );
  return html`<section id="failures" class="sheet"><h2>Last failures</h2><ol class="failures">${items}</ol></section>`;
}

/** Why sessions ended or were refused, in the words of the log and of docs/reasons.md. */
function reasons(id: string, caption: string, members: readonly MemberStatus[], name: string): Markup {
  const rows = summed(members, name).map(({ labels, value }) => [
    value,
    labels['reason'] ?? '',
    labels['site'] ?? '',
    wordsOf(labels['reason']),
  ]);
  return table(id, caption, ['Count', 'Reason', 'Site', 'What it means, and what to do'], rows);
}

function wordsOf(name: string | undefined): string {
  const reason = ALL_REASONS.find((each) => each === name);
  return reason === undefined ? '' : reasonFacts(reason).text;
}

const PLACEMENTS_SHOWN = 10;

function placements(members: readonly MemberStatus[]): Markup {
  const rows = members
    .flatMap(({ member, cluster }) => (cluster?.placements ?? []).map((each) => ({ member, ...each })))
    .sort((a, b) => a.agoMs - b.agoMs)
    .slice(0, PLACEMENTS_SHOWN)
    .map(({ member, to, why, agoMs }) => [lasted(agoMs), member, to, why]);
  return table('placements', 'Where new sessions went', ['Ago', 'Came in at', 'Went to', 'Why'], rows);
}
