import { apacheConfig } from './apache.ts';
import { caddyConfig } from './caddy.ts';
import { apacheElsewhere } from './elsewhere/apache.ts';
import { caddyElsewhere } from './elsewhere/caddy.ts';
import { haproxyElsewhere } from './elsewhere/haproxy.ts';
import { nginxElsewhere } from './elsewhere/nginx.ts';
import { envoyConfig } from './envoy.ts';
import type { ClusterFacts, ElsewhereFacts } from './facts.ts';
import { haproxyConfig } from './haproxy.ts';
import { lighttpdConfig } from './lighttpd.ts';
import { nginxConfig, nginxSnippet } from './nginx.ts';
import { traefikConfig } from './traefik.ts';

export type {
  Certificate,
  ClusterFacts,
  ElsewhereFacts,
  FrontFacts,
  Listen,
  Member,
  Service,
  Site,
} from './facts.ts';

/** What can be printed for one server: pure functions from facts to the text of a file. */
export interface ProxyServer {
  /** In front of boshd's own members. */
  readonly cluster: (facts: ClusterFacts) => string;
  /** For a site whose service is elsewhere; a text: why there is none. */
  readonly elsewhere: ((facts: ElsewhereFacts) => string) | string;
  /** The part for a site that is there already, and one member. */
  readonly snippet?: (facts: ClusterFacts) => string;
  /** Whether it serves files by itself. */
  readonly servesFiles: boolean;
  /** Whether two services may differ in path and scheme. */
  readonly mixesServices: boolean;
}

/** Every server that a configuration can be printed for, by its name on the command line. */
export const PROXY_SERVERS: Readonly<Record<string, ProxyServer>> = {
  nginx: {
    cluster: nginxConfig,
    snippet: nginxSnippet,
    elsewhere: nginxElsewhere,
    servesFiles: true,
    mixesServices: true,
  },
  haproxy: { cluster: haproxyConfig, elsewhere: haproxyElsewhere, servesFiles: false, mixesServices: true },
  apache: { cluster: apacheConfig, elsewhere: apacheElsewhere, servesFiles: true, mixesServices: true },
  caddy: { cluster: caddyConfig, elsewhere: caddyElsewhere, servesFiles: true, mixesServices: false },
  lighttpd: {
    cluster: lighttpdConfig,
    elsewhere: 'lighttpd can not speak TLS to another server',
    servesFiles: true,
    mixesServices: true,
  },
  traefik: {
    cluster: traefikConfig,
    elsewhere: 'this form is made for nginx, haproxy, apache and caddy',
    servesFiles: false,
    mixesServices: true,
  },
  envoy: {
    cluster: envoyConfig,
    elsewhere: 'this form is made for nginx, haproxy, apache and caddy',
    servesFiles: false,
    mixesServices: true,
  },
};
