import {
  address,
  type ClusterFacts,
  forSite,
  type Listen,
  listenAddress,
  pathsOf,
  replySeconds,
  type Site,
} from './facts.ts';
import { homePool, type Pool } from './regions.ts';
import { clusterHeader, comment, document, type Lines, section } from './text.ts';

const HEADER = {
  server: 'Traefik',
  versions: 'Traefik 3.3 and later (its file provider)',
  install: [
    'Put it into a file that the file provider reads, such as /etc/traefik/dynamic/boshd.yaml; Traefik reads it anew by',
    'itself and logs what it does not understand. Not tried by the makers of boshd: Debian has no Traefik.',
  ],
};

const YAML = '  ';

/** The dynamic configuration of a Traefik in front of the members. */
export function traefikConfig(facts: ClusterFacts): string {
  const notes = [
    'The static configuration must have these entry points:',
    ...entryPoints(facts),
    'Traefik tries another member when a connection cannot be made, and only then: a request that had gone out when its member',
    'died is answered with 502, and the client repeats it, as all the usual clients do.',
  ];
  return document(
    clusterHeader({ ...HEADER, notes }),
    section(
      'http:',
      [
        ...section(
          'routers:',
          facts.sites.flatMap((site, index) => router(site, index, facts)),
          YAML,
        ),
        ...section('services:', services(facts), YAML),
        ...section('middlewares:', middlewares(), YAML),
        ...section('serversTransports:', transport(facts), YAML),
      ],
      YAML,
    ),
    certificates(facts),
  );
}

function entryPointName(index: number): string {
  return index === 0 ? 'web' : `web${index + 1}`;
}

function entryPoints({ listen, waitMs }: ClusterFacts): Lines {
  const lines = listen.flatMap((each: Listen, index) => [
    `  ${entryPointName(index)}:`,
    `    address: "${listenAddress(each, ':')}"`,
    `    transport: { respondingTimeouts: { readTimeout: ${replySeconds({ waitMs }) + 30}s } }`,
  ]);
  return [
    'entryPoints:',
    ...lines,
    '(readTimeout counts from the start of a request to the end of its reply while a poll is held; do not lower it.',
    'forwardedHeaders must not be insecure: then Traefik itself replaces what a client says in X-Forwarded-*.)',
  ];
}

function router(site: Site, index: number, facts: ClusterFacts): Lines {
  const hosts = site.hosts.map((host) => `Host(\`${host}\`)`).join(' || ');
  const websocket = facts.websocketPath === undefined ? [] : [facts.websocketPath];
  const paths = pathsOf([...site.paths, ...websocket]).map((path) => `Path(\`${path}\`)`);
  const points = facts.listen.map((_, position) => entryPointName(position)).join(', ');
  const tls = facts.certificate === undefined ? [] : ['tls: {}'];
  const own = section(
    `boshd-${index + 1}:`,
    [
      `entryPoints: [${points}]`,
      `rule: "(${hosts}) && (${paths.join(' || ')})"`,
      `service: ${homePool(facts).groups.length > 1 ? 'boshd-0' : 'boshd'}`,
      'middlewares: [boshd-retry, boshd-client]',
      ...tls,
    ],
    YAML,
  );
  if (site.pages === undefined) return own;
  return [
    ...own,
    ...section(
      `pages-${index + 1}:`,
      [`entryPoints: [${points}]`, `rule: "${hosts}"`, `service: pages-${index + 1}`, ...tls],
      YAML,
    ),
  ];
}

function services(facts: ClusterFacts): Lines {
  const pool = homePool(facts);
  const ofMembers =
    pool.groups.length === 1 ? balancer('boshd', pool.groups[0] ?? [], facts) : ranked(pool, facts);
  const ofPages = facts.sites.flatMap((site, index) =>
    site.pages === undefined
      ? []
      : section(
          `pages-${index + 1}:`,
          section('loadBalancer:', [`servers: [{ url: "${forSite(site.pages, site)}" }]`], YAML),
          YAML,
        ),
  );
  return [...ofMembers, ...ofPages];
}

/** One balancer a region; each falls back to what comes after it. */
function ranked({ groups }: Pool, facts: ClusterFacts): Lines {
  const last = groups.length - 1;
  const nameOf = (rank: number) => (rank === last ? `boshd-members-${rank}` : `boshd-${rank}`);
  return [
    ...comment('A region after the other: the next one when none of a region is ready.'),
    ...groups.flatMap((group, rank) => [
      ...balancer(`boshd-members-${rank}`, group, facts),
      ...(rank === last
        ? []
        : section(
            `boshd-${rank}:`,
            section(
              'failover:',
              [`service: boshd-members-${rank}`, `fallback: ${nameOf(rank + 1)}`, 'healthCheck: {}'],
              YAML,
            ),
            YAML,
          )),
    ]),
  ];
}

function balancer(name: string, members: ClusterFacts['members'], { cookie }: ClusterFacts): Lines {
  const weight = (of: number) => (of === 1 ? '' : `, weight: ${of}`);
  return section(
    `${name}:`,
    section(
      'loadBalancer:',
      [
        'servers:',
        ...members.map((member) => `  - { url: "http://${address(member)}"${weight(member.weight)} }`),
        'passHostHeader: true',
        'serversTransport: boshd',
        ...comment(
          'A member that drains says so here: it keeps its held polls, all else goes to the others.',
        ),
        'healthCheck: { path: /readyz, interval: 2s, timeout: 2s }',
        ...(cookie === undefined
          ? []
          : [
              ...comment(
                "Traefik knows its own cookie only, not boshd's: it keeps a browser where it came first.",
              ),
              `sticky: { cookie: { name: ${cookie}_proxy, httpOnly: true, sameSite: lax } }`,
            ]),
      ],
      YAML,
    ),
    YAML,
  );
}

function middlewares(): Lines {
  return [
    ...section('boshd-retry:', ['retry: { attempts: 3, initialInterval: 100ms }'], YAML),
    ...comment('Traefik replaces X-Forwarded-* itself, but knows nothing of this header.'),
    ...section('boshd-client:', ['headers: { customRequestHeaders: { Forwarded: "" } }'], YAML),
  ];
}

function transport(facts: ClusterFacts): Lines {
  return section(
    'boshd:',
    section(
      'forwardingTimeouts:',
      [
        'dialTimeout: 2s',
        ...comment('A poll is held for as long as boshd holds one.'),
        `responseHeaderTimeout: ${replySeconds(facts)}s`,
        ...comment("Traefik's own 90 s are longer than boshd keeps an idle connection (http.keepAlive)."),
        'idleConnTimeout: 60s',
      ],
      YAML,
    ),
    YAML,
  );
}

function certificates({ certificate, sites }: ClusterFacts): Lines {
  if (certificate === undefined) return [];
  const each = sites.map(
    (site) =>
      `- { certFile: "${forSite(certificate.certFile, site)}", keyFile: "${forSite(certificate.keyFile, site)}" }`,
  );
  return section('tls:', section('certificates:', each, YAML), YAML);
}
