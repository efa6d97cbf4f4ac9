import { address, type ElsewhereFacts, type Service } from '../facts.ts';
import {
  haproxyDefaults,
  haproxyFrontend,
  haproxyGlobal,
  haproxyPages,
  probes,
  retries,
} from '../haproxy.ts';
import { comment, document, headerComment, type Lines, section, when } from '../text.ts';
import { hostHeader, PURPOSE, SITE_KEY_HEADER } from './service.ts';

const HEADER = {
  server: 'HAProxy',
  versions: 'HAProxy 2.4 and later (tried with 2.6.12)',
  install: [
    'Put it into /etc/haproxy/haproxy.cfg, then:',
    '    haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
  ],
  notes: [
    'HAProxy looks up the name of the service when it starts or reloads: reload it when the address has changed.',
  ],
};

/** An HAProxy whose site has its BOSH service elsewhere. */
export function haproxyElsewhere(facts: ElsewhereFacts): string {
  const { service, backup, siteKey } = facts;
  return document(
    headerComment(PURPOSE, HEADER),
    haproxyGlobal(facts),
    haproxyDefaults(facts),
    haproxyFrontend(facts, [], choice(backup)),
    backend('boshd_service', service, siteKey, facts),
    backup === undefined ? [] : backend('boshd_backup', backup, undefined, facts),
    ...haproxyPages(facts),
  );
}

function choice(backup: Service | undefined): Lines {
  return [
    ...(backup === undefined
      ? []
      : [
          ...comment(
            'While the service does not answer the checks below, the other one is used. It knows no session of the first: it says',
            'so, and the client makes a new one.',
          ),
          'use_backend boshd_backup if boshd { nbsrv(boshd_service) eq 0 }',
        ]),
    'use_backend boshd_service if boshd',
  ];
}

function backend(
  name: string,
  service: Service,
  siteKey: string | undefined,
  { caFile }: ElsewhereFacts,
): Lines {
  const host = hostHeader(service);
  const key = siteKey === undefined ? '' : ` hdr ${SITE_KEY_HEADER} ${siteKey}`;
  const tls = service.secure
    ? ` ssl verify required ca-file ${caFile} sni str(${service.host}) verifyhost ${service.host} check-sni ${service.host} ssl-min-ver TLSv1.2`
    : '';
  return section(`backend ${name}`, [
    `http-request set-header Host ${host}`,
    `http-request set-path ${service.path}`,
    ...when(siteKey !== undefined, `http-request set-header ${SITE_KEY_HEADER} ${siteKey}`),
    ...retries(),
    ...probes(),
    ...comment('Every BOSH service answers a GET of its URL.'),
    'option httpchk',
    `http-check send meth GET uri ${service.path} ver HTTP/1.1 hdr Host ${host}${key}`,
    'http-check expect rstatus ^2',
    'http-reuse safe',
    ...when(service.secure, ...comment('The certificate must be right for the name of the service.')),
    `server service ${address(service)} check inter 2s fastinter 500ms fall 2 rise 2 pool-purge-delay 20s${tls}`,
  ]);
}
