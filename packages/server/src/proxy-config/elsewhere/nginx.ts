import { address, type ElsewhereFacts, type Service, type Site } from '../facts.ts';
import { boshLocation, nginxForward, nginxServer, portMap, sessionMap } from '../nginx.ts';
import { block, comment, document, headerComment, type Lines, when } from '../text.ts';
import { hostHeader, PURPOSE, SITE_KEY_HEADER } from './service.ts';

const HEADER = {
  server: 'nginx',
  versions: 'nginx 1.18 and later, open source (tried with 1.22.1)',
  install: [
    'Put it into /etc/nginx/conf.d/boshd.conf (it stands inside http { }), then:',
    '    nginx -t && systemctl reload nginx',
    'A site that has a server block already takes only the locations into it.',
  ],
  notes: [
    'nginx looks up the name of the service when it starts or reloads: reload it when the address has changed.',
  ],
};

/** An nginx whose site has its BOSH service elsewhere. */
export function nginxElsewhere(facts: ElsewhereFacts): string {
  const { service, backup } = facts;
  return document(
    headerComment(PURPOSE, HEADER),
    upstream('boshd_service', service),
    backup === undefined ? [] : upstream('boshd_backup', backup),
    sessionMap(),
    portMap(),
    mayRepeat(),
    ...facts.sites.map((site) => nginxServer(site, facts, locations(site, facts))),
  );
}

function upstream(name: string, service: Service): Lines {
  return block(`upstream ${name}`, [
    `server ${address(service)};`,
    'keepalive 64;',
    'keepalive_timeout 20s;',
  ]);
}

function mayRepeat(): Lines {
  return [
    ...comment(
      'Whether a request that failed may go out once more: within a session always, because its rid tells it from a new one; a',
      'creation only if no connection could be made (there is no connect time then), or it could leave a second session behind.',
    ),
    ...block('map $boshd_in_session$upstream_connect_time $boshd_may_repeat', [
      'volatile;',
      'default 1;',
      '"~^0.*[0-9]" 0;',
    ]),
  ];
}

function locations(site: Site, facts: ElsewhereFacts): Lines {
  const { service, backup, siteKey } = facts;
  const first = toService('boshd_service', service, siteKey, facts);
  return [
    ...boshLocation(site, facts, first),
    'recursive_error_pages on;',
    '',
    ...block('location @boshd_repeat', [
      'if ($boshd_may_repeat = 0) { return 502; }',
      ...first,
      ...when(backup !== undefined, 'error_page 502 504 = @boshd_backup;'),
    ]),
    ...(backup === undefined ? [] : ['', ...backupLocation(backup, facts)]),
  ];
}

function backupLocation(backup: Service, facts: ElsewhereFacts): Lines {
  return block('location @boshd_backup', [
    ...comment(
      'The first service failed twice. The other one knows no session of it: it says so, and the client makes a new one.',
    ),
    'if ($boshd_may_repeat = 0) { return 502; }',
    ...toService('boshd_backup', backup, undefined, facts),
  ]);
}

function toService(
  name: string,
  service: Service,
  siteKey: string | undefined,
  facts: ElsewhereFacts,
): Lines {
  return [
    `rewrite ^ ${service.path} break;`,
    `proxy_pass ${service.secure ? 'https' : 'http'}://${name};`,
    ...nginxForward(facts, hostHeader(service)),
    ...when(siteKey !== undefined, `proxy_set_header ${SITE_KEY_HEADER} ${siteKey};`),
    ...(service.secure
      ? [
          ...comment('The certificate must be right for the name of the service.'),
          'proxy_ssl_server_name on;',
          `proxy_ssl_name ${service.host};`,
          'proxy_ssl_verify on;',
          'proxy_ssl_verify_depth 3;',
          `proxy_ssl_trusted_certificate ${facts.caFile};`,
          'proxy_ssl_protocols TLSv1.2 TLSv1.3;',
        ]
      : []),
  ];
}
