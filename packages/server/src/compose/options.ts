import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { AdmissionLimits, ManagerConfig, SitePolicy } from '@boshd/engine/manager';
import type { DomainOverride, DomainPolicy, Region } from '@boshd/engine/site';
import type { XmlLimits } from '@boshd/engine/wire';
import type { Config, SiteConfig, SiteKeys } from '../config/index.ts';
import type { BoundAddress } from '../front/listener.ts';
import { FRONT_LIMITS, type FrontOptions, type ListenAddress, type TlsMaterial } from '../front/options.ts';
import type { TakeOrder } from '../front/order.ts';
import { type Discovery, hostMetaPages } from '../front/reply/host-meta.ts';
import { firstOf, type Pages } from '../front/reply/pages.ts';
import { FrontError } from '../front/request/errors.ts';
import type { RecognitionOptions } from '../front/site/recognition.ts';
import type { SiteOptions } from '../front/site/site.ts';
import { passedSockets } from '../sockets/index.ts';
import { nodeToolbox } from '../toolbox.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';

/** The configuration as each part of boshd wants it: the only place that knows both sides. */

/** Reads the files of certificates that the configuration names. Throws the system's error with the path in it. */
export function managerConfigOf(config: Config): ManagerConfig {
  const { overrides: configured } = config.upstream;
  const overrides = new Map([...configured].map(([domain, override]) => [domain, overrideOf(override)]));
  const { endedMax, memoryBytesPerAddressMax } = config.limits;
  const memoryBytesMax = memoryOf(config) - readingBytesOf(config);
  const { tlsMin } = config.upstream;
  const ofProcess = {
    endedMax,
    memoryBytesMax,
    memoryBytesPerAddressMax: memoryBytesPerAddressMax - Math.ceil(memoryBytesPerAddressMax / READING_SHARE),
  };
  const policyOf = (site: SiteKeys) => sitePolicyOf(site, { overrides, tlsMin }, ofProcess);
  return {
    ...policyOf(config),
    sites: new Map([...config.sites].map(([name, site]) => [name, policyOf(site)])),
  };
}

/** Of the JavaScript heap the rest is for code, sessions themselves and what is on its way to be collected. */
const HEAP_SHARE = 3;
/** Bodies that are being read have so much of the memory for themselves, and sessions the rest: see docs/decisions/memory.md. */
const READING_SHARE = 4;

function memoryOf({ limits }: Config): number {
  return Math.min(limits.memoryBytesMax, Math.floor(getHeapStatistics().heap_size_limit / HEAP_SHARE));
}

function readingBytesOf(config: Config): number {
  return Math.floor(memoryOf(config) / READING_SHARE);
}

function sitePolicyOf(
  { session, stream, limits, domains, seeOther, showExternal, websocket, compression }: SiteKeys,
  upstream: Pick<DomainPolicy, 'overrides' | 'tlsMin'>,
  ofProcess: Pick<AdmissionLimits, 'endedMax' | 'memoryBytesMax' | 'memoryBytesPerAddressMax'>,
): SitePolicy {
  const { default: defaultDomain, allow, deny, gone, routePorts } = domains;
  const { uri, websocketUri, when } = seeOther;
  const isElsewhere = uri !== undefined || websocketUri !== undefined;
  const { open, ping, pong, close } = websocket;
  return {
    session: { ...session, takesCompressed: compression.requests },
    stream,
    socket: { open, ping, pong, close },
    serverXml: {
      stanzaBytesMax: limits.serverStanzaBytesMax,
      depthMax: limits.serverDepthMax,
      attributesMax: limits.serverAttributesMax,
      nameBytesMax: limits.serverNameBytesMax,
    },
    domains: { defaultDomain, allow, deny, gone, routePorts, ...upstream },
    admission: { ...limits, ...ofProcess },
    seeOther: isElsewhere ? { uri, websocketUri, when } : undefined,
    showExternal,
  };
}

type OverrideKeys = Config['upstream']['overrides'] extends ReadonlyMap<string, infer Keys> ? Keys : never;

function overrideOf({
  host,
  port,
  tls,
  tlsMin,
  insecureSkipVerify,
  caFile,
  proxyProtocol,
}: OverrideKeys): DomainOverride {
  return {
    target: host === undefined ? undefined : { host, port },
    tls,
    verify: !insecureSkipVerify,
    ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
    ...(tlsMin !== undefined && { tlsMin }),
    proxyProtocol,
  };
}

function xmlLimitsOf(
  { depthMax, attributesMax, nameBytesMax }: SiteKeys['limits'],
  stanzaBytesMax: number,
): XmlLimits {
  return { stanzaBytesMax, depthMax, attributesMax, nameBytesMax };
}

/** Where the configuration has HTTP listened for. Throws FrontError where sockets of systemd are asked for and there are none. */
export function listenAddressesOf(config: Config): readonly ListenAddress[] {
  return [
    ...config.listen.flatMap(listenAddresses),
    ...config.proxyProtocol.listen.map((address) => ({ ...address, proxyProtocol: true })),
  ];
}

/** Reads the certificate of the listener. Throws the system's error with the path in it. */
export function frontOptionsOf(
  config: Config,
  pages: Pages,
  takeOrder: TakeOrder,
  given?: Pick<FrontOptions, 'listen' | 'isFull' | 'takeUp'>,
): FrontOptions {
  const { http, limits } = config;
  const { name: site, ...ofDefault } = siteOptionsOf('default', config);
  return {
    listen: given?.listen ?? listenAddressesOf(config),
    ...(given?.isFull !== undefined && { isFull: given.isFull }),
    ...(given?.takeUp !== undefined && { takeUp: given.takeUp }),
    proxyProtocolNetworks: config.proxyProtocol.networks,
    tls: tlsMaterialOf(config),
    ...ofDefault,
    site,
    isFallback: config.defaultSite,
    sites: [...config.sites].map(([name, keys]) => ({
      ...siteOptionsOf(name, keys),
      hosts: keys.hosts,
      recognition: recognitionOf(keys.proxiedBy),
    })),
    trustedProxies: config.trustedProxies,
    countryHeader: config.geo.header,
    regionsOf: undefined,
    forwardedHeader: config.forwardedHeader,
    limits: {
      ...FRONT_LIMITS,
      headersMs: http.headTime,
      bodyMs: http.bodyTime,
      keepAliveMs: http.keepAlive,
      replyMs: http.replyTime,
      silentMs: silentMsOf(config),
      headBytesMax: http.headBytesMax,
      headerLinesMax: http.headerLinesMax,
      bodyBytesMax: limits.bodyBytesMax,
      connectionsMax: http.connectionsMax,
      connectionsPerAddressMax: http.connectionsPerAddressMax,
      streamsMax: http.streamsMax,
      socketMode: Number.parseInt(http.socketMode, 8),
      readingBytesMax: readingBytesOf(config),
      readingBytesPerAddressMax: Math.ceil(limits.memoryBytesPerAddressMax / READING_SHARE),
    },
    takeOrder,
    pages: firstOf(hostMetaPages(discoveries(config), nodeToolbox()), pages),
  };
}

/** A little more than the longest time for which anything leaves a connection without a byte. */
function silentMsOf(config: Config): number {
  const { headTime, bodyTime, keepAlive, replyTime } = config.http;
  const ofSites = [config, ...config.sites.values()].flatMap(({ session, websocket }) => [
    session.waitMax,
    websocket.open,
    websocket.ping + websocket.pong,
  ]);
  return Math.max(headTime + bodyTime, keepAlive, replyTime, ...ofSites) + SILENT_MARGIN_MS;
}

const SILENT_MARGIN_MS = 60_000;

/** What each site that is to be found tells clients (XEP-0156). */
function discoveries(config: Config): ReadonlyMap<string, Discovery> {
  const sites: readonly (readonly [string, SiteKeys])[] = [['default', config], ...config.sites];
  return new Map(
    sites.flatMap(([name, { hostMeta, paths, websocket, syntaxes }]) => {
      if (!hostMeta.enabled) return [];
      const boshPath = syntaxes.includes('post') ? paths[0] : undefined;
      const websocketPath = syntaxes.includes('websocket') ? websocket.paths[0] : undefined;
      return [
        [name, { boshUrls: hostMeta.bosh, websocketUrls: hostMeta.websocket, boshPath, websocketPath }],
      ];
    }),
  );
}

/** The sockets of systemd are as many as its unit says. Throws FrontError where there are none. */
function listenAddresses(at: Config['listen'][number]): readonly ListenAddress[] {
  if (!('passed' in at)) return [at];
  const primaryPid = cluster.isWorker ? process.ppid : undefined;
  const descriptors = passedSockets(process.env, { pid: process.pid, primaryPid });
  if (descriptors.length === 0)
    throw new FrontError(
      'NO_SOCKETS_PASSED',
      'listen has systemd, and systemd passed no sockets (LISTEN_FDS)',
    );
  return descriptors.map((fd) => ({ fd }));
}

function tlsMaterialOf({ tls, sites }: Config): TlsMaterial | undefined {
  const { certFile, keyFile, clientCaFile } = tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const requestCert = [...sites.values()].some(({ proxiedBy }) => proxiedBy.certificates.length > 0);
  const material = { cert: readFileSync(certFile), key: readFileSync(keyFile), requestCert };
  return clientCaFile === undefined ? material : { ...material, ca: readFileSync(clientCaFile) };
}

function siteOptionsOf(name: string, keys: SiteKeys): Omit<SiteOptions, 'hosts' | 'recognition'> {
  const { paths, origins, credentials, exposedHeaders, allowedHeaders, extraHeaders, syntaxes, limits } =
    keys;
  const { codings, bytesMin, bytesMax, requests } = keys.compression;
  const { websocket, insecureNullOrigin } = keys;
  return {
    name,
    paths,
    cors: {
      origins: insecureNullOrigin && origins !== '*' ? [...origins, 'null'] : origins,
      credentials,
      exposedHeaders,
      allowedHeaders,
    },
    extraHeaders,
    syntaxes,
    compression: { codings, bytesMin, bytesMax, requests },
    websocketPaths: websocket.paths,
    websocket: { closeMs: websocket.close },
    bodyBytesMax: limits.bodyBytesMax,
    xml: xmlLimitsOf(limits, limits.stanzaBytesMax),
    order: { path: keys.prebind.path, secrets: keys.prebind.secrets },
    hasClaimCookies: keys.prebind.cookie,
  };
}

function recognitionOf({
  networks,
  header,
  secrets,
  certificates,
  pathKeys,
}: SiteConfig['proxiedBy']): RecognitionOptions | undefined {
  if ([networks, secrets, certificates, pathKeys].every(({ length }) => length === 0)) return undefined;
  return { networks, header: { name: header.toLowerCase(), secrets }, certificates, pathKeys };
}

/** Reads the file of authorities. Throws the system's error with the path in it. */
export function upstreamOptionsOf({ dns, upstream }: Config): UpstreamOptions {
  const { servers, timeout } = dns;
  const { caFile, allowNetworks, denyNetworks, dial, blocked } = upstream;
  return {
    ...(caFile === undefined ? {} : { ca: [readFileSync(caFile, 'utf8')] }),
    dnsServers: servers,
    allowNetworks,
    denyNetworks,
    limits: { dialMs: dial, dnsMs: timeout, blockedMs: blocked },
  };
}

/** The regions in the operator's order. */
export function regionsOf({ regions }: Config): readonly Region[] {
  return [...regions].map(([name, { countries, continents, location }]) => {
    const [latitude = 0, longitude = 0] = (location ?? '').split(',').map(Number);
    return {
      name,
      countries,
      continents,
      point: location === undefined ? undefined : { latitude, longitude },
    };
  });
}

/** The BOSH URL at an address. */
export function urlOf(
  {
    host,
    port,
    path: socket,
    secure,
  }: Pick<BoundAddress, 'host' | 'port' | 'secure'> & { readonly path?: string | undefined },
  { paths: [path = '/'] }: Pick<Config, 'paths'>,
): string {
  const scheme = secure ? 'https' : 'http';
  if (socket !== undefined) return `${scheme}://unix:${socket}:${path}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
