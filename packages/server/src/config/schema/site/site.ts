import { fault, ok, type Result } from '@boshd/engine/kit';
import { portVerdict } from '@boshd/engine/site';
import { z } from 'zod';
import { flag, group, key, list, optionalKey, parsed, size } from '../kinds/kinds.ts';
import { parseDomain, parseDomainPattern, parseOriginPattern } from '../kinds/values.ts';
import { hostMetaKeys } from './discovery.ts';
import { seeOtherKeys } from './elsewhere.ts';
import { limits } from './limits.ts';
import { parsePath } from './paths.ts';
import { prebindKeys } from './prebind.ts';
import { sessionKeys, streamKeys } from './session.ts';
import { websocketKeys } from './websocket.ts';

/** RFC 9110 §5.6.2, and §5.5 without the obsolete bytes. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** What boshd decides for every reply: another value would break HTTP, CORS or the safety of the site's origin. */
const RESERVED_HEADERS =
  /^(?:access-control-.*|connection|content-.*|cross-origin-.*|date|keep-alive|set-cookie2?|transfer-encoding|upgrade|vary|x-content-type-options)$/i;

export function parseHeaderName(input: string): Result<string, string> {
  return HEADER_NAME.test(input) ? ok(input) : fault('is not a header name');
}

function parseExtraHeaderName(input: string): Result<string, string> {
  return RESERVED_HEADERS.test(input) ? fault('is a header that boshd sets itself') : parseHeaderName(input);
}

/** The environment and flags write numbers as text. */
const routePort = z.union([z.int(), z.string().regex(/^\d{1,5}$/)]).transform((input, context): number => {
  const port = Number(input);
  const verdict = portVerdict(port);
  if (verdict.allowed) return port;
  context.addIssue(`is not a port for XMPP (${verdict.why})`);
  return z.NEVER;
});

const domains = group(
  {
    default: optionalKey(parsed(parseDomain), {
      kind: 'text',
      form: 'a domain, such as example.org',
      purpose: "The XMPP domain of a session whose creation request has no 'to'.",
    }),
    allow: list(parseDomainPattern, {
      max: 10_000,
      of: 'domains: example.org (it alone), *.example.org (all below it) or * (all)',
      preset: ['*'],
      purpose: 'The XMPP domains that clients may connect to.',
      reason:
        'A page should be able to talk to any XMPP server; whoever serves one domain only names it here.',
    }),
    deny: list(parseDomainPattern, {
      max: 10_000,
      of: 'domains: example.org (it alone), *.example.org (all below it) or * (all)',
      preset: [],
      purpose: 'The XMPP domains that clients may not connect to, even if they are allowed above.',
    }),
    gone: list(parseDomainPattern, {
      max: 10_000,
      of: 'domains: example.org (it alone), *.example.org (all below it) or * (all)',
      preset: [],
      purpose:
        'XMPP domains that were served once and never will be again: their clients are told host-gone, not host-unknown.',
      precedent: 'XEP-0124 §17.2',
    }),
    routePorts: key(z.array(routePort).max(16), {
      kind: 'list',
      form: 'a list of ports, such as [5222]',
      preset: [],
      purpose:
        "The ports that a client may name, together with a host, in 'route' (XEP-0124 §7.1) to say where the server of its domain is. Empty: route is ignored. A domain with an override keeps it.",
      reason:
        'A page could have boshd connect to any public host at these ports; certificates are verified against the domain all the same.',
      precedent: 'Gajim and JSJaC always send a route; Prosody, ejabberd and Openfire ignore it.',
    }),
  },
  { purpose: 'Which XMPP domains are served.' },
);

const origin = parsed((input) => (input === '*' ? ok(input) : parseOriginPattern(input)));
/** A list, because the environment and flags write lists; '*' in it is all. */
const origins = z
  .union([z.literal('*'), z.array(origin).max(10_000)])
  .transform((input) => (input.includes('*') ? ('*' as const) : input));

const CODINGS = ['zstd', 'br', 'gzip', 'deflate'] as const;
const SYNTAXES = ['post', 'script', 'window-name', 'websocket'] as const;

/** What a web site decides for itself. At the top level these keys are the default site. */
export const siteKeys = {
  paths: list(parsePath, {
    min: 1,
    max: 16,
    of: 'paths, such as /http-bind',
    preset: ['/http-bind', '/bosh'],
    purpose: 'The paths of the BOSH URL; each is also answered with a slash at its end.',
    precedent: '/http-bind is what Prosody, Openfire and MongooseIM use, /bosh what ejabberd documents.',
  }),
  origins: key(origins, {
    kind: 'list',
    form: '* (all), or a list of origins such as https://www.example.org, https://*.example.org (all below it), or capacitor://localhost (an app)',
    preset: [],
    purpose:
      'The origins, besides its own, whose pages may use this service: web sites, and apps and extensions by scheme and host.',
    reason:
      "Behind the proxy of the page's own web server nothing crosses origins, so none needs to be allowed.",
  }),
  insecureNullOrigin: flag({
    purpose:
      'Whether pages with the origin `null` (files, sandboxed frames, some apps) may use this service.',
    reason:
      'Every page of the web can open a sandboxed frame, which has this origin: it is as if all were allowed.',
    preset: false,
  }),
  credentials: flag({
    purpose:
      "Whether pages of other origins may send cookies and HTTP authentication along; needs a list of origins, not '*'.",
    reason: 'BOSH itself needs none; only a proxy that authenticates by cookie does.',
    preset: false,
  }),
  exposedHeaders: list(parseHeaderName, {
    max: 64,
    of: 'header names',
    preset: [],
    purpose:
      'Headers of replies that scripts of other origins may read; those of extraHeaders are not by themselves.',
  }),
  allowedHeaders: list(parseHeaderName, {
    max: 64,
    of: 'header names',
    preset: [],
    purpose:
      'Headers that scripts of other origins may set on requests, besides Content-Type and Accept-Encoding.',
  }),
  syntaxes: key(z.array(z.literal(SYNTAXES)).min(1).max(SYNTAXES.length), {
    kind: 'list',
    form: `a list of ${SYNTAXES.join(', ')}`,
    preset: ['post', 'websocket'],
    purpose:
      'How pages may talk to boshd. post: BOSH (XEP-0124). script: BOSH by script elements (XEP-0252). window-name: BOSH by forms in a frame. websocket: RFC 7395.',
    reason:
      'Both are guarded by the origin of the page. Any page can load a script: where script is on, only a secret path tells pages apart.',
  }),
  extraHeaders: key(z.record(parsed(parseExtraHeaderName), z.string().regex(HEADER_VALUE).max(8192)), {
    kind: 'map',
    form: 'a header name and its value in printable ASCII',
    preset: {},
    purpose: 'Headers added to every reply.',
  }),
  compression: group(
    {
      codings: key(z.array(z.literal(CODINGS)).max(CODINGS.length), {
        kind: 'list',
        form: `a list of ${CODINGS.join(', ')}`,
        preset: [],
        purpose:
          'How replies may be compressed, where the client takes it (Accept-Encoding). Empty: not at all. zstd needs Node 22.15 or later.',
        reason:
          'Over TLS the length of a compressed reply tells something of what is in it (BREACH): whoever can have stanzas sent to a user, and see the length of the replies, learns of the others in them.',
        precedent: 'Of the servers with BOSH, Openfire compresses.',
      }),
      bytesMin: size({
        purpose: 'Shorter replies are sent as they are.',
        reason: 'The head of a reply alone is longer than what would be saved.',
        min: '0B',
        max: '1MiB',
        preset: '1KiB',
      }),
      bytesMax: size({
        purpose: 'Longer replies as well.',
        reason: 'While one is compressed, all other sessions wait: 2 to 5 ms for 256 KiB.',
        min: '1KiB',
        max: '16MiB',
        preset: '256KiB',
      }),
      requests: flag({
        purpose:
          'Whether requests may be compressed (gzip, deflate); clients are told by accept in the creation reply.',
        reason:
          'No client is known that does it, and a few bytes of a stranger are inflated and read as many.',
        preset: false,
      }),
    },
    { purpose: 'Compression of replies, and of requests.' },
  ),
  domains,
  seeOther: seeOtherKeys,
  showExternal: flag({
    purpose: 'Whether clients are shown the SASL mechanism EXTERNAL, where an XMPP server offers it.',
    reason: 'A server that trusts the machine of boshd would let any page in under any name.',
    preset: false,
  }),
  session: sessionKeys,
  stream: streamKeys,
  websocket: websocketKeys,
  hostMeta: hostMetaKeys,
  prebind: prebindKeys,
  limits,
};
