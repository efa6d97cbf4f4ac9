import {
  type ClusterFacts,
  forSite,
  isOrigin,
  listenAddress,
  type Member,
  pathPattern,
  replySeconds,
  type Site,
} from './facts.ts';
import { homePool } from './regions.ts';
import { block, clusterHeader, comment, document, type Lines, when } from './text.ts';

const HEADER = {
  server: 'lighttpd',
  versions: 'lighttpd 1.4.69 and later (tried with 1.4.69)',
  install: [
    'Put it into /etc/lighttpd/conf-enabled/80-boshd.conf, then:',
    '    lighttpd -tt -f /etc/lighttpd/lighttpd.conf && systemctl reload lighttpd',
  ],
  notes: [
    'lighttpd opens a new connection to a member for every request. It has no health checks; it tries another member when a',
    'connection cannot be made, and only then: a request that had gone out when its member died is answered with 500, and the',
    'client repeats it, as all the usual clients do. For more than a small site take one of the other servers.',
  ],
};

/** A lighttpd in front of the members. */
export function lighttpdConfig(facts: ClusterFacts): string {
  const { members, cookie } = facts;
  const { groups } = homePool(facts);
  const notes = [
    ...HEADER.notes,
    ...when(
      members.some(({ weight }) => weight !== 1),
      'The weights of the members are not used: it has no policy that knows them.',
    ),
    ...when(groups.length > 1, 'All regions share the requests alike: it has no order of members.'),
    ...when(
      cookie !== undefined,
      'The routing cookie is not used: it cannot choose a member and yet fall back to another.',
    ),
  ];
  return document(
    clusterHeader({ ...HEADER, notes }),
    modules(facts),
    ...listens(facts),
    ...facts.sites.map((site) => host(site, facts)),
  );
}

function modules({ certificate }: ClusterFacts): Lines {
  return [
    `server.modules += ( "mod_proxy", "mod_setenv"${certificate === undefined ? '' : ', "mod_openssl"'} )`,
  ];
}

function listens(facts: ClusterFacts): readonly Lines[] {
  const { certificate, listen, isListenGiven, sites } = facts;
  if (!isListenGiven && certificate === undefined) return [];
  const first = sites[0];
  const tls: Lines =
    certificate === undefined || first === undefined
      ? []
      : ['ssl.engine = "enable"', ...certificateLines(first, facts)];
  return listen.map((each) => block(`$SERVER["socket"] == "${listenAddress(each, ':')}"`, tls));
}

function certificateLines(site: Site, { certificate }: ClusterFacts): Lines {
  return certificate === undefined
    ? []
    : [
        `ssl.pemfile = "${forSite(certificate.certFile, site)}"`,
        `ssl.privkey = "${forSite(certificate.keyFile, site)}"`,
      ];
}

function host(site: Site, facts: ClusterFacts): Lines {
  const names = site.hosts.map((name) => name.replaceAll('.', '\\.')).join('|');
  const websocket = facts.websocketPath === undefined ? [] : [facts.websocketPath];
  return block(`$HTTP["host"] =~ "^(?:${names})(?::[0-9]+)?$"`, [
    ...certificateLines(site, facts),
    ...pages(site),
    ...block(`$HTTP["url"] =~ "${pathPattern([...site.paths, ...websocket])}"`, forward(facts)),
  ]);
}

function pages(site: Site): Lines {
  if (site.pages === undefined) return comment('Here stands what the site has beside.');
  const where = forSite(site.pages, site);
  if (!isOrigin(where)) return [`server.document-root = "${where}"`];
  const { hostname, port } = new URL(where);
  return [`proxy.server = ( "" => ( ( "host" => "${hostname}", "port" => ${port === '' ? 80 : port} ) ) )`];
}

function forward(facts: ClusterFacts): Lines {
  return [
    ...comment('Dropped, so that what a client says of itself is not passed on; lighttpd then adds its own.'),
    'setenv.set-request-header = ( "X-Forwarded-For" => "", "Forwarded" => "" )',
    `server.max-request-size = ${Math.ceil(facts.bodyBytesMax / 1024)}`,
    ...comment('Replies go on as they come.'),
    'server.stream-response-body = 1',
    ...when(facts.websocketPath !== undefined, 'proxy.header = ( "upgrade" => "enable" )'),
    'proxy.balance = "least-connection"',
    ...comment(
      'A member whose connection failed is left alone for 2 s. A poll is held for as long as boshd holds one.',
    ),
    'proxy.server = ( "" => (',
    ...homePool(facts)
      .groups.flat()
      .map((member, index, all) => `    ${memberText(member, facts)}${index === all.length - 1 ? '' : ','}`),
    ') )',
  ];
}

function memberText({ host: name, port }: Member, facts: ClusterFacts): string {
  const seconds = replySeconds(facts);
  return `( "host" => "${name}", "port" => ${port}, "connect-timeout" => 2, "read-timeout" => ${seconds}, "disable-time" => 2, "tcp-fin-propagate" => "enable" )`;
}
