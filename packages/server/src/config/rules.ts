import type { Config, SiteKeys } from './schema/index.ts';
import { isLocal } from './schema/listen.ts';

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
  return [...broken(SERVICE_RULES, config), ...broken(SITE_RULES, config), ...ofSites];
}

function broken<Keys>(rules: readonly CrossRule<Keys>[], keys: Keys): readonly BrokenRule[] {
  return rules.filter((rule) => rule.broken(keys)).map(({ path, what, fix }) => ({ path, what, fix }));
}
