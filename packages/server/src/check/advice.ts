import type { Reason } from '@boshd/engine/manager';
import type { Advice, EndpointReport, Report } from './report/report.ts';

/** Let's Encrypt renews 30 days before the end; who comes to this has a renewal that does not work. */
const DAYS_LEFT_MIN = 14;

/** What to do about a failure, and where: what the reason's own text does not say. */
const FIXES: Readonly<Partial<Record<Reason, string>>> = {
  'dns-no-such-domain': 'Check the spelling of the domain, or register it.',
  'dns-no-service':
    'Publish _xmpps-client._tcp and _xmpp-client._tcp SRV records, or an address of the domain itself where the server listens on 5222.',
  'dns-timeout':
    'Name a resolver that answers in dns.servers (an empty list means those of /etc/resolv.conf), and let port 53 of UDP and TCP through; "dig @RESOLVER DOMAIN" asks one by hand.',
  'dns-failed':
    'Name another resolver in dns.servers (an empty list means those of /etc/resolv.conf), or have the name servers of the domain repaired; "dig DOMAIN" asks by hand.',
  'address-forbidden':
    'Publish public addresses; for a server in your own network, name it in upstream.overrides or its network in upstream.allowNetworks.',
  'port-forbidden':
    'Publish a port of 1024 or above (5222, 5223) or 443, or name the server in upstream.overrides.',
  'connect-refused': 'Start the XMPP server, or correct the port in its SRV record.',
  'connect-timeout': 'Open the port in the firewalls between here and the server.',
  'connect-unreachable': 'Check the route; an AAAA record needs a server that is reached over IPv6.',
  'tls-name-mismatch':
    'Get a certificate for the XMPP domain itself; the name of the host in the SRV record does not count.',
  'tls-untrusted':
    'Serve the whole chain of a trusted authority, intermediate certificates included; for an authority of your own, set caFile.',
  'tls-expired': 'Renew the certificate and have the server load it; check the clocks.',
  'tls-failed': 'Let the server speak TLS 1.2 or later on this port; _xmpps-client is for direct TLS only.',
  'tls-not-offered': 'Switch STARTTLS on in the XMPP server, and give it a certificate.',
  'not-xmpp': 'Correct the port: something else than an XMPP server for clients answers there.',
  'declarations-too-long':
    'Let the server declare prefixes on the elements that use them, not on its stream root.',
  'no-sasl': 'Switch on a mechanism such as SCRAM-SHA-256 or PLAIN.',
  'no-domain': 'Name a domain, such as example.org.',
  'domain-refused': 'See domains.allow and domains.deny of the configuration.',
};

/** The server says host-unknown or host-gone (RFC 6120 §4.9.3.5). */
const NOT_SERVED =
  'The XMPP server that answers does not serve this domain: correct its SRV records or the override, or have the server serve it.';

/** What of a report needs a hand, the worst first. */
export function advise(report: Omit<Report, 'advice'>): readonly Advice[] {
  const { start, endpoints } = report;
  const broken = endpoints.filter(({ outcome }) => outcome.status === 'failed');
  const working = endpoints.filter(({ outcome }) => outcome.status === 'ok');
  return [
    ...(start.outcome.status === 'failed' ? [problem(start.outcome)] : []),
    ...(report.works ? distinct(broken.map(brokenEndpoint)) : []),
    ...distinct(working.flatMap(certificateAdvice)),
    ...(report.works ? hints(report, working) : []),
  ];
}

function problem(outcome: Extract<Report['start']['outcome'], { status: 'failed' }>): Advice {
  if (outcome.reason === 'stream-error' && /host-(?:unknown|gone)/.test(outcome.detail))
    return { level: 'problem', text: NOT_SERVED };
  return { level: 'problem', text: FIXES[outcome.reason] ?? outcome.text };
}

function brokenEndpoint({ endpoint, outcome }: EndpointReport): Advice {
  if (outcome.status === 'ok') return { level: 'warning', text: '' };
  const text = `${endpoint} is of no use, and costs each session the time of trying it: ${outcome.text}`;
  const fix = FIXES[outcome.reason];
  return { level: 'warning', text: fix === undefined ? text : `${text} ${fix}` };
}

function certificateAdvice({ tls }: EndpointReport): readonly Advice[] {
  if (tls === undefined || tls.certificate.daysLeft >= DAYS_LEFT_MIN) return [];
  const { daysLeft, validTo } = tls.certificate;
  const text = `The certificate ends in ${daysLeft} days (${validTo.slice(0, 10)}): look whether its renewal works.`;
  return [{ level: 'warning', text }];
}

function hints(report: Omit<Report, 'advice'>, working: readonly EndpointReport[]): readonly Advice[] {
  const features = working.flatMap(({ features: offered }) => offered ?? []);
  const hint = (isDue: boolean, text: string): readonly Advice[] => (isDue ? [{ level: 'hint', text }] : []);
  return [
    ...hint(
      !report.start.secure,
      'The link is not encrypted. That is right only for a server on the same machine.',
    ),
    ...hint(
      report.override === undefined && !working.some(({ directTls }) => directTls),
      'Direct TLS (_xmpps-client._tcp, XEP-0368) saves each session two round trips.',
    ),
    ...hint(
      features.length > 0 && features.every(({ sasl2 }) => sasl2 === undefined),
      'Without SASL2 (XEP-0388) a broken link to the server ends the sessions on it; they can not be resumed.',
    ),
    ...hint(
      features.some(({ sasl2, fast }) => sasl2 !== undefined && fast === undefined),
      'Without FAST (XEP-0484) a broken link to the server ends the sessions on it; they can not be resumed.',
    ),
    ...hint(
      features.some(
        ({ mechanisms }) => mechanisms.length > 0 && mechanisms.every((name) => name === 'PLAIN'),
      ),
      'Only PLAIN is offered: the server gets to see the password at each log-in.',
    ),
  ];
}

function distinct(advice: readonly Advice[]): readonly Advice[] {
  return advice.filter(({ text }, at) => advice.findIndex((other) => other.text === text) === at);
}
