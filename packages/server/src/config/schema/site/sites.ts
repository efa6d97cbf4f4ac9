import { fault, ok, type Result } from '@boshd/engine/kit';
import { z } from 'zod';
import { group, key, list, parsed } from '../kinds/kinds.ts';
import { parseHost, parseNetwork } from '../kinds/values.ts';
import { siteLimits } from './limits.ts';
import { parseSecret } from './prebind.ts';
import { parseHeaderName, siteKeys } from './site.ts';

/** As `openssl x509 -fingerprint -sha256` prints it, or without the colons. */
function parseCertificate(input: string): Result<string, string> {
  if (/^CN=\S.{0,252}$/.test(input)) return ok(input);
  const digits = input.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? ok(digits) : fault('is neither a SHA-256 fingerprint nor CN=NAME');
}

function parseSiteName(input: string): Result<string, string> {
  if (input === 'default') return fault('is the name of the site that the top of the file describes');
  return /^[a-z0-9][a-z0-9._-]{0,63}$/i.test(input) ? ok(input) : fault('is not a plain name');
}

const secrets = {
  max: 16,
  isSecret: true,
  preset: [],
  of: 'secrets of 16 to 256 letters, digits, ".", "_", "~" and "-"',
};

const proxiedBy = group(
  {
    networks: list(parseNetwork, {
      max: 1000,
      of: 'IP addresses or networks, such as 203.0.113.7 or 2001:db8:7::/48',
      preset: [],
      purpose: "The addresses of the site's web servers.",
    }),
    header: key(parsed(parseHeaderName), {
      kind: 'text',
      form: 'a header name',
      preset: 'X-Boshd-Site',
      purpose: "The header in which the site's web server sends one of secrets.",
    }),
    secrets: list(parseSecret, {
      ...secrets,
      purpose: 'The secrets that are right in that header; two while one is being changed.',
    }),
    certificates: list(parseCertificate, {
      max: 100,
      of: 'certificates: the SHA-256 fingerprint of one, or CN=NAME for one that tls.clientCaFile signed',
      preset: [],
      purpose:
        "The client certificates with which the site's web server connects, where boshd serves https itself.",
      reason: 'Nothing secret is sent, and nothing has to be kept out of configuration files.',
    }),
    pathKeys: list(parseSecret, {
      ...secrets,
      purpose:
        "Secrets that stand behind each of the site's paths in the URL that its web server proxies to: /http-bind/SECRET.",
      reason: 'The simplest web servers can not add a header; browsers never see the path either way.',
    }),
  },
  {
    purpose:
      "How the site's own web server, which is somewhere else, is recognised; any one of these suffices. What it then says of the client's address, scheme and host counts, and requests that did not come by it are not this site's. With none of them set, browsers and trusted proxies come directly.",
    reason:
      'Two hundred people behind one web server must not be taken for one address with two hundred sessions.',
  },
);

/** What a site may say for itself; what it does not say is as at the top of the file. */
export const siteSchema = z.strictObject({
  hosts: list(parseHost, {
    max: 1000,
    of: 'hosts without ports, such as chat.example.org or *.example.org (all below it)',
    preset: [],
    purpose:
      'The hosts that are this site, as in the Host of requests; none: any host that is no other site, for the origins that this site lists.',
  }),
  proxiedBy,
  ...siteKeys,
  limits: siteLimits,
});

/** A map, because a site may be named like a property that every object has. */
export const sites = key(
  z
    .record(parsed(parseSiteName), siteSchema)
    .refine((record) => Object.keys(record).length <= 1000)
    .transform((record): ReadonlyMap<string, z.output<typeof siteSchema>> => new Map(Object.entries(record))),
  {
    kind: 'map',
    form: 'a name and, below it, what is different for this site',
    preset: {},
    purpose: 'More web sites that are served, each by its own rules.',
  },
);
