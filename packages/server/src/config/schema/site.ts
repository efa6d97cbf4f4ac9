import { fault, ok, type Result } from '@boshd/engine/kit';
import { z } from 'zod';
import { count, flag, group, key, list, optionalKey, parsed, size } from './kinds.ts';
import { sessionKeys, streamKeys } from './session.ts';
import { parseDomain, parseDomainPattern, parseOrigin } from './values.ts';

/** Answered by boshd itself, so no BOSH path may be one of them. */
const RESERVED_PATHS = new Set(['/', '/healthz', '/readyz', '/metrics']);
/** RFC 9110 §5.6.2, and §5.5 without the obsolete bytes. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** What boshd decides for every reply: another value would break HTTP, CORS or the safety of the site's origin. */
const RESERVED_HEADERS =
  /^(?:access-control-.*|connection|content-.*|cross-origin-.*|date|keep-alive|set-cookie2?|transfer-encoding|upgrade|vary|x-content-type-options)$/i;

function parsePath(input: string): Result<string, string> {
  const path = input.length > 1 ? input.replace(/\/$/, '') : input;
  if (RESERVED_PATHS.has(path)) return fault('is a path that boshd answers itself');
  return /^(?:\/[\w.~-]+)+$/.test(path) ? ok(path) : fault('is not a plain path');
}

function parseHeaderName(input: string): Result<string, string> {
  return HEADER_NAME.test(input) ? ok(input) : fault('is not a header name');
}

function parseExtraHeaderName(input: string): Result<string, string> {
  return RESERVED_HEADERS.test(input) ? fault('is a header that boshd sets itself') : parseHeaderName(input);
}

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
  },
  { purpose: 'Which XMPP domains are served.' },
);

const limits = group(
  {
    bodyBytesMax: size({
      purpose: 'The longest <body/> of one request.',
      reason: 'Several stanzas may come in one; it is read into memory whole.',
      precedent: 'Prosody 10 MB, node-xmpp-bosh 100 kB.',
      min: '16KiB',
      max: '64MiB',
      preset: '1MiB',
    }),
    stanzaBytesMax: size({
      purpose: 'The longest stanza from a client.',
      reason: 'XMPP servers end the stream at longer ones; a clear error at once is better.',
      precedent: 'Prosody 256 KiB; RFC 6120 §13.12 allows no limit below 10,000 bytes.',
      min: '10000',
      max: '64MiB',
      preset: '256KiB',
    }),
    serverStanzaBytesMax: size({
      purpose: 'The longest stanza from an XMPP server.',
      reason: 'A large roster or avatar comes in one stanza.',
      min: '10000',
      max: '64MiB',
      preset: '1MiB',
    }),
    depthMax: count({
      of: 'elements',
      purpose: 'How deep elements may be nested in a stanza.',
      reason: 'Real stanzas are less than 20 deep; parsers behind boshd may be slow or crash on deep ones.',
      min: 16,
      max: 1024,
      preset: 64,
    }),
    attributesMax: count({
      of: 'attributes',
      purpose: 'The most attributes of one element, namespace declarations included.',
      min: 16,
      max: 1024,
      preset: 64,
    }),
    nameBytesMax: size({
      purpose: 'The longest name of an element or attribute, its prefix included.',
      min: '64B',
      max: '64KiB',
      preset: '512B',
    }),
    sessionsMax: count({
      of: 'sessions',
      purpose: 'The most live sessions at once.',
      reason:
        'Each takes two open files and a few tens of kilobytes; the limit of open files of the process must be above twice this number.',
      min: 1,
      max: 1_000_000,
      preset: 20_000,
    }),
    endedMax: count({
      of: 'sessions',
      purpose: 'The most ended sessions that are remembered; the oldest are forgotten first.',
      reason: 'A request that comes late hears why its session ended.',
      precedent: 'node-xmpp-bosh remembers them too, for the wait and 5 s.',
      min: 0,
      max: 1_000_000,
      preset: 10_000,
    }),
    sessionsPerAddressMax: count({
      of: 'sessions (0: no limit)',
      purpose: 'The most sessions at once from one client address.',
      reason: 'A household or a small office shares one address; a loop of reconnects must not take all.',
      min: 0,
      max: 1_000_000,
      preset: 50,
    }),
    creationsPerAddressPerSecond: count({
      of: 'sessions a second (0: no limit)',
      purpose: 'How many sessions one client address may create in a second, in the long run.',
      reason: 'Some clients reconnect in an endless loop, several times a second.',
      precedent: 'Openfire 20/s with a burst of 50, switched off by default.',
      min: 0,
      max: 100_000,
      preset: 10,
    }),
    creationsPerAddressBurst: count({
      of: 'sessions',
      purpose: 'How many sessions one client address may create at once.',
      reason: 'After an outage all the people behind one address come back in the same second.',
      min: 1,
      max: 100_000,
      preset: 30,
    }),
  },
  { purpose: 'Limits of what clients and servers may send, and of how many clients there are.' },
);

const origin = parsed((input) => (input === '*' ? ok(input) : parseOrigin(input)));
/** A list, because the environment and flags write lists; '*' in it is all. */
const origins = z
  .union([z.literal('*'), z.array(origin).max(10_000)])
  .transform((input) => (input.includes('*') ? ('*' as const) : input));

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
    form: '* (all), or a list of origins such as https://www.example.org',
    preset: [],
    purpose: 'The web origins, besides its own, whose pages may use this service.',
    reason:
      "Behind the proxy of the page's own web server nothing crosses origins, so none needs to be allowed.",
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
  extraHeaders: key(z.record(parsed(parseExtraHeaderName), z.string().regex(HEADER_VALUE).max(8192)), {
    kind: 'map',
    form: 'a header name and its value in printable ASCII',
    preset: {},
    purpose: 'Headers added to every reply.',
  }),
  domains,
  showExternal: flag({
    purpose: 'Whether clients are shown the SASL mechanism EXTERNAL, where an XMPP server offers it.',
    reason: 'A server that trusts the machine of boshd would let any page in under any name.',
    preset: false,
  }),
  session: sessionKeys,
  stream: streamKeys,
  limits,
};
