import type { Config, SiteKeys } from './schema/index.ts';
import { formatListenAt, isLocal } from './schema/listen.ts';

/** A rule that needs more than one key. Checked only when each key is right by itself. */
interface CrossRule<Keys> {
  readonly path: readonly string[];
  readonly broken: (keys: Keys) => boolean;
  readonly what: string;
  readonly fix: string;
}

function isRemote(server: string): boolean {
  const { hostname } = new URL(server);
  return !/^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);
}

/** Who can listen reads what users write; who can speak can end their sessions. */
function isOpen({ nats }: Config): boolean {
  const hasTls = nats.caFile !== undefined || nats.servers.every((server) => server.startsWith('tls:'));
  const { credsFile, user, tokenFile, certFile } = nats;
  return !hasTls || [credsFile, user, tokenFile, certFile].every((each) => each === undefined);
}

function certificatesOf({ sites }: Config): readonly string[] {
  return [...sites.values()].flatMap(({ proxiedBy }) => proxiedBy.certificates);
}

/** Every address that is listened on, but those of which the system chooses the port. */
function addressesOf({ listen, proxyProtocol, admin }: Config): readonly string[] {
  return [...listen, ...proxyProtocol.listen, ...admin.listen].flatMap((at) =>
    'port' in at && at.port === 0 ? [] : [formatListenAt(at)],
  );
}

function hasTwice(items: readonly string[]): boolean {
  return new Set(items).size < items.length;
}

/** Whether a site gets no request: another before it has its hosts and paths, and takes every origin that this one takes. */
function isHidden(name: string, sites: Config['sites']): boolean {
  const site = sites.get(name);
  if (site === undefined || site.hosts.length === 0 || isRecognised(site)) return false;
  const before = [...sites].slice(0, [...sites.keys()].indexOf(name)).map(([, each]) => each);
  return before.some(
    (other) =>
      !isRecognised(other) &&
      site.hosts.every((host) => other.hosts.includes(host)) &&
      site.paths.every((path) => other.paths.includes(path)) &&
      takesAll(other.origins, site.origins),
  );
}

type SiteConfig = Config['sites'] extends ReadonlyMap<string, infer Site> ? Site : never;

function isRecognised({ proxiedBy }: SiteConfig): boolean {
  const { networks, secrets, certificates, pathKeys } = proxiedBy;
  return [networks, secrets, certificates, pathKeys].some((each) => each.length > 0);
}

function takesAll(origins: SiteConfig['origins'], others: SiteConfig['origins']): boolean {
  if (origins === '*') return others === '*' || others.length === 0;
  return others !== '*' && others.every((origin) => origins.includes(origin));
}

/** On label boundaries, as the policy of domains does it. */
function matches(pattern: string, domain: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) : domain === pattern;
}

/** Of the process as a whole. */
const SERVICE_RULES: readonly CrossRule<Config>[] = [
  {
    path: ['tls', 'certFile'],
    broken: ({ tls }) => tls.certFile === undefined && tls.keyFile !== undefined,
    what: 'is missing, though tls.keyFile is set',
    fix: 'set both, or none',
  },
  {
    path: ['tls', 'keyFile'],
    broken: ({ tls }) => tls.keyFile === undefined && tls.certFile !== undefined,
    what: 'is missing, though tls.certFile is set',
    fix: 'set both, or none',
  },
  {
    path: ['tls', 'certFile'],
    broken: (config) => config.tls.certFile === undefined && certificatesOf(config).length > 0,
    what: 'is missing, though a site is known by client certificates, which only https can show',
    fix: 'set it and tls.keyFile',
  },
  {
    path: ['tls', 'clientCaFile'],
    broken: (config) =>
      config.tls.clientCaFile === undefined && certificatesOf(config).some((each) => each.startsWith('CN=')),
    what: 'is missing, though a site is known by the name in a client certificate, which anybody can make',
    fix: 'set it, or write the fingerprint of the certificate',
  },
  {
    path: ['proxyProtocol', 'networks'],
    broken: ({ proxyProtocol }) => proxyProtocol.listen.length > 0 && proxyProtocol.networks.length === 0,
    what: 'is empty, so that nobody could connect to proxyProtocol.listen',
    fix: 'name the proxies',
  },
  {
    path: ['listen'],
    broken: (config) => hasTwice(addressesOf(config)),
    what: 'has an address twice, or one that proxyProtocol.listen or admin.listen has too',
    fix: 'leave one of them out',
  },
  {
    path: ['limits', 'sessionsMax'],
    // Under TLS of our own many sessions share a connection of HTTP/2.
    broken: ({ limits, http, tls }) => tls.certFile === undefined && limits.sessionsMax > http.connectionsMax,
    what: 'is more than http.connectionsMax, and each session holds a connection',
    fix: 'raise http.connectionsMax (and the open files of the process), or lower this',
  },
  {
    path: ['admin', 'listen'],
    broken: ({ admin }) => !admin.insecureRemote && !admin.listen.every(isLocal),
    what: 'names an address that other machines reach, and whoever reaches it sees who uses boshd',
    fix: 'use a loopback address or unix:/PATH, or set admin.insecureRemote',
  },
  {
    path: ['nats', 'servers'],
    broken: (config) => !config.cluster.insecureMesh && config.nats.servers.some(isRemote) && isOpen(config),
    what: 'names another machine without TLS, or without credentials, and what users write goes over it',
    fix: 'use tls:// or nats.caFile, and credentials; or set cluster.insecureMesh',
  },
  {
    path: ['cluster', 'keysFile'],
    broken: ({ nats, cluster }) => nats.servers.length > 0 && cluster.keysFile === undefined,
    what: 'is missing, though nats.servers is set',
    fix: 'write a key of 32 random characters into a file, the same for all members',
  },
  {
    path: ['nats', 'keyFile'],
    broken: ({ nats }) => (nats.keyFile === undefined) !== (nats.certFile === undefined),
    what: 'and nats.certFile go together',
    fix: 'set both, or none',
  },
  {
    path: ['nats', 'passwordFile'],
    broken: ({ nats }) => (nats.passwordFile === undefined) !== (nats.user === undefined),
    what: 'and nats.user go together',
    fix: 'set both, or none',
  },
  {
    path: ['cluster', 'lease'],
    broken: ({ cluster }) =>
      cluster.lease <= cluster.suspectAfter || cluster.suspectAfter < 4 * cluster.heartbeat,
    what: 'must be longer than cluster.suspectAfter, and that four times cluster.heartbeat at least',
    fix: 'leave the defaults, or change all three in proportion',
  },
  {
    path: ['upstream', 'overrides'],
    broken: ({ upstream }) =>
      [...upstream.overrides.values()].some(
        ({ host, proxyProtocol }) => host === undefined && proxyProtocol !== undefined,
      ),
    what: 'has a proxyProtocol without a host: whoever the DNS names would be told the addresses of people',
    fix: 'name the host that expects it',
  },
];

/** Of every site, the default one at the top of the file included. */
const SITE_RULES: readonly CrossRule<SiteKeys>[] = [
  {
    path: ['credentials'],
    broken: ({ credentials, origins }) => credentials && origins === '*',
    what: "is true, though origins is '*': any page could act with the cookies of any visitor",
    fix: 'list the origins, or set credentials to false',
  },
  {
    path: ['credentials'],
    broken: ({ credentials, insecureNullOrigin }) => credentials && insecureNullOrigin,
    what: 'is true, though insecureNullOrigin is: any page could act with the cookies of any visitor',
    fix: 'set one of them to false',
  },
  {
    path: ['seeOther', 'when'],
    broken: ({ seeOther }) => seeOther.when !== 'always' && seeOther.uri === undefined,
    what: 'is set, though seeOther.uri says nowhere to go',
    fix: 'set seeOther.uri too',
  },
  {
    path: ['domains', 'default'],
    broken: ({ domains: { default: name, allow, deny, gone } }) =>
      name !== undefined &&
      (!allow.some((each) => matches(each, name)) || [...deny, ...gone].some((each) => matches(each, name))),
    what: 'is a domain that domains.allow, deny and gone keep out, so that no client without a domain gets in',
    fix: 'add it to domains.allow, and take it off the others',
  },
  {
    path: ['domains', 'deny'],
    broken: ({ domains: { allow, deny } }) => deny.some((each) => allow.includes(each)),
    what: 'has an entry that domains.allow has too',
    fix: 'leave it in one of them',
  },
  {
    path: ['limits', 'stanzaBytesMax'],
    broken: ({ limits }) => limits.stanzaBytesMax > limits.bodyBytesMax,
    what: 'is larger than limits.bodyBytesMax, so that no such stanza could ever come',
    fix: 'raise limits.bodyBytesMax, or lower this',
  },
  {
    path: ['session', 'queueBytesMax'],
    broken: ({ session, limits }) => session.queueBytesMax < limits.serverStanzaBytesMax,
    what: 'is smaller than limits.serverStanzaBytesMax, so that one stanza would fill the queue',
    fix: 'raise it, or lower limits.serverStanzaBytesMax',
  },
];

/** A rule that is broken, and the key that has to be changed. */
export interface BrokenRule {
  readonly path: readonly string[];
  readonly what: string;
  readonly fix: string;
}

export function brokenRules(config: Config): readonly BrokenRule[] {
  const ofSites = [...config.sites].flatMap(([name, site]) =>
    broken(SITE_RULES, site).map((rule) => ({ ...rule, path: ['sites', name, ...rule.path] })),
  );
  const hidden = [...config.sites.keys()].filter((name) => isHidden(name, config.sites));
  const ofHosts = hidden.map((name) => ({
    path: ['sites', name, 'hosts'],
    what: 'are those of a site before it that takes the same paths and origins, so that no request is ever for this one',
    fix: 'give it other hosts, paths or origins, or proxiedBy',
  }));
  return [...broken(SERVICE_RULES, config), ...broken(SITE_RULES, config), ...ofSites, ...ofHosts];
}

function broken<Keys>(rules: readonly CrossRule<Keys>[], keys: Keys): readonly BrokenRule[] {
  return rules.filter((rule) => rule.broken(keys)).map(({ path, what, fix }) => ({ path, what, fix }));
}
