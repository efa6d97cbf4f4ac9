import { apacheHeader, apacheHost, apacheListens, apacheLocation, element } from '../apache.ts';
import { type ElsewhereFacts, replySeconds, type Service } from '../facts.ts';
import { comment, document, headerComment, type Lines, when } from '../text.ts';
import { PURPOSE, SITE_KEY_HEADER, serviceUrl } from './service.ts';

/** An Apache whose site has its BOSH service elsewhere. */
export function apacheElsewhere(facts: ElsewhereFacts): string {
  const { service, backup, siteKey } = facts;
  const isSecure = service.secure || (backup?.secure ?? false);
  const more = [
    'ProxyPreserveHost Off',
    ...when(siteKey !== undefined, `RequestHeader set ${SITE_KEY_HEADER} ${siteKey}`),
    ...when(
      siteKey !== undefined && backup !== undefined,
      ...comment('Apache sends this key to the other service too.'),
    ),
  ];
  return document(
    headerComment(PURPOSE, apacheHeader(when(isSecure || facts.certificate !== undefined, 'ssl'))),
    ...apacheListens(facts),
    ...facts.sites.map((site) =>
      apacheHost(site, facts, [
        ...when(isSecure, ...tls(facts)),
        ...balancer(facts),
        '',
        ...site.paths.flatMap((path) => apacheLocation(path, facts, more)),
        '',
        ...site.paths.map((path) => `ProxyPass "${path}" "balancer://boshd-service"`),
      ]),
    ),
  );
}

function tls({ caFile }: ElsewhereFacts): Lines {
  return [
    ...comment('The certificate must be right for the name of the service.'),
    'SSLProxyEngine on',
    'SSLProxyVerify require',
    'SSLProxyVerifyDepth 3',
    'SSLProxyCheckPeerName on',
    'SSLProxyCheckPeerExpire on',
    'SSLProxyProtocol -all +TLSv1.2 +TLSv1.3',
    `SSLProxyCACertificateFile "${caFile}"`,
  ];
}

function balancer(facts: ElsewhereFacts): Lines {
  const { service, backup } = facts;
  return element('Proxy "balancer://boshd-service"', [
    member(service, '', facts),
    ...(backup === undefined
      ? []
      : [
          ...comment(
            'For when no connection can be made to the first. It knows no session of that one: it says so, and the client makes',
            'a new one.',
          ),
          member(backup, ' status=+H', facts),
        ]),
  ]);
}

function member(service: Service, status: string, facts: ElsewhereFacts): string {
  const settings = `connectiontimeout=2 timeout=${replySeconds(facts)} ttl=20 retry=5`;
  return `BalancerMember "${serviceUrl(service)}" ${settings}${status}`;
}
