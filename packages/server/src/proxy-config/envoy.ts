import { envoyClusters, item, socket, TYPE, YAML } from './envoy-clusters.ts';
import { type ClusterFacts, forSite, type Listen, pathPattern, replySeconds, type Site } from './facts.ts';
import { clusterHeader, comment, document, indent, type Lines, section, when } from './text.ts';

const HEADER = {
  server: 'Envoy',
  versions: 'Envoy 1.24 and later (a static bootstrap)',
  install: [
    'Put it into /etc/envoy/boshd.yaml, then:',
    '    envoy --mode validate -c /etc/envoy/boshd.yaml && envoy -c /etc/envoy/boshd.yaml',
    'Not tried by the makers of boshd: Debian has no Envoy.',
  ],
  notes: [
    'Envoy tries another member when a connection cannot be made, and only then (its "reset" would also repeat creations that',
    'had gone out): a request whose member died is answered with 503, and the client repeats it, as all the usual clients do.',
  ],
};

/** The bootstrap of an Envoy in front of the members. */
export function envoyConfig(facts: ClusterFacts): string {
  return document(
    clusterHeader(HEADER),
    section(
      'static_resources:',
      [
        ...section(
          'listeners:',
          facts.listen.flatMap((each, index) => listener(each, index, facts)),
          YAML,
        ),
        ...section('clusters:', envoyClusters(facts), YAML),
      ],
      YAML,
    ),
  );
}

function typed(name: string, type: string, more: Lines = []): Lines {
  return [`name: ${name}`, ...section('typed_config:', [`"@type": ${TYPE}${type}`, ...more], YAML)];
}

function listener({ host, port }: Listen, index: number, facts: ClusterFacts): Lines {
  const all = host === undefined ? '{ socket_address: { address: "::", ipv4_compat: true, port_value: ' : '';
  const where = host === undefined ? `${all}${port} } }` : socket(host, port);
  return item([
    `name: web_${index + 1}`,
    `address: ${where}`,
    ...section(
      'filter_chains:',
      item([
        ...section(
          'filters:',
          item(typed('envoy.filters.network.http_connection_manager', MANAGER, manager(facts))),
          YAML,
        ),
        ...tls(facts),
      ]),
      YAML,
    ),
  ]);
}

const MANAGER = 'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

function manager(facts: ClusterFacts): Lines {
  const { websocketPath, cookie } = facts;
  return [
    'stat_prefix: boshd',
    'codec_type: AUTO',
    ...comment(
      "The client's address is that of the connection: what a client says of itself is not passed on.",
    ),
    'use_remote_address: true',
    'xff_num_trusted_hops: 0',
    'request_timeout: 30s',
    ...comment('A poll is silent for as long as boshd holds one.'),
    `stream_idle_timeout: ${replySeconds(facts) + 5}s`,
    ...section('route_config:', ['name: sites', ...section('virtual_hosts:', hosts(facts), YAML)], YAML),
    ...when(websocketPath !== undefined, 'upgrade_configs: [{ upgrade_type: websocket }]'),
    ...section(
      'http_filters:',
      [
        ...(cookie === undefined ? [] : item(cookieFilter(cookie))),
        ...item(typed('envoy.filters.http.router', 'extensions.filters.http.router.v3.Router')),
      ],
      YAML,
    ),
  ];
}

function cookieFilter(cookie: string): Lines {
  return typed(
    'envoy.filters.http.header_to_metadata',
    'extensions.filters.http.header_to_metadata.v3.Config',
    [
      ...comment(
        'A browser whose cookie names a member goes there, which saves a hop; any other would do as well.',
      ),
      'request_rules:',
      `  - cookie: ${cookie}`,
      '    on_header_present: { metadata_namespace: envoy.lb, key: member, type: STRING }',
    ],
  );
}

function hosts(facts: ClusterFacts): Lines {
  return facts.sites.flatMap((site, index) =>
    item([
      `name: site_${index + 1}`,
      `domains: [${site.hosts.flatMap((host) => [`"${host}"`, `"${host}:*"`]).join(', ')}]`,
      ...comment(
        'Set, not added to: what a client says of itself is not passed on. (x-forwarded-proto Envoy sets itself.)',
      ),
      'request_headers_to_remove: [forwarded]',
      'request_headers_to_add:',
      ...instead('x-forwarded-for', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'),
      ...instead('x-forwarded-host', '%REQ(:AUTHORITY)%'),
      'routes:',
      ...indent(routes(site, index, facts), YAML),
    ]),
  );
}

/** A header in place of what the client sent. */
function instead(key: string, value: string): Lines {
  return [`  - header: { key: ${key}, value: "${value}" }`, '    append_action: OVERWRITE_IF_EXISTS_OR_ADD'];
}

function routes(site: Site, index: number, facts: ClusterFacts): Lines {
  const seconds = replySeconds(facts);
  const bosh = item([
    `match: { safe_regex: { regex: '${pathPattern(site.paths)}' } }`,
    ...section(
      'route:',
      [
        'cluster: boshd',
        `timeout: ${seconds}s`,
        'retry_policy: { retry_on: "connect-failure,refused-stream", num_retries: 3 }',
      ],
      YAML,
    ),
  ]);
  const websocket =
    facts.websocketPath === undefined
      ? []
      : item([
          `match: { safe_regex: { regex: '${pathPattern([facts.websocketPath])}' } }`,
          ...comment('A WebSocket may be silent for long.'),
          'route: { cluster: boshd, timeout: 0s, idle_timeout: 3600s }',
        ]);
  const pagesRoute =
    site.pages === undefined ? [] : item(['match: { prefix: / }', `route: { cluster: pages_${index + 1} }`]);
  return [...bosh, ...websocket, ...pagesRoute];
}

function tls({ certificate, sites }: ClusterFacts): Lines {
  if (certificate === undefined) return [];
  const each = sites.map(
    (site) =>
      `- { certificate_chain: { filename: "${forSite(certificate.certFile, site)}" }, private_key: { filename: "${forSite(certificate.keyFile, site)}" } }`,
  );
  const context = 'extensions.transport_sockets.tls.v3.DownstreamTlsContext';
  return section(
    'transport_socket:',
    typed(
      'envoy.transport_sockets.tls',
      context,
      section(
        'common_tls_context:',
        ['alpn_protocols: [h2, http/1.1]', ...section('tls_certificates:', each, YAML)],
        YAML,
      ),
    ),
    YAML,
  );
}
