import {
  address,
  type ClusterFacts,
  type FrontFacts,
  forSite,
  isOrigin,
  type Listen,
  listenAddress,
  type Member,
  pathsOf,
  replySeconds,
  SESSION_PATTERN,
} from './facts.ts';
import { homePool, homeRegion, type Pool, poolOf, splitRegions } from './regions.ts';
import { clusterHeader, comment, document, type Lines, section, when } from './text.ts';

const HEADER = {
  server: 'HAProxy',
  versions: 'HAProxy 2.4 and later (tried with 2.6.12)',
  install: [
    'Put it into /etc/haproxy/haproxy.cfg, then:',
    '    haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
  ],
  notes: [],
};

/** The head of a request and what HAProxy adds to it, in the buffer beside the body. */
const HEAD_BYTES = 16_384;

/** An HAProxy in front of the members. */
export function haproxyConfig(facts: ClusterFacts): string {
  const split = splitRegions(facts);
  const pools: readonly (readonly [string, Pool])[] =
    split.length > 0
      ? split.map(({ name }) => [`boshd_${name}`, poolOf(name, facts)] as const)
      : [['boshd', homePool(facts)] as const];
  const websocket = facts.websocketPath === undefined ? [] : [facts.websocketPath];
  return document(
    clusterHeader(HEADER),
    haproxyGlobal(facts),
    haproxyDefaults(facts),
    haproxyFrontend(facts, websocket, toPool(facts)),
    ...pools.map(([name, pool]) => backend(name, pool, facts)),
    ...haproxyPages(facts),
  );
}

export function haproxyGlobal({ repeatBytesMax }: FrontFacts): Lines {
  return section('global', [
    ...comment('maxconn is left to HAProxy: it follows from how many files the process may open.'),
    ...comment(
      'A request can be repeated only while it is whole in one buffer, so this is the longest head and body for which that',
      `holds: ${repeatBytesMax} bytes of body. Longer ones pass as well, but are not repeated. Each held poll keeps one buffer of`,
      'this size (measured: 89 KB a poll with 81920, 24 KB with 16384): with very many browsers, "--repeat 16384".',
    ),
    `tune.bufsize ${repeatBytesMax + HEAD_BYTES}`,
  ]);
}

export function haproxyDefaults(facts: FrontFacts): Lines {
  const seconds = replySeconds(facts);
  return section('defaults', [
    'mode http',
    ...comment(
      'A page that is reloaded hangs up, and boshd must hear of it: else what comes next goes into the reply that nobody reads.',
    ),
    'option abortonclose',
    'timeout connect 2s',
    ...comment('A poll is held for as long as boshd holds one.'),
    `timeout client ${seconds + 5}s`,
    `timeout server ${seconds}s`,
    'timeout http-request 30s',
    'timeout http-keep-alive 60s',
    'timeout queue 10s',
    ...comment('A WebSocket may be silent for long.'),
    'timeout tunnel 1h',
  ]);
}

/** `more`: paths beside the BOSH ones. `use`: the lines that choose a backend for what the condition `boshd` is true of. */
export function haproxyFrontend(facts: FrontFacts, more: readonly string[], use: Lines): Lines {
  const { sites, listen } = facts;
  return section('frontend boshd_web', [
    ...listen.flatMap((each) => binds(each, facts)),
    ...sites.flatMap(({ hosts, paths }, index) => [
      `acl site_${index + 1} req.hdr(host),field(1,:),lower -m str ${hosts.join(' ')}`,
      `acl url_${index + 1} path ${pathsOf([...paths, ...more]).join(' ')}`,
    ]),
    ...sites.map(
      (_, index) => `http-request set-var(txn.boshd) bool(true) if site_${index + 1} url_${index + 1}`,
    ),
    'acl boshd var(txn.boshd) -m bool',
    ...comment('Set, not added to: what a client says of itself is not passed on.'),
    ...comment(
      'By the port of a browser boshd sees that a page was reloaded in the moment of a reply. Not of HTTP/2, whose connections',
      'outlive a page, and not behind another proxy.',
    ),
    'http-request del-header X-Boshd-Client-Port',
    'acl behind_proxy req.hdr(via) -m found',
    'acl behind_proxy req.hdr(x-forwarded-for) -m found',
    'acl behind_proxy req.hdr(forwarded) -m found',
    'http-request set-header X-Boshd-Client-Port %[src_port] if { req.ver 1.1 } !behind_proxy',
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request del-header Forwarded',
    ...comment('What says that it is too long need not come.'),
    `http-request deny deny_status 413 if boshd { req.hdr_val(content-length) gt ${facts.bodyBytesMax} }`,
    ...use,
    ...pageChoice(facts),
  ]);
}

function binds(listen: Listen, { certificate, sites }: FrontFacts): Lines {
  const files = [...new Set(sites.map((site) => forSite(certificate?.certFile ?? '', site)))];
  const tls = ` ssl ${files.map((file) => `crt ${file}`).join(' ')} alpn h2,http/1.1`;
  const all = listen.host === undefined ? ' v4v6' : '';
  return [
    ...when(
      certificate !== undefined,
      ...comment('The file holds the certificate chain and the key, one after the other.'),
    ),
    `bind ${listenAddress(listen, ':::')}${all}${certificate === undefined ? '' : tls}`,
  ];
}

function pageChoice({ sites }: FrontFacts): Lines {
  return sites.flatMap((site, index) =>
    site.pages === undefined ? [] : [`use_backend pages_${index + 1} if site_${index + 1}`],
  );
}

/** The web servers of the sites' pages: HAProxy serves no files. */
export function haproxyPages({ sites }: FrontFacts): readonly Lines[] {
  return sites.flatMap((site, index) => {
    if (site.pages === undefined || !isOrigin(site.pages)) return [];
    const { host } = new URL(forSite(site.pages, site));
    return [section(`backend pages_${index + 1}`, [`server web ${host}`])];
  });
}

function toPool(facts: ClusterFacts): Lines {
  if (splitRegions(facts).length === 0) return ['use_backend boshd if boshd'];
  return [...regionLines(facts), 'use_backend boshd_%[var(txn.boshd_region)] if boshd'];
}

function regionLines(facts: ClusterFacts): Lines {
  return [
    ...comment(
      `The client's network chooses the region. HAProxy reads no MaxMind database, but a list: one line for each network, as`,
      `    192.0.2.0/24 ${homeRegion(facts) ?? 'eu'}`,
      "It is made of MaxMind's (or another's) CSV files of countries and of the same table of regions:",
      ...awkScript(facts).map((line) => `    ${line}`),
    ),
    `http-request set-var(txn.boshd_region) src,map_ip(${facts.regionMap},${homeRegion(facts) ?? ''})`,
  ];
}

/** Reads the file of locations, then those of networks; prints the map. */
export function awkScript(facts: ClusterFacts): Lines {
  const regions = splitRegions(facts);
  const table = regions.flatMap(({ name, countries, continents }) => [
    ...countries.map((code) => `c["${code}"]="${name}";`),
    ...continents.map((code) => `k["${code}"]="${name}";`),
  ]);
  return [
    `awk -F, 'BEGIN { ${table.join(' ')} }`,
    '  FNR == 1 { f++; next }',
    '  f == 1 { r[$1] = ($5 in c) ? c[$5] : k[$3]; next }',
    `  { g = $2 == "" ? $3 : $2; if (r[g] != "") print $1, r[g] }' \\`,
    '  GeoLite2-Country-Locations-en.csv GeoLite2-Country-Blocks-IPv4.csv GeoLite2-Country-Blocks-IPv6.csv \\',
    `  > ${facts.regionMap}`,
  ];
}

function backend(name: string, { groups }: Pool, facts: ClusterFacts): Lines {
  const { cookie } = facts;
  return section(`backend ${name}`, [
    'balance leastconn',
    ...(cookie === undefined
      ? []
      : [
          ...comment(
            'A browser whose cookie names a member goes there, which saves a hop; any other would do as well.',
          ),
          `cookie ${cookie}`,
        ]),
    ...retries(),
    ...probes(),
    ...comment('A member that drains says so here: it keeps its held polls, all else goes to the others.'),
    'option httpchk',
    'http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host boshd',
    'http-check expect status 200',
    ...comment('Idle connections are closed before boshd would close them (http.keepAlive).'),
    'http-reuse safe',
    ...comment(
      'One connection that could not be made takes a member out until it is ready again: it has the fewest connections then,',
      'and would be chosen over and over.',
    ),
    'default-server check inter 2s fastinter 500ms downinter 500ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down',
    'default-server pool-purge-delay 20s',
    ...groups.flatMap((group, rank) => group.map((member) => server(member, rank > 0, cookie !== undefined))),
  ]);
}

/** What is repeated on which failure. */
export function retries(): Lines {
  return [
    ...comment(
      'When a connection cannot be made, another try is made, on another member where there is one. When a request has gone',
      'out and the connection closes without a reply (the member died), it is repeated if it belongs to a session: its rid',
      'tells it from a new one. A creation is not, it could leave a second session behind. Requests are read whole first, to',
      'see which it is.',
    ),
    'retries 3',
    'option redispatch 1',
    'retry-on conn-failure empty-response response-timeout',
    'option http-buffer-request',
    `acl in_session req.body -m reg '${SESSION_PATTERN}'`,
    'http-request disable-l7-retry if METH_POST !in_session',
  ];
}

/** How a machine that is gone without a word is noticed by those who wait for it. */
export function probes(): Lines {
  return [
    ...comment(
      'A machine that loses its power or its network says nothing, and the checks see to new requests only. So the kernel asks',
      'on connections on which nothing comes: after 11 s without an answer the connection is closed, and the poll repeated.',
    ),
    'option srvtcpka',
    'srvtcpka-idle 5s',
    'srvtcpka-intvl 2s',
    'srvtcpka-cnt 3',
  ];
}

function server(member: Member, backup: boolean, sticky: boolean): string {
  const weight = member.weight === 1 ? '' : ` weight ${member.weight}`;
  const cookie = sticky ? ` cookie ${member.id}` : '';
  return `server ${member.id} ${address(member)}${weight}${cookie}${backup ? ' backup' : ''}`;
}
