import {
  address,
  type ClusterFacts,
  type FrontFacts,
  forSite,
  isOrigin,
  listenAddress,
  type Member,
  replySeconds,
  type Site,
} from './facts.ts';
import { homePool } from './regions.ts';
import { clusterHeader, comment, document, indent, type Lines, when } from './text.ts';

const MODULES = [
  'proxy',
  'proxy_http',
  'proxy_balancer',
  'proxy_hcheck',
  'lbmethod_bybusyness',
  'lbmethod_byrequests',
  'headers',
  'env',
];

/** What the operator must know of Apache; `more` are modules beside the usual ones. */
export function apacheHeader(more: Lines) {
  return {
    server: 'Apache',
    versions: 'Apache 2.4.47 and later (tried with 2.4.71)',
    install: [
      'Put it into /etc/apache2/sites-available/boshd.conf, then (as Debian has it):',
      `    a2enmod ${[...MODULES, ...more].join(' ')}`,
      '    a2ensite boshd && apachectl configtest && systemctl reload apache2',
      'A site that has a <VirtualHost> already takes the <Location> and the ProxyPass lines into it.',
    ],
    notes: [
      'Apache keeps a thread for every request that is held, so MaxRequestWorkers (with ServerLimit and ThreadsPerChild) must',
      'be above the number of browsers that are there at once; its default, 150, is soon reached. It tries another member when',
      'a connection cannot be made, and only then: a request that had gone out when its member died is answered with 502, and',
      'the client repeats it, as all the usual clients do.',
    ],
  };
}

/** An Apache in front of the members. */
export function apacheConfig(facts: ClusterFacts): string {
  const websocket = facts.websocketPath === undefined ? [] : [facts.websocketPath];
  return document(
    clusterHeader(
      apacheHeader([
        ...when(websocket.length > 0, 'proxy_wstunnel'),
        ...when(facts.certificate !== undefined, 'ssl'),
      ]),
    ),
    balancer(facts),
    ...apacheListens(facts),
    ...facts.sites.map((site) =>
      apacheHost(site, facts, [
        ...[...site.paths, ...websocket].flatMap((path) => apacheLocation(path, facts)),
        '',
        ...[...site.paths, ...websocket].map((path) => `ProxyPass "${path}" "balancer://boshd${path}"`),
      ]),
    ),
  );
}

function balancer(facts: ClusterFacts): Lines {
  const { groups } = homePool(facts);
  const { cookie } = facts;
  return element('Proxy "balancer://boshd"', [
    ...comment(
      'The members, asked every 2 s whether they are ready (a member that drains says no: it keeps its held polls, all else',
      'goes to the others). ttl: an idle connection is not used any more after 60 s, before boshd closes it (http.keepAlive).',
    ),
    ...when(groups.length > 1, ...comment('A higher lbset is for when none of a lower one can be reached.')),
    ...groups.flatMap((group, rank) => group.map((member) => memberLine(member, rank, facts))),
    'ProxySet lbmethod=bybusyness',
    ...(cookie === undefined
      ? []
      : [
          ...comment(
            'A browser whose cookie names a member goes there, which saves a hop; any other would do as well.',
          ),
          `ProxySet stickysession=${cookie} stickysessionsep=Off`,
        ]),
  ]);
}

function memberLine(member: Member, rank: number, facts: ClusterFacts): string {
  const settings = [
    `route=${member.id}`,
    ...when(member.weight !== 1, `loadfactor=${member.weight}`),
    ...when(rank > 0, `lbset=${rank}`),
    ...when(facts.websocketPath !== undefined, 'upgrade=websocket'),
    'connectiontimeout=2',
    `timeout=${replySeconds(facts)}`,
    'ttl=60 retry=2',
    'hcmethod=GET hcuri=/readyz hcinterval=2',
  ];
  return `BalancerMember "http://${address(member)}" ${settings.join(' ')}`;
}

/** `<Name argument>`, the lines, `</Name>`. */
export function element(head: string, body: Lines): Lines {
  return [`<${head}>`, ...indent(body), `</${head.split(' ')[0] ?? ''}>`];
}

/** Lines that make Apache listen, where it does not yet. */
export function apacheListens({ listen, isListenGiven }: FrontFacts): readonly Lines[] {
  return [
    isListenGiven
      ? [
          ...comment('Strike out what stands in ports.conf already.'),
          ...listen.map((each) => `Listen ${listenAddress(each, '')}`),
        ]
      : [],
  ];
}

/** The virtual host of one site, with its pages. */
export function apacheHost(site: Site, facts: FrontFacts, ofBosh: Lines): Lines {
  const { certificate, listen } = facts;
  const [name = '', ...aliases] = site.hosts;
  return element(`VirtualHost ${listen.map((each) => listenAddress(each, '*:')).join(' ')}`, [
    `ServerName ${name}`,
    ...comment('A connection of a browser is not closed after 100 requests.'),
    'MaxKeepAliveRequests 0',
    ...when(aliases.length > 0, `ServerAlias ${aliases.join(' ')}`),
    ...(certificate === undefined
      ? []
      : [
          'SSLEngine on',
          `SSLCertificateFile "${forSite(certificate.certFile, site)}"`,
          `SSLCertificateKeyFile "${forSite(certificate.keyFile, site)}"`,
        ]),
    '',
    ...ofBosh,
    '',
    ...pages(site),
  ]);
}

function pages(site: Site): Lines {
  if (site.pages === undefined) return comment('Here stands what the site has beside.');
  const where = forSite(site.pages, site);
  if (isOrigin(where)) return ['ProxyPreserveHost On', `ProxyPass "/" "${where}/"`];
  return [`DocumentRoot "${where}"`, ...element(`Directory "${where}"`, ['Require all granted'])];
}

/** Not of HTTP/2, whose connections outlive a page, and not behind another proxy. */
const OF_BROWSER =
  "%{SERVER_PROTOCOL} == 'HTTP/1.1' && -z %{HTTP:Via} && -z %{HTTP:X-Forwarded-For} && -z %{HTTP:Forwarded}";

/** What holds for one proxied path. `more`: what else is set there. */
export function apacheLocation(
  path: string,
  facts: FrontFacts,
  more: Lines = ['ProxyPreserveHost On'],
): Lines {
  return element(`Location "${path}"`, [
    ...more,
    `LimitRequestBody ${facts.bodyBytesMax}`,
    ...comment('Set, not added to: what a client says of itself is not passed on.'),
    'ProxyAddHeaders Off',
    ...comment(
      'Apache does not tell boshd that a browser has hung up. By the port of its HTTP/1.1 connection boshd sees a page that was reloaded,',
      'and gives it once more what went to the page before.',
    ),
    'RequestHeader unset X-Boshd-Client-Port',
    `RequestHeader set X-Boshd-Client-Port "expr=%{REMOTE_PORT}" "expr=${OF_BROWSER}"`,
    'RequestHeader set X-Forwarded-For "expr=%{REMOTE_ADDR}"',
    'RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"',
    'RequestHeader set X-Forwarded-Host "expr=%{HTTP_HOST}"',
    'RequestHeader unset Forwarded',
    ...comment('Replies go on as they come.'),
    'SetEnv no-gzip 1',
    'SetEnv no-brotli 1',
  ]);
}
