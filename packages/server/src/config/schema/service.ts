import { ok, type Result } from '@boshd/engine/kit';
import { z } from 'zod';
import { shutdownKeys } from './cloud/shutdown.ts';
import { httpKeys } from './http.ts';
import { choice, duration, flag, group, key, list, optionalKey, parsed } from './kinds/kinds.ts';
import { parseDnsServer, parseDomain, parseHostPort, parseNetwork } from './kinds/values.ts';
import { parseServeAt } from './listen.ts';
import { survivalKeys } from './survival.ts';

/** How an operator says that a domain is reached, instead of by DNS. */
const override = z.strictObject({
  host: optionalKey(z.string().min(1).max(253), {
    kind: 'text',
    form: 'a host name or an IP address, such as 127.0.0.1',
    purpose:
      'The host of the XMPP server. Given: the DNS is not asked, and the address policy does not apply, so private addresses are allowed. Absent: discovery as usual.',
  }),
  port: key(z.int().min(1).max(65_535), {
    kind: 'count',
    form: 'a port from 1 to 65535',
    preset: 5222,
    purpose: 'The port of the XMPP server; used with host only. Direct TLS is mostly at 5223.',
  }),
  tls: choice(['required', 'direct', 'insecure-optional', 'insecure-none'], {
    preset: 'required',
    purpose:
      'required: STARTTLS, never plain text. direct: TLS from the first byte. insecure-optional: STARTTLS where offered. insecure-none: plain text, for a server on the same machine.',
  }),
  tlsMin: optionalKey(z.literal(['1.2', '1.3', 'insecure-1.0', 'insecure-1.1']), {
    kind: 'text',
    form: 'one of 1.2, 1.3, insecure-1.0, insecure-1.1',
    purpose:
      'The oldest TLS version for this domain, instead of upstream.tlsMin. The insecure ones are for servers that can not be renewed; they allow weak keys and hashes too.',
  }),
  proxyProtocol: optionalKey(z.literal(['v1', 'v2']), {
    kind: 'text',
    form: 'v1 or v2',
    purpose:
      "Sends the browser's address ahead of everything else (PROXY protocol of HAProxy), so that the server sees it instead of that of boshd. The server, or the proxy in front of it, must expect it from here; used with host only.",
  }),
  insecureSkipVerify: flag({
    preset: false,
    purpose: "Takes any certificate. For trials only: whoever is in between can read users' passwords.",
  }),
  caFile: optionalKey(z.string().min(1), {
    kind: 'file',
    form: 'the path of a PEM file',
    purpose: 'The authorities that sign the certificate of this domain, instead of those of upstream.caFile.',
  }),
});

/** A map, because a domain may be named like a property that every object has. */
function byDomain<Value>(record: Record<string, Value>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(record));
}

/** Who may connect to a Unix socket is for the file system to say: all of them are one peer. */
function parseProxy(input: string): Result<string, string> {
  return input === 'unix' ? ok(input) : parseNetwork(input);
}

/** What the process as a whole decides, whatever the site. */
export const serviceKeys = {
  listen: list(parseServeAt, {
    min: 1,
    max: 16,
    of: 'addresses with a port, such as 127.0.0.1:5280, [::1]:5280 or 0.0.0.0:5280; unix:/PATH for a Unix socket; systemd for the sockets that it passes on',
    preset: ['127.0.0.1:5280', '[::1]:5280'],
    purpose: 'Where to listen for HTTP. Port 0 lets the system choose a port.',
    reason:
      'The web server that proxies the URL is mostly on the same machine; other machines reach boshd only if they are meant to.',
    precedent: '5280 is the port that IANA assigned to BOSH; Prosody and ejabberd use it too.',
  }),
  tls: group(
    {
      certFile: optionalKey(z.string().min(1), {
        kind: 'file',
        form: 'the path of a PEM file',
        purpose: 'The certificate chain with which boshd serves https itself. Set: all of listen is https.',
      }),
      keyFile: optionalKey(z.string().min(1), {
        kind: 'file',
        form: 'the path of a PEM file',
        purpose: 'The private key of the certificate.',
      }),
      clientCaFile: optionalKey(z.string().min(1), {
        kind: 'file',
        form: 'the path of a PEM file',
        purpose:
          'The authorities that sign client certificates which sites know by CN=NAME (proxiedBy.certificates).',
      }),
    },
    { purpose: 'https without a proxy in front.' },
  ),
  trustedProxies: list(parseProxy, {
    max: 1000,
    of: 'IP addresses or networks, such as 127.0.0.1 or 10.0.0.0/8; unix for whoever may use a Unix socket of listen',
    preset: [],
    purpose:
      "The proxies whose word on the client's address and scheme counts (X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host).",
    reason: 'Anyone can send such headers; believed from all, limits per address would mean nothing.',
  }),
  proxyProtocol: group(
    {
      listen: list(parseHostPort, {
        max: 16,
        of: 'addresses with a port, such as 127.0.0.1:5281',
        preset: [],
        purpose:
          'Where to listen besides listen, for proxies that begin each connection with a PROXY header (version 1 or 2) of HAProxy.',
        reason: 'Whether a connection begins with one must be known: a service that guesses can be lied to.',
        precedent: 'send-proxy-v2 in HAProxy, proxy_protocol on in nginx (stream), load balancers of clouds.',
      }),
      networks: list(parseNetwork, {
        max: 1000,
        of: 'IP addresses or networks, such as 127.0.0.1 or 10.0.0.0/8',
        preset: [],
        purpose: 'The proxies that may connect there; connections of all others are closed.',
        reason: 'Whoever may send such a header may take any address.',
      }),
    },
    { purpose: 'The PROXY protocol.' },
  ),
  forwardedHeader: choice(['x-forwarded-for', 'forwarded'], {
    preset: 'x-forwarded-for',
    purpose:
      'The header in which proxies name the client: X-Forwarded-For (with X-Forwarded-Proto and X-Forwarded-Host), or Forwarded (RFC 7239). The other is ignored.',
    reason:
      'A proxy that writes the one passes on the other as the client sent it, so only one can be believed.',
    precedent: 'nginx, Apache, Caddy and most load balancers write X-Forwarded-For.',
  }),
  defaultSite: flag({
    preset: true,
    purpose:
      'Whether requests that are no site of sites are those of the default site, which the keys at the top of the file describe. false: they are refused.',
    reason: 'With no sites at all the default site is the only one.',
  }),
  ...httpKeys,
  dns: group(
    {
      servers: list(parseDnsServer, {
        max: 8,
        of: 'IP addresses, with a port or without, such as 9.9.9.9 or 127.0.0.1:5353',
        preset: [],
        purpose: 'The DNS servers to ask; an empty list means those of the system.',
      }),
      timeout: duration({
        purpose: 'The time after which a look-up has failed.',
        precedent: 'The resolver of glibc waits 5 s.',
        bareUnit: 's',
        min: '100ms',
        max: '30s',
        preset: '5s',
      }),
    },
    { purpose: 'How XMPP domains are looked up.' },
  ),
  upstream: group(
    {
      dial: duration({
        purpose: 'The time for reaching an XMPP server, all its addresses and the DNS together.',
        reason:
          'A server that is being restarted refuses connections; it is dialled again and again for so long.',
        precedent: 'Below the 12 s after which Pidgin gives up.',
        bareUnit: 's',
        min: '500ms',
        max: '60s',
        preset: '10s',
      }),
      blocked: duration({
        purpose:
          'How long an XMPP server may take nothing of what was sent to it, before the link counts as dead.',
        reason: 'A server that lives takes 1 MiB, the most that waits for it, in far less.',
        bareUnit: 's',
        min: '1s',
        max: '600s',
        preset: '60s',
      }),
      allowNetworks: list(parseNetwork, {
        max: 1000,
        of: 'IP addresses or networks, such as 10.1.0.0/16',
        preset: [],
        purpose:
          'Private and special networks in which discovered XMPP servers may be; all others of the kind are refused.',
        reason: 'Otherwise anyone could have boshd connect to the machines of your own network.',
      }),
      denyNetworks: list(parseNetwork, {
        max: 1000,
        of: 'IP addresses or networks, such as 203.0.113.0/24',
        preset: [],
        purpose: 'Networks in which discovered XMPP servers may not be, even if they are allowed above.',
      }),
      caFile: optionalKey(z.string().min(1), {
        kind: 'file',
        form: 'the path of a PEM file',
        purpose:
          'The authorities that sign the certificates of XMPP servers, instead of those the platform trusts.',
      }),
      tlsMin: choice(['1.2', '1.3'], {
        purpose: 'The oldest TLS version that is spoken with XMPP servers.',
        reason: 'Older ones are broken (RFC 8996).',
        preset: '1.2',
      }),
      overrides: key(z.record(parsed(parseDomain), override).transform(byDomain), {
        kind: 'map',
        form: 'a domain and, below it, how it is reached',
        preset: {},
        purpose: 'XMPP domains that are reached in another way than by DNS and verified TLS.',
      }),
    },
    { purpose: 'How XMPP servers are reached.' },
  ),
  log: group(
    {
      level: choice(['error', 'warn', 'info', 'debug', 'silent'], {
        purpose:
          'The least important kind of line that is written. No level writes bodies, passwords or sids.',
        preset: 'info',
      }),
      format: choice(['auto', 'json', 'text'], {
        purpose: 'json: one object a line. text: for people. auto: text on a terminal, else json.',
        preset: 'auto',
      }),
    },
    { purpose: 'The log, which goes to standard output.' },
  ),
  ...shutdownKeys,
  ...survivalKeys,
};
