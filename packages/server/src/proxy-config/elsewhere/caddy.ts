import { CADDY_HEADER, caddyBody, caddySite, caddyTransport } from '../caddy.ts';
import { address, type ElsewhereFacts, pathsOf, type Service } from '../facts.ts';
import { block, comment, document, headerComment, type Lines, when } from '../text.ts';
import { PURPOSE, SITE_KEY_HEADER } from './service.ts';

/** A Caddy whose site has its BOSH service elsewhere. Both services have the same path and scheme: it knows one of each. */
export function caddyElsewhere(facts: ElsewhereFacts): string {
  return document(
    headerComment(PURPOSE, CADDY_HEADER),
    ...facts.sites.map((site) =>
      caddySite(site, facts, [
        `@boshd path ${pathsOf(site.paths).join(' ')}`,
        ...block(
          'handle @boshd',
          [...caddyBody(facts), `rewrite * ${facts.service.path}`, ...toService(facts)],
          '\t',
        ),
      ]),
    ),
  );
}

function toService(facts: ElsewhereFacts): Lines {
  const { service, backup, siteKey } = facts;
  const all = [service, ...(backup === undefined ? [] : [backup])].map(upstream);
  return block(
    `reverse_proxy ${all.join(' ')}`,
    [
      ...(backup === undefined
        ? []
        : comment(
            'The second is for when no connection can be made to the first, or its URL does not answer. It knows no session of',
            'that one: it says so, and the client makes a new one.',
          )),
      'lb_policy first',
      'lb_try_duration 5s',
      'lb_try_interval 100ms',
      'fail_duration 5s',
      'max_fails 1',
      `health_uri ${service.path}`,
      'health_interval 2s',
      'health_timeout 2s',
      'health_status 2xx',
      ...when(siteKey !== undefined, ...block('health_headers', [`${SITE_KEY_HEADER} ${siteKey}`], '\t')),
      'header_up Host {http.reverse_proxy.upstream.hostport}',
      ...when(siteKey !== undefined, `header_up ${SITE_KEY_HEADER} ${siteKey}`),
      ...when(
        siteKey !== undefined && backup !== undefined,
        ...comment('Caddy sends this key to the other service too.'),
      ),
      ...caddyTransport(facts, service.secure ? tls(facts) : []),
    ],
    '\t',
  );
}

function upstream(service: Service): string {
  return `${service.secure ? 'https' : 'http'}://${address(service)}`;
}

function tls({ caFile, isCaGiven }: ElsewhereFacts): Lines {
  return [
    ...comment('The certificate must be right for the name of the service.'),
    'tls',
    ...when(isCaGiven, `tls_trusted_ca_certs ${caFile}`),
  ];
}
