import {
  address,
  type ClusterFacts,
  type FrontFacts,
  forSite,
  isOrigin,
  type Member,
  pathsOf,
  replySeconds,
  type Site,
} from './facts.ts';
import { homePool, type Pool, poolAround } from './regions.ts';
import { block, clusterHeader, comment, document, type Lines, when } from './text.ts';

export const CADDY_HEADER = {
  server: 'Caddy',
  versions: 'Caddy 2.6 and later (tried with 2.6.2)',
  install: [
    'Put it into /etc/caddy/Caddyfile, or into a file of its own that the Caddyfile imports, then:',
    '    caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy',
    'A site that has a block already takes what stands in it here.',
  ],
  notes: [
    'Caddy tries another member when a connection cannot be made, and only then: a request that had gone out when its member',
    'died is answered with 502, and the client repeats it, as all the usual clients do.',
  ],
};

/** A Caddy in front of the members. */
export function caddyConfig(facts: ClusterFacts): string {
  const websocket = facts.websocketPath === undefined ? [] : [facts.websocketPath];
  const hasWeights = facts.members.some(({ weight }) => weight !== 1);
  const notes = [
    ...CADDY_HEADER.notes,
    ...when(hasWeights, 'The weights of the members are not used: this Caddy has no policy that knows them.'),
  ];
  return document(
    clusterHeader({ ...CADDY_HEADER, notes }),
    snippet(facts),
    ...facts.sites.map((site) =>
      caddySite(site, facts, [
        `@boshd path ${pathsOf([...site.paths, ...websocket]).join(' ')}`,
        ...block('handle @boshd', [...caddyBody(facts), ...toMembers(facts)], '\t'),
      ]),
    ),
  );
}

/** How requests are passed on, whichever members they go to. */
function snippet(facts: ClusterFacts): Lines {
  return block(
    '(boshd_forward)',
    [
      ...comment('Another member is tried for 5 s when the connection cannot be made.'),
      'lb_try_duration 5s',
      'lb_try_interval 100ms',
      'fail_duration 5s',
      'max_fails 1',
      ...comment('A member that drains says so here: it keeps its held polls, all else goes to the others.'),
      'health_uri /readyz',
      'health_interval 2s',
      'health_timeout 2s',
      ...caddyTransport(facts, []),
    ],
    '\t',
  );
}

/** The connections to the service, and what it is told of the client. `tls`: lines for a service behind TLS. */
export function caddyTransport(facts: FrontFacts, tls: Lines): Lines {
  return [
    ...comment(
      'Caddy sets X-Forwarded-For, -Proto and -Host itself and drops what a client says there, but it knows nothing of this:',
    ),
    'header_up -Forwarded',
    ...block(
      'transport http',
      [
        ...tls,
        'dial_timeout 2s',
        ...comment('A poll is held for as long as boshd holds one.'),
        `response_header_timeout ${replySeconds(facts)}s`,
        ...comment("Caddy's own 2 minutes are longer than boshd keeps an idle connection (http.keepAlive)."),
        'keepalive 60s',
        'keepalive_idle_conns_per_host 256',
        'compression off',
      ],
      '\t',
    ),
  ];
}

const FOREIGN = [
  '{http.request.proto} != "HTTP/1.1"',
  ...['Via', 'X-Forwarded-For', 'Forwarded'].map((name) => `{http.request.header.${name}} != ""`),
].join(' || ');

/** What comes before a request is passed on. */
export function caddyBody({ bodyBytesMax }: FrontFacts): Lines {
  return [
    ...block('request_body', [`max_size ${bodyBytesMax}`], '\t'),
    ...comment(
      'Reads the body whole: when no connection can be made, Caddy before 2.11 has no body left for the next try.',
    ),
    'vars boshd_body {http.request.body}',
    ...comment(
      'By the port of a browser boshd sees that a page was reloaded in the moment of a reply. Not of HTTP/2, whose connections',
      'outlive a page, and not behind another proxy.',
    ),
    `@foreign expression \`${FOREIGN}\``,
    'request_header @foreign -X-Boshd-Client-Port',
    `@own expression \`!(${FOREIGN})\``,
    'request_header @own X-Boshd-Client-Port {http.request.remote.port}',
  ];
}

function toMembers(facts: ClusterFacts): Lines {
  const { cookie, members } = facts;
  const others = proxy(homePool(facts));
  if (cookie === undefined) return others;
  return [
    ...comment(
      'A browser whose cookie names a member goes there, which saves a hop; any other would do as well.',
    ),
    ...members.flatMap((member) => [
      `@${member.id} header_regexp Cookie (?:^|;\\s*)${cookie}=${member.id}(?:;|$)`,
      ...block(`handle @${member.id}`, proxy(poolAround(member, facts)), '\t'),
    ]),
    ...block('handle', others, '\t'),
  ];
}

function proxy({ groups }: Pool): Lines {
  const all = groups.flat().map((member: Member) => address(member));
  const policy =
    groups.length === 1
      ? ['lb_policy least_conn']
      : [...comment('The first that is there: in the order of the regions.'), 'lb_policy first'];
  return block(`reverse_proxy ${all.join(' ')}`, [...policy, 'import boshd_forward'], '\t');
}

/** The block of one site, with its pages. */
export function caddySite(site: Site, facts: FrontFacts, ofBosh: Lines): Lines {
  const { certificate } = facts;
  const hosts = [...new Set(facts.listen.flatMap(({ host }) => (host === undefined ? [] : [host])))];
  return block(
    siteAddresses(site, facts).join(', '),
    [
      ...when(hosts.length > 0, `bind ${hosts.join(' ')}`),
      ...when(
        certificate !== undefined,
        `tls ${forSite(certificate?.certFile ?? '', site)} ${forSite(certificate?.keyFile ?? '', site)}`,
      ),
      ...ofBosh,
      ...block('handle', pages(site), '\t'),
    ],
    '\t',
  );
}

/** Without a port asked for, Caddy serves https with a certificate that it gets by itself. */
function siteAddresses({ hosts }: Site, { listen, isListenGiven, certificate }: FrontFacts): Lines {
  if (!isListenGiven) return hosts;
  const scheme = certificate === undefined ? 'http' : 'https';
  const ports = [...new Set(listen.map(({ port }) => port))];
  return hosts.flatMap((host) => ports.map((port) => `${scheme}://${host}:${port}`));
}

function pages(site: Site): Lines {
  if (site.pages === undefined) return comment('Here stands what the site has beside.');
  const where = forSite(site.pages, site);
  return isOrigin(where) ? [`reverse_proxy ${where}`] : [`root * ${where}`, 'file_server'];
}
