import { readFileSync } from 'node:fs';
import { DEFAULT_ADMISSION_LIMITS, type ManagerConfig } from '@boshd/engine/manager';
import type { DomainOverride } from '@boshd/engine/site';
import { DEFAULT_STREAM_LIMITS } from '@boshd/engine/stream';
import type { XmlLimits } from '@boshd/engine/wire';
import type { Config } from './config/index.ts';
import { FRONT_LIMITS, type FrontOptions } from './front/options.ts';
import type { Pages } from './front/reply/pages.ts';
import type { UpstreamOptions } from './upstream/options.ts';

/** The configuration as each part of boshd wants it: the only place that knows both sides. */

/** Reads the files of certificates that the configuration names. Throws the system's error with the path in it. */
export function managerConfigOf(config: Config): ManagerConfig {
  const { session, limits, domains, upstream } = config;
  return {
    session,
    stream: DEFAULT_STREAM_LIMITS,
    serverXml: xmlLimitsOf(config, limits.serverStanzaBytesMax),
    domains: {
      defaultDomain: domains.default,
      allow: domains.allow,
      deny: domains.deny,
      overrides: new Map([...upstream.overrides].map(([domain, override]) => [domain, overrideOf(override)])),
    },
    admission: {
      sessionsMax: limits.sessionsMax,
      endedMax: DEFAULT_ADMISSION_LIMITS.endedMax,
      sessionsPerAddressMax: limits.sessionsPerAddressMax,
      creationsPerAddressPerSecond: limits.creationsPerAddressPerSecond,
      creationsPerAddressBurst: limits.creationsPerAddressBurst,
    },
    showExternal: false,
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

export function upstreamOptionsOf({ dns, upstream }: Config): UpstreamOptions {
  return {
    dnsServers: dns.servers,
    allowNetworks: upstream.allowNetworks,
    denyNetworks: upstream.denyNetworks,
    limits: { dialMs: upstream.dial, dnsMs: dns.timeout },
  };
}
