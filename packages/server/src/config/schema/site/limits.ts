import { DEFAULT_ADMISSION_LIMITS } from '@boshd/engine/manager';
import { count, group, size } from '../kinds/kinds.ts';
import { admissionKeys } from './admission.ts';

/** Limits that each site has for itself. */
const ofSite = {
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
    reason:
      'A large roster or avatar comes in one stanza, and escaping makes of a stanza up to six times its bytes. One that is longer does not reach its client; the session goes on.',
    min: '10000',
    max: '64MiB',
    preset: '4MiB',
  }),
  serverDepthMax: count({
    of: 'elements',
    purpose: 'How deep elements may be nested in a stanza from an XMPP server.',
    reason:
      'Clients fail on the whole reply beyond what their parsers read; a deeper stanza does not reach its client, and the session goes on.',
    precedent:
      'Clients built with libxml2 read 256 levels, the <body/> counted; finch 257 (docs/decisions/http-front.md).',
    min: 16,
    max: 4096,
    preset: 200,
  }),
  serverAttributesMax: count({
    of: 'attributes',
    purpose:
      'The most attributes of one element from an XMPP server, namespace declarations included, and the most prefixes declared at once.',
    reason: 'Each costs memory while its stanza is read.',
    min: 64,
    max: 65_536,
    preset: 16_384,
  }),
  serverNameBytesMax: size({
    purpose: 'The longest name of an element or attribute from an XMPP server, its prefix included.',
    min: '512B',
    max: '1MiB',
    preset: '64KiB',
  }),
  depthMax: count({
    of: 'elements',
    purpose: 'How deep elements may be nested in a stanza from a client.',
    reason: 'Real stanzas are less than 20 deep; parsers behind boshd may be slow or crash on deep ones.',
    min: 16,
    max: 1024,
    preset: 64,
  }),
  attributesMax: count({
    of: 'attributes',
    purpose: 'The most attributes of one element from a client, namespace declarations included.',
    min: 16,
    max: 1024,
    preset: 64,
  }),
  nameBytesMax: size({
    purpose: 'The longest name of an element or attribute from a client, its prefix included.',
    min: '64B',
    max: '64KiB',
    preset: '512B',
  }),
  ...admissionKeys,
};

const WORDS = { purpose: 'Limits of what clients and servers may send, and of how many clients there are.' };

export const limits = group(
  {
    ...ofSite,
    endedMax: count({
      of: 'sessions',
      purpose: 'The most ended sessions that are remembered; the oldest are forgotten first.',
      reason: 'A request that comes late hears why its session ended.',
      precedent: 'node-xmpp-bosh remembers them too, for the wait and 5 s.',
      min: 0,
      max: 1_000_000,
      preset: DEFAULT_ADMISSION_LIMITS.endedMax,
    }),
    memoryBytesMax: size({
      purpose:
        'The most that all clients together may make the process hold: bodies that are being read, requests that came too early, queues, replies that may be asked for again, memories of ended sessions. Never more than a third of the JavaScript heap.',
      reason:
        'Beyond it boshd forgets ended sessions, then ends sessions before log-in, then stops reading from XMPP servers and creates no sessions: it must not run out of memory for all.',
      precedent:
        'A session that is logged in and quiet holds a few kilobytes: this is 20,000 of them with 25 KiB each.',
      min: '16MiB',
      max: '64GiB',
      preset: '512MiB',
    }),
    memoryBytesPerAddressMax: size({
      purpose: 'The same for the clients of one address (an IPv4 address, or a /64 of IPv6; 0: no limit).',
      reason: 'A tenth of the above and more than an office needs: a roster of 1 MB in each of 50 sessions.',
      min: '0',
      max: '64GiB',
      preset: '64MiB',
    }),
  },
  WORDS,
);

export const siteLimits = group(ofSite, WORDS);
