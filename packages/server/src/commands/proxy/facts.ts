import { regionsOf } from '../../compose/options.ts';
import type { Config, HostPort, SiteConfig } from '../../config/index.ts';
import type {
  ClusterFacts,
  ElsewhereFacts,
  FrontFacts,
  Member,
  ProxyServer,
  Service,
  Site,
} from '../../proxy-config/index.ts';
import type { FlagReader } from './flags.ts';
import {
  parseBytes,
  parseCookieName,
  parseHost,
  parseListen,
  parseNamedMember,
  parsePages,
  parsePath,
  parseSeconds,
  parseService,
  parseSiteKey,
  parseWebPath,
} from './values.ts';

const DEFAULT_DATABASE = '/var/lib/GeoIP/GeoLite2-Country.mmdb';
const DEFAULT_REGION_MAP = '/etc/haproxy/boshd-regions.map';
const SYSTEM_CA = '/etc/ssl/certs/ca-certificates.crt';
/** Longer bodies may pass, but are not kept for a repeat: what browsers send is far below. */
const REPEAT_BYTES = 65_536;
/** The usual wait of clients; what a foreign service grants is not known. */
const FOREIGN_WAIT_MS = 60_000;

/** What all forms have in common. */
function frontFacts(flags: FlagReader, config: Config, server: ProxyServer): FrontFacts {
  const certFile = flags.one('certificate', parsePath);
  const keyFile = flags.one('key', parsePath);
  if (flags.has('certificate') !== flags.has('key')) flags.wrong('--certificate and --key go together');
  const certificate = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  const listen = flags.many('listen', parseListen);
  const { bodyBytesMax } = config.limits;
  return {
    sites: sitesOf(flags, config, server),
    listen: listen.length > 0 ? listen : [{ host: undefined, port: certificate === undefined ? 80 : 443 }],
    isListenGiven: listen.length > 0,
    certificate,
    waitMs: flags.one('wait', parseSeconds) ?? config.session.waitMax,
    bodyBytesMax,
    repeatBytesMax: Math.min(flags.one('repeat', parseBytes) ?? REPEAT_BYTES, bodyBytesMax),
  };
}

/** The sites that are asked for, else those of the configuration that do not come by a web server of their own. */
function sitesOf(flags: FlagReader, config: Config, server: ProxyServer): readonly Site[] {
  const pages = flags.one('pages', parsePages);
  if (pages?.startsWith('/') === true && !server.servesFiles)
    flags.wrong(
      '--pages: this server serves no files; give the URL of a web server, such as http://127.0.0.1:8080',
    );
  const configured = [...config.sites.values()].filter(({ proxiedBy }) => !isProxied(proxiedBy));
  const pathsFor = (host: string) =>
    configured.find(({ hosts }) => hosts.includes(host))?.paths ?? config.paths;
  if (flags.has('host')) {
    return flags.many('host', parseHost).map((host) => ({ hosts: [host], paths: pathsFor(host), pages }));
  }
  const known = configured.filter(({ hosts }) => hosts.length > 0);
  for (const { hosts } of known) {
    const pattern = hosts.find((host) => host.includes('*'));
    if (pattern !== undefined)
      flags.wrong(`sites: ${pattern} stands for many hosts; name the ones you want by --host`);
  }
  if (known.length === 0) flags.wrong('name the web sites: --host www.example.org, once for each');
  return known.map(({ hosts, paths }) => ({ hosts, paths, pages }));
}

function isProxied({ networks, secrets, pathKeys }: SiteConfig['proxiedBy']): boolean {
  return networks.length + secrets.length + pathKeys.length > 0;
}

export function clusterFacts(flags: FlagReader, config: Config, server: ProxyServer): ClusterFacts {
  for (const name of ['site', 'backup', 'ca']) {
    if (flags.has(name)) flags.wrong(`--${name} goes with --to only`);
  }
  const members = membersOf(flags, config);
  const regions = regionsOf(config);
  const home = flags.one('here', (input) => ({ ok: true, value: input }));
  const known = new Set(members.map(({ region }) => region));
  if (home !== undefined && !known.has(home))
    flags.wrong(`--here: no member is in the region ${JSON.stringify(home)}`);
  return {
    ...frontFacts(flags, config, server),
    websocketPath: flags.has('websocket') ? flags.one('websocket', parseWebPath) : websocketPath(config),
    members,
    regions,
    home,
    cookie: flags.one('cookie', parseCookieName) ?? configuredCookie(flags, config),
    regionMap: flags.one('region-map', parsePath) ?? DEFAULT_REGION_MAP,
    geoDatabase: config.geo.databaseFile ?? DEFAULT_DATABASE,
  };
}

function configuredCookie(flags: FlagReader, { cluster }: Config): string | undefined {
  const name = cluster.routingCookie;
  if (name === undefined) return undefined;
  const parsed = parseCookieName(name);
  if (!parsed.ok) flags.wrong(`cluster.routingCookie: ${JSON.stringify(name)} ${parsed.fault}`);
  return name;
}

function websocketPath({ syntaxes, websocket }: Config): string | undefined {
  return syntaxes.includes('websocket') ? websocket.paths[0] : undefined;
}

function membersOf(flags: FlagReader, config: Config): readonly Member[] {
  const given = flags.many('member', parseNamedMember);
  if (given.length > 0 || flags.has('member')) return unique(flags, given);
  const { members } = config.cluster;
  if (members.length > 0) {
    return unique(
      flags,
      members.map((member, index) => ({ ...member, id: member.id ?? `m${index + 1}` })),
    );
  }
  const own = config.listen.find((at): at is HostPort => 'port' in at && at.port !== 0);
  if (own === undefined) {
    flags.wrong('name the members: --member 10.0.0.1:5280, once for each');
    return [];
  }
  return [{ ...own, host: reachable(own.host), id: 'm1', region: undefined, weight: 1 }];
}

/** A proxy on the same machine reaches what listens on all addresses by the loopback one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function unique(flags: FlagReader, members: readonly Member[]): readonly Member[] {
  const ids = new Set(members.map(({ id }) => id));
  if (ids.size < members.length) flags.wrong('two members have the same id');
  return members;
}

export function elsewhereFacts(
  flags: FlagReader,
  config: Config,
  server: ProxyServer,
): ElsewhereFacts | undefined {
  for (const name of ['member', 'here', 'region-map', 'cookie', 'websocket']) {
    if (flags.has(name)) flags.wrong(`--${name} does not go with --to`);
  }
  const service = flags.one('to', parseService);
  const backup = flags.one('backup', parseService);
  const caFile = flags.one('ca', parsePath);
  const facts = frontFacts(flags, config, server);
  if (service === undefined) return undefined;
  checkServices(flags, service, backup, server);
  return {
    ...facts,
    waitMs: flags.has('wait') ? facts.waitMs : Math.max(facts.waitMs, FOREIGN_WAIT_MS),
    service,
    backup,
    siteKey: flags.one('site', parseSiteKey),
    caFile: caFile ?? SYSTEM_CA,
    isCaGiven: caFile !== undefined,
  };
}

function checkServices(
  flags: FlagReader,
  service: Service,
  backup: Service | undefined,
  server: ProxyServer,
): void {
  if (flags.has('site') && !service.secure)
    flags.wrong('--site: the key is a secret, and this URL is not https; take an https URL');
  if (backup === undefined) return;
  const differs = backup.path !== service.path || backup.secure !== service.secure;
  if (differs && !server.mixesServices)
    flags.wrong('--backup: with this server both services must have the same scheme and path');
}
