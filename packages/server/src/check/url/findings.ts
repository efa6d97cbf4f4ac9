import type { Finding, FindingCode } from './url-report.ts';

/** The web servers whose directives are known here, by how they call themselves in `Server`. */
const KNOWN = ['nginx', 'apache', 'haproxy', 'caddy', 'lighttpd'] as const;
type Known = (typeof KNOWN)[number];

interface Facts {
  readonly level: Finding['level'];
  readonly fix: string;
  /** The same in the words of one web server. */
  readonly in?: Readonly<Partial<Record<Known, string>>>;
}

const WHOLE = 'boshd proxy-config NAME prints the whole of a right configuration.';

const FACTS: Readonly<Record<FindingCode, Facts>> = {
  'host-unknown': { level: 'problem', fix: 'Check the spelling, or publish an address of the host.' },
  unreachable: { level: 'problem', fix: 'Start the web server, and open its port in the firewalls.' },
  'plain-http': {
    level: 'warning',
    fix: 'Serve the page and this URL by https: over http everybody on the way reads messages, and passwords with PLAIN.',
  },
  certificate: {
    level: 'problem',
    fix: 'Give the web server a certificate for this host with the whole chain of its authority; browsers refuse all requests until then. For an authority of your own, --ca names its file.',
  },
  'certificate-ends': { level: 'warning', fix: 'Look whether the renewal works.' },
  'http1-only': {
    level: 'hint',
    fix: 'Switch HTTP/2 on. Over HTTP/1.1 a browser opens six connections to a host, and each session takes up to two of them.',
    in: {
      nginx: 'Write `listen 443 ssl http2;` (since 1.25.1 `http2 on;`).',
      apache: 'Enable mod_http2 and write `Protocols h2 http/1.1`.',
      haproxy: 'Add `alpn h2,http/1.1` to the bind line.',
    },
  },
  redirect: {
    level: 'problem',
    fix: 'Answer at this very URL, and give clients the final one: browsers turn a redirected POST into a GET, or refuse it.',
  },
  'not-found': {
    level: 'problem',
    fix: 'Let the path through as it is: the service knows it as /http-bind, and another only if `paths` names it.',
    in: {
      nginx:
        'Write `proxy_pass http://127.0.0.1:5280;` without a slash or path behind the port: with one nginx cuts the location off.',
      apache: 'Write the same path on both sides: `ProxyPass /http-bind http://127.0.0.1:5280/http-bind`.',
      caddy: 'Write `handle /http-bind*`; `handle_path` cuts the path off.',
    },
  },
  'not-bosh': { level: 'problem', fix: `Proxy the URL to the BOSH service. ${WHOLE}` },
  'cors-doubled': {
    level: 'warning',
    fix: 'Leave CORS to the service (`cors.origins`): browsers refuse a reply that has Access-Control-Allow-Origin twice.',
    in: { nginx: 'Strike `add_header Access-Control-Allow-Origin ...;` from the location.' },
  },
  'preflight-refused': {
    level: 'warning',
    fix: 'Pass OPTIONS on to the service: browsers ask so before they POST from another origin.',
  },
  'host-meta-missing': {
    level: 'hint',
    fix: 'Proxy /.well-known/host-meta and /.well-known/host-meta.json too: clients that are given an address alone find the service by them (XEP-0156).',
  },
  'host-meta-cors': {
    level: 'hint',
    fix: 'Send `Access-Control-Allow-Origin: *` with it: pages of other origins cannot read it otherwise (XEP-0156 section 3).',
  },
  'websocket-upgrade': {
    level: 'warning',
    fix: 'Pass Upgrade and Connection on, over HTTP/1.1.',
    in: {
      nginx:
        'Add `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";` to the location.',
      apache: 'Add `upgrade=websocket` to the ProxyPass of this path.',
    },
  },
  'websocket-missing': {
    level: 'hint',
    fix: 'Proxy /xmpp-websocket too, or name its URL in host-meta: clients that prefer WebSocket find none.',
  },
  'session-refused': {
    level: 'problem',
    fix: 'See the log of the service; `boshd check DOMAIN` tells more.',
  },
  'body-limit': {
    level: 'warning',
    fix: 'Allow bodies of 1 MiB: avatars and log-ins with large tokens are cut off.',
    in: {
      nginx: 'Write `client_max_body_size 1m;` (its own default).',
      apache: 'Raise LimitRequestBody.',
    },
  },
  'one-at-a-time': {
    level: 'problem',
    fix: 'Allow each client two requests at once, and more for several tabs: BOSH holds one open while it sends another (XEP-0124 section 11).',
    in: { nginx: 'Raise or strike `limit_conn` here.' },
  },
  'late-replies': {
    level: 'warning',
    fix: 'Switch the buffering of replies off.',
    in: { nginx: 'Write `proxy_buffering off;`.', apache: 'Write `flushpackets=on` in the ProxyPass.' },
  },
  'poll-cut': {
    level: 'problem',
    fix: 'Raise the time-out for replies to 70 s, or lower session.waitMax of the service below the time above.',
    in: {
      nginx: 'Write `proxy_read_timeout 70s;`.',
      haproxy: 'Write `timeout server 70s` in the backend, and `timeout client 70s` in the frontend.',
      apache: 'Write `timeout=70` in the ProxyPass, or `ProxyTimeout 70`.',
    },
  },
  'connection-closed': {
    level: 'hint',
    fix: 'Keep connections alive for 75 s: each request costs a new connection and TLS handshake.',
    in: { nginx: 'Write `keepalive_timeout 75s;`.' },
  },
  compressed: {
    level: 'hint',
    fix: 'Do not compress these replies in the proxy: their lengths tell of secrets beside what others wrote (BREACH).',
    in: { nginx: 'Write `gzip off;` in the location.' },
  },
  cached: { level: 'problem', fix: 'Switch caching off for this URL: clients get the replies of others.' },
};

/** The finding, with the fix in the words of the web server that answers. */
export function finding(code: FindingCode, text: string, server: string | undefined): Finding {
  const { level, fix, in: words = {} } = FACTS[code];
  const known = KNOWN.find((name) => server?.toLowerCase().includes(name));
  const own = known === undefined ? undefined : words[known];
  return { level, code, text, fix: own === undefined ? fix : `${own} ${fix}` };
}
