import {
  address,
  type ClusterFacts,
  type FrontFacts,
  forSite,
  isOrigin,
  type Listen,
  listenAddress,
  type Member,
  pathPattern,
  replySeconds,
  SESSION_PATTERN,
  type Site,
} from './facts.ts';
import { homePool, homeRegion, type Pool, poolAround, poolOf, splitRegions } from './regions.ts';
import { block, clusterHeader, comment, document, type Lines, when } from './text.ts';

const HEADER = {
  server: 'nginx',
  versions: 'nginx 1.18 and later, open source (tried with 1.22.1)',
  install: [
    'Put it into /etc/nginx/conf.d/boshd.conf (it stands inside http { }), then:',
    '    nginx -t && systemctl reload nginx',
    'A site that has a server block already takes only the locations into it.',
  ],
  notes: [
    'Open-source nginx has no health checks of its own: it notices a dead member by the first request that fails, and',
    'repeats that one elsewhere. A member that drains needs no notice: it goes on with its sessions and passes new ones on.',
  ],
};

/** An nginx in front of the members. */
export function nginxConfig(facts: ClusterFacts): string {
  return document(
    clusterHeader(HEADER),
    upstreams(facts),
    choice(facts),
    sessionMap(),
    portMap(),
    upgradeMap(facts),
    ...facts.sites.map((site) => nginxServer(site, facts, locations(site, facts))),
  );
}

/** For a server block that is there already and one boshd: what has to be in it, and nothing else. */
export function nginxSnippet(facts: ClusterFacts): string {
  const { members, sites, websocketPath } = facts;
  const [member] = members;
  const [path = '/http-bind'] = sites[0]?.paths ?? [];
  const pass = `proxy_pass http://${member === undefined ? '127.0.0.1:5280' : address(member)};`;
  const lines = [
    ...block(`location ${path}`, [
      pass,
      'proxy_http_version 1.1;',
      'proxy_set_header Connection "";',
      ...SNIPPET_HEADERS,
      'proxy_buffering off;',
      `proxy_read_timeout ${replySeconds(facts)}s;`,
    ]),
    ...when(
      websocketPath !== undefined,
      ...block(`location ${websocketPath ?? ''}`, [
        pass,
        'proxy_http_version 1.1;',
        'proxy_set_header Upgrade $http_upgrade;',
        'proxy_set_header Connection "upgrade";',
        ...SNIPPET_HEADERS,
        'proxy_read_timeout 1h;',
      ]),
    ),
    ...block('location /.well-known/host-meta', [pass, 'proxy_set_header Host $http_host;']),
  ];
  return `${lines.join('\n')}\n`;
}

const SNIPPET_HEADERS: Lines = [
  'proxy_set_header Host $http_host;',
  'proxy_set_header X-Forwarded-For $remote_addr;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
];

function upstreams(facts: ClusterFacts): Lines {
  const split = splitRegions(facts).map(({ name }) => upstream(poolName(name), poolOf(name, facts)));
  const own = facts.cookie === undefined ? [] : facts.members.map((member) => ownPool(member, facts));
  return [
    ...comment(
      'The members. A connection that failed sends a member out of the turn for 5 s. An idle connection is closed after 60 s,',
      'before boshd would close it (http.keepAlive), so that no request runs into a closing door.',
    ),
    ...upstream('boshd', homePool(facts)),
    ...split.flat(),
    ...own.flat(),
  ];
}

function poolName(region: string): string {
  return `boshd_${region}`;
}

function ownPool(member: Member, facts: ClusterFacts): Lines {
  return upstream(`boshd_member_${member.id}`, poolAround(member, facts));
}

function upstream(name: string, { groups }: Pool): Lines {
  const server = (member: Member, backup: string) => {
    const weight = member.weight === 1 ? '' : ` weight=${member.weight}`;
    return `server ${address(member)}${weight} max_fails=1 fail_timeout=5s${backup};`;
  };
  return block(`upstream ${name}`, [
    `zone ${name} 64k;`,
    'least_conn;',
    ...groups.flatMap((group, rank) => group.map((member) => server(member, rank === 0 ? '' : ' backup'))),
    'keepalive 256;',
    'keepalive_timeout 60s;',
  ]);
}

/** Which pool a request goes to: that of its member by cookie, else that of its country, else the whole. */
function choice(facts: ClusterFacts): Lines {
  const { cookie, members } = facts;
  const isSplit = splitRegions(facts).length > 0;
  const fallback = isSplit ? '$boshd_region_pool' : 'boshd';
  return [
    ...(isSplit ? regionMap(facts) : []),
    ...(cookie === undefined
      ? []
      : [
          ...when(isSplit, ''),
          ...comment(
            'A browser whose cookie names a member goes there, which saves a hop; any other member would do as well.',
          ),
          ...block(`map $cookie_${cookie} $boshd_pool`, [
            `default ${fallback};`,
            ...members.map(({ id }) => `${id} boshd_member_${id};`),
          ]),
        ]),
  ];
}

function regionMap(facts: ClusterFacts): Lines {
  const regions = splitRegions(facts);
  const home = homeRegion(facts);
  return [
    ...comment(
      "The client's country chooses the region. Needs ngx_http_geoip2_module (Debian: libnginx-mod-http-geoip2) and a",
      'database with countries. nginx knows one rank of backups: when a region is down, all the others share its clients.',
    ),
    ...block(`geoip2 ${facts.geoDatabase}`, [
      'auto_reload 60m;',
      ...comment("As MaxMind's databases have it, and as flat ones do (of which no continent is known)."),
      '$boshd_country_nested country iso_code;',
      '$boshd_country_flat country_code;',
      '$boshd_continent continent code;',
    ]),
    ...block('map $boshd_continent $boshd_continent_pool', [
      `default ${home === undefined ? 'boshd' : poolName(home)};`,
      ...regions.flatMap(({ name, continents }) => continents.map((code) => `${code} ${poolName(name)};`)),
    ]),
    ...block('map $boshd_country_nested$boshd_country_flat $boshd_region_pool', [
      'default $boshd_continent_pool;',
      ...regions.flatMap(({ name, countries }) => countries.map((code) => `${code} ${poolName(name)};`)),
    ]),
  ];
}

/** Needed by `repeatLocation`. */
export function sessionMap(): Lines {
  return [
    ...comment(
      'Whether a request belongs to a session, by its <body/>. Asked only after a failure, when the body has been read.',
    ),
    ...block('map $request_body $boshd_in_session', ['default 0;', `"~${SESSION_PATTERN}" 1;`]),
  ];
}

/** Needed by `nginxForward`. */
export function portMap(): Lines {
  return [
    ...comment(
      'The port of a browser, by which boshd sees that a page was reloaded in the moment of a reply. Not of HTTP/2, whose',
      'connections outlive a page, and not behind another proxy.',
    ),
    ...block('map "$server_protocol$http_via$http_x_forwarded_for$http_forwarded" $boshd_client_port', [
      "default '';",
      'HTTP/1.1 $remote_port;',
    ]),
  ];
}

function upgradeMap({ websocketPath }: ClusterFacts): Lines {
  return websocketPath === undefined
    ? []
    : block('map $http_upgrade $boshd_connection', ['default upgrade;', "'' '';"]);
}

/** The server block of one site, with its pages. */
export function nginxServer(site: Site, facts: FrontFacts, ofBosh: Lines): Lines {
  const { certificate, listen } = facts;
  const tls: Lines =
    certificate === undefined
      ? []
      : [
          `ssl_certificate ${forSite(certificate.certFile, site)};`,
          `ssl_certificate_key ${forSite(certificate.keyFile, site)};`,
        ];
  return block('server', [
    ...listen.flatMap((each) => listenLines(each, certificate !== undefined)),
    `server_name ${site.hosts.join(' ')};`,
    ...tls,
    '',
    ...pages(site),
    '',
    ...ofBosh,
  ]);
}

function listenLines(listen: Listen, secure: boolean): Lines {
  const kind = secure ? ' ssl http2' : '';
  const own = `listen ${listenAddress(listen, '')}${kind};`;
  return listen.host === undefined ? [own, `listen [::]:${listen.port}${kind};`] : [own];
}

function pages(site: Site): Lines {
  if (site.pages === undefined) return comment('Here stands what the site has beside.');
  const where = forSite(site.pages, site);
  return block(
    'location /',
    isOrigin(where) ? [`proxy_pass ${where};`, 'proxy_set_header Host $http_host;'] : [`root ${where};`],
  );
}

function locations(site: Site, facts: ClusterFacts): Lines {
  const general = splitRegions(facts).length > 0 ? '$boshd_region_pool' : 'boshd';
  const pass = `proxy_pass http://${facts.cookie === undefined ? general : '$boshd_pool'};`;
  const first = [
    pass,
    ...comment(
      'When the connection fails, the next member is tried. A POST that has gone out nginx does not send again by itself: that',
      'is right for creations; requests of a session are seen to below.',
    ),
    'proxy_next_upstream error timeout;',
    'proxy_next_upstream_tries 3;',
    ...nginxForward(facts),
  ];
  return [
    ...boshLocation(site, facts, first),
    '',
    ...repeatLocation([pass, ...nginxForward(facts)]),
    ...websocketLocation(facts, pass),
  ];
}

/** The location of a site's BOSH paths. `pass`: where requests go, and with what. */
export function boshLocation(site: Site, facts: FrontFacts, pass: Lines): Lines {
  return block(`location ~ ${quoted(pathPattern(site.paths))}`, [
    ...pass,
    ...comment(`What is longer than client_body_buffer_size goes through a file and is not repeated.`),
    `client_max_body_size ${facts.bodyBytesMax};`,
    `client_body_buffer_size ${facts.repeatBytesMax};`,
    'client_body_in_single_buffer on;',
    'error_page 502 504 = @boshd_repeat;',
  ]);
}

function quoted(pattern: string): string {
  return `"${pattern}"`;
}

/** How a request is passed on. */
export function nginxForward(facts: FrontFacts, host = '$http_host'): Lines {
  return [
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    `proxy_set_header Host ${host};`,
    ...clientHeaders(),
    ...comment('Replies go on as they come, and a poll may be held for as long as boshd holds one.'),
    'proxy_buffering off;',
    'proxy_connect_timeout 2s;',
    'proxy_send_timeout 30s;',
    `proxy_read_timeout ${replySeconds(facts)}s;`,
    ...comment(
      'A machine that loses its power or its network says nothing, and a poll that it holds would hang for all of that time.',
      'The kernel asks whether it is there, but by itself only after two hours. With these in /etc/sysctl.d a poll is repeated',
      'after 11 s: net.ipv4.tcp_keepalive_time=5, net.ipv4.tcp_keepalive_intvl=2, net.ipv4.tcp_keepalive_probes=3',
    ),
    'proxy_socket_keepalive on;',
  ];
}

function clientHeaders(): Lines {
  return [
    ...comment('Set, not added to: what a client says of itself is not passed on.'),
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header Forwarded "";',
    'proxy_set_header X-Boshd-Client-Port $boshd_client_port;',
  ];
}

/** Where a request of a session goes that got no answer. */
function repeatLocation(pass: Lines): Lines {
  return block('location @boshd_repeat', [
    ...comment(
      'The member died, or closed the connection, after the request had gone out. Within a session it may be repeated,',
      'because its rid tells it from a new one; a creation may not, it could leave a second session behind.',
    ),
    'if ($boshd_in_session = 0) { return 502; }',
    ...pass,
  ]);
}

function websocketLocation(facts: ClusterFacts, pass: string): Lines {
  if (facts.websocketPath === undefined) return [];
  return [
    '',
    ...block(`location ~ ${quoted(pathPattern([facts.websocketPath]))}`, [
      pass,
      'proxy_http_version 1.1;',
      'proxy_set_header Upgrade $http_upgrade;',
      'proxy_set_header Connection $boshd_connection;',
      'proxy_set_header Host $http_host;',
      ...clientHeaders(),
      ...comment('A WebSocket may be silent for long.'),
      'proxy_read_timeout 1h;',
      'proxy_send_timeout 1h;',
      'proxy_connect_timeout 2s;',
    ]),
  ];
}
