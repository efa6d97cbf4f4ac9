import { type ClusterFacts, forSite, type Member } from './facts.ts';
import { homePool } from './regions.ts';
import { comment, indent, type Lines, section, when } from './text.ts';

export const YAML = '  ';
export const TYPE = 'type.googleapis.com/envoy.';

/** A list entry: its first line behind a dash. */
export function item(lines: Lines): Lines {
  const [first = '', ...rest] = lines;
  return [`- ${first}`, ...indent(rest, YAML)];
}

export function socket(host: string, port: number): string {
  return `{ socket_address: { address: "${host}", port_value: ${port} } }`;
}

/** Where requests go: the members, and the web servers of the sites' pages. */
export function envoyClusters(facts: ClusterFacts): Lines {
  return [...members(facts), ...pages(facts)];
}

function members(facts: ClusterFacts): Lines {
  const { cookie } = facts;
  const { groups } = homePool(facts);
  return item([
    'name: boshd',
    'type: STRICT_DNS',
    'connect_timeout: 2s',
    'lb_policy: LEAST_REQUEST',
    ...(cookie === undefined
      ? []
      : section(
          'lb_subset_config:',
          ['fallback_policy: ANY_ENDPOINT', 'subset_selectors: [{ keys: [member] }]'],
          YAML,
        )),
    ...connections(),
    ...healthChecks(),
    ...section(
      'load_assignment:',
      [
        'cluster_name: boshd',
        ...section(
          'endpoints:',
          groups.flatMap((group, rank) => locality(group, rank, cookie)),
          YAML,
        ),
      ],
      YAML,
    ),
  ]);
}

function connections(): Lines {
  return [
    ...comment('Idle connections are closed before boshd would close them (http.keepAlive).'),
    ...section(
      'typed_extension_protocol_options:',
      section(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions:',
        [
          `"@type": ${TYPE}extensions.upstreams.http.v3.HttpProtocolOptions`,
          'common_http_protocol_options: { idle_timeout: 60s }',
          'explicit_http_config: { http_protocol_options: {} }',
        ],
        YAML,
      ),
      YAML,
    ),
  ];
}

function healthChecks(): Lines {
  return [
    ...comment('A member that drains says so here: it keeps its held polls, all else goes to the others.'),
    ...section(
      'health_checks:',
      item([
        'timeout: 2s',
        'interval: 2s',
        'unhealthy_threshold: 2',
        'healthy_threshold: 2',
        'http_health_check: { path: /readyz, host: boshd }',
      ]),
      YAML,
    ),
  ];
}

function locality(group: readonly Member[], priority: number, cookie: string | undefined): Lines {
  return item([
    `priority: ${priority}`,
    ...section(
      'lb_endpoints:',
      group.flatMap((member) => endpoint(member, cookie !== undefined)),
      YAML,
    ),
  ]);
}

function endpoint({ id, host, port, weight }: Member, named: boolean): Lines {
  return item([
    `endpoint: { address: ${socket(host, port)} }`,
    ...when(weight !== 1, `load_balancing_weight: ${weight}`),
    ...when(named, `metadata: { filter_metadata: { envoy.lb: { member: ${id} } } }`),
  ]);
}

function pages({ sites }: ClusterFacts): Lines {
  return sites.flatMap((site, index) => {
    if (site.pages === undefined) return [];
    const { hostname, port, protocol } = new URL(forSite(site.pages, site));
    const host = hostname.replace(/^\[|\]$/g, '');
    const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
    return item([
      `name: pages_${index + 1}`,
      'type: STRICT_DNS',
      'connect_timeout: 2s',
      ...section(
        'load_assignment:',
        [
          `cluster_name: pages_${index + 1}`,
          `endpoints: [{ lb_endpoints: [{ endpoint: { address: ${socket(host, number)} } }] }]`,
        ],
        YAML,
      ),
    ]);
  });
}
