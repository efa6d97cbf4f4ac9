import { readFileSync } from 'node:fs';
import type { ManagerConfig } from '@boshd/engine/manager';
import type { DomainOverride, Region } from '@boshd/engine/site';
import type { XmlLimits } from '@boshd/engine/wire';
import type { Config } from './config/index.ts';
import { FRONT_LIMITS, type FrontOptions } from './front/options.ts';
import type { Pages } from './front/reply/pages.ts';
import type { UpstreamOptions } from './upstream/options.ts';

/** The configuration as each part of boshd wants it: the only place that knows both sides. */

/** Reads the files of certificates that the configuration names. Throws the system's error with the path in it. */
export function managerConfigOf(config: Config): ManagerConfig {
  const { session, stream, limits, domains, upstream, showExternal } = config;
  return {
    session,
    stream,
    serverXml: xmlLimitsOf(config, limits.serverStanzaBytesMax),
    domains: {
      defaultDomain: domains.default,
      allow: domains.allow,
      deny: domains.deny,
      overrides: new Map([...upstream.overrides].map(([domain, override]) => [domain, overrideOf(override)])),
    },
    admission: limits,
    showExternal,
  };
}

type OverrideKeys = Config['upstream']['overrides'] extends ReadonlyMap<string, infer Keys> ? Keys : never;

function overrideOf({ host, port, tls, insecureSkipVerify, caFile }: OverrideKeys): DomainOverride {
  return {
    target: host === undefined ? undefined : { host, port },
    tls,
    verify: !insecureSkipVerify,
    ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
  };
}

function xmlLimitsOf({ limits }: Config, stanzaBytesMax: number): XmlLimits {
  const { depthMax, attributesMax, nameBytesMax } = limits;
  return { stanzaBytesMax, depthMax, attributesMax, nameBytesMax };
}

/** Reads the certificate of the listener. Throws the system's error with the path in it. */
export function frontOptionsOf(config: Config, pages: Pages): FrontOptions {
  const { http, tls, limits, origins, credentials, exposedHeaders, allowedHeaders } = config;
  const { certFile, keyFile } = tls;
  return {
    listen: config.listen,
    tls:
      certFile === undefined || keyFile === undefined
        ? undefined
        : { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    site: 'default',
    paths: config.paths,
    cors: { origins, credentials, exposedHeaders, allowedHeaders },
    extraHeaders: config.extraHeaders,
    trustedProxies: config.trustedProxies,
    limits: {
      ...FRONT_LIMITS,
      headersMs: http.headTime,
      bodyMs: http.bodyTime,
      keepAliveMs: http.keepAlive,
      replyMs: http.replyTime,
      headBytesMax: http.headBytesMax,
      headerLinesMax: http.headerLinesMax,
      bodyBytesMax: limits.bodyBytesMax,
      connectionsMax: http.connectionsMax,
    },
    xml: xmlLimitsOf(config, limits.stanzaBytesMax),
    pages,
  };
}

/** Reads the file of authorities. Throws the system's error with the path in it. */
export function upstreamOptionsOf({ dns, upstream }: Config): UpstreamOptions {
  const { servers, timeout } = dns;
  const { caFile, allowNetworks, denyNetworks, dial } = upstream;
  return {
    ...(caFile === undefined ? {} : { ca: [readFileSync(caFile, 'utf8')] }),
    dnsServers: servers,
    allowNetworks,
    denyNetworks,
    limits: { dialMs: dial, dnsMs: timeout },
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
