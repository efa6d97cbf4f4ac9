import { fault, ok, type Result } from '@boshd/engine/kit';
import { z } from 'zod';
import { count, duration, group, key, parsed, size } from './kinds/kinds.ts';

/** The bits of chmod(2), as they are mostly written. */
function parseMode(input: string): Result<string, string> {
  return /^0?[0-7]{3}$/.test(input) ? ok(input) : fault('is not three octal digits');
}

/** How HTTP is served, whatever the site. */
export const httpKeys = {
  http: group(
    {
      keepAlive: duration({
        purpose: 'How long an HTTP connection may stay open without a request.',
        reason: 'It must be the proxy that closes; if boshd did, a request could get lost on its way.',
        precedent: 'Longer than the 60 s for which nginx keeps its connections.',
        bareUnit: 's',
        min: '1s',
        max: '3600s',
        preset: '75s',
      }),
      headTime: duration({
        purpose: 'How long a client may take to send the head of a request.',
        reason: 'Slow heads are the cheapest way to hold many connections.',
        precedent: 'nginx allows 60 s.',
        bareUnit: 's',
        min: '1s',
        max: '300s',
        preset: '10s',
      }),
      bodyTime: duration({
        purpose: 'How long it may then take to send the body.',
        reason: '1 MiB over a line of 300 kbit/s.',
        bareUnit: 's',
        min: '1s',
        max: '300s',
        preset: '30s',
      }),
      replyTime: duration({
        purpose: 'How long a client may take to read its reply.',
        bareUnit: 's',
        min: '1s',
        max: '300s',
        preset: '30s',
      }),
      headBytesMax: size({
        purpose: 'The longest head of a request.',
        reason: 'Browsers with many cookies reach 8 KiB.',
        precedent: 'The default of Node.',
        min: '4KiB',
        max: '256KiB',
        preset: '16KiB',
      }),
      headerLinesMax: count({
        of: 'lines',
        purpose: 'The most header lines of a request.',
        reason: 'Browsers and proxies together send about 30.',
        min: 32,
        max: 1000,
        preset: 100,
      }),
      socketMode: key(z.union([z.string(), z.int()]).transform(String).pipe(parsed(parseMode)), {
        kind: 'text',
        form: 'three octal digits, such as 660',
        preset: '660',
        purpose: 'Who may use a Unix socket of listen: the mode of its file. Its folder may be stricter.',
        reason: 'The web server is mostly another user, in a group of its own.',
      }),
      streamsMax: count({
        of: 'requests',
        purpose:
          'The most requests that are open at once on one connection of HTTP/2, which https listeners speak.',
        reason: 'All tabs of a browser share one connection, with two requests for each session.',
        precedent: 'RFC 9113 advises 100 at least.',
        min: 2,
        max: 1000,
        preset: 100,
      }),
      connectionsMax: count({
        of: 'connections',
        purpose: 'The most HTTP connections of one listening address.',
        reason: 'Beyond the limit of open files of the process, no server could be dialled any more.',
        min: 1,
        max: 1_000_000,
        preset: 20_000,
      }),
      connectionsPerAddressMax: count({
        of: 'connections (0: no limit)',
        purpose:
          'The most HTTP connections at once from one client address (an IPv4 address, or a /64 of IPv6). It is not for proxies: neither for trustedProxies and proxiedBy, nor for this machine itself.',
        reason:
          'One machine must not take them all; the people behind one address need two for each session, and some that are just idle.',
        min: 0,
        max: 1_000_000,
        preset: 256,
      }),
    },
    { purpose: 'How HTTP is served.' },
  ),
};
