import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { type Duration, fault, millis, ok, type Result } from '@boshd/engine/kit';

/** A number of bytes. */
export type Bytes = number & { readonly [bytes]: true };
declare const bytes: unique symbol;

/** Where to listen; port 0 lets the system choose one. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What is wrong with a value, to follow its name: `is not ...`. */
type Parsed<Value> = Result<Value, string>;

export type TimeUnit = 'ms' | 's';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const UNIT_BYTES = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
const PORT_MAX = 65_535;

/** Also stands in the JSON Schema, so that an editor marks what does not fit. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)?$/;

/** `55s`, `5ms`, `2m`, `1.5h`; a bare number is in `bareUnit`. */
export function parseDuration(input: string | number, bareUnit: TimeUnit): Parsed<Duration> {
  const match = DURATION_PATTERN.exec(String(input));
  if (match === null) return fault('is not a duration');
  const unit = (match[2] ?? bareUnit) as keyof typeof UNIT_MS;
  return ok(millis(Math.round(Number(match[1]) * UNIT_MS[unit])));
}

/** The shortest text that `parseDuration` reads back as the same value. */
export function formatDuration(value: Duration): string {
  if (value === 0) return '0s';
  for (const unit of ['h', 'm', 's'] as const) {
    // 90 s and 150 s are what the XEP's readers know, so minutes only where they are many.
    if (value % UNIT_MS[unit] === 0 && (unit === 's' || value >= 10 * UNIT_MS[unit])) {
      return `${value / UNIT_MS[unit]}${unit}`;
    }
  }
  return `${value}ms`;
}

/** `1MiB`, `256KiB`, `4096`; a bare number is bytes. */
export function parseSize(input: string | number): Parsed<Bytes> {
  const match = SIZE_PATTERN.exec(String(input));
  if (match === null) return fault('is not a size');
  const unit = (match[2] ?? '') as keyof typeof UNIT_BYTES;
  return ok(Math.round(Number(match[1]) * UNIT_BYTES[unit]) as Bytes);
}

/** The shortest text that `parseSize` reads back as the same value. */
export function formatSize(value: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (value > 0 && value % UNIT_BYTES[unit] === 0) return `${value / UNIT_BYTES[unit]}${unit}`;
  }
  return `${value}B`;
}

/** `127.0.0.1:5280`, `[::1]:5280`, `localhost:5280`. */
export function parseHostPort(input: string): Parsed<HostPort> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(input);
  if (match === null) return fault('is not an address with a port');
  const port = Number(match[3]);
  if (port > PORT_MAX) return fault(`has a port beyond ${PORT_MAX}`);
  const [, inBrackets, plain] = match;
  if (inBrackets !== undefined) {
    return isIP(inBrackets) === 6
      ? ok({ host: inBrackets, port })
      : fault('has something else than an IPv6 address in brackets');
  }
  if (plain !== undefined && (isIP(plain) === 4 || parseDomain(plain).ok)) return ok({ host: plain, port });
  return fault('has a host that is neither an IP address nor a name');
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `9.9.9.9`, `127.0.0.1:5353`, `2620:fe::fe`, `[::1]:5353`: as `dns.Resolver.setServers` takes it. */
export function parseDnsServer(input: string): Parsed<string> {
  if (isIP(input) !== 0) return ok(input);
  const address = parseHostPort(input);
  if (address.ok && isIP(address.value.host) !== 0 && address.value.port > 0) return ok(input);
  return fault('is not an IP address, with or without a port');
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; the result always has its prefix length. */
export function parseNetwork(input: string): Parsed<string> {
  const [address = '', prefix, ...rest] = input.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return fault('is not an IP address or network');
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return ok(`${address}/${bits}`);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    return fault(`has a prefix length that is not one of 0 to ${bits}`);
  }
  return ok(`${address}/${Number(prefix)}`);
}

/**
 * `https://chat.example.org`, `http://localhost:8080`, and those of apps and extensions (`capacitor://localhost`): what a browser
 * sends in Origin (Fetch standard). The result is as browsers write it.
 */
export function parseOrigin(input: string): Parsed<string> {
  if (input.toLowerCase() === 'null') return fault(NULL_ORIGIN);
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined || url.origin === 'null') return parseAppOrigin(input);
  if (input.replace(/\/$/, '').toLowerCase() !== url.origin && url.href !== `${url.origin}/`) {
    return fault(`has more than scheme, host and port (its origin is ${url.origin})`);
  }
  return ok(url.origin);
}

const NULL_ORIGIN =
  'is the origin of files and sandboxed frames, which any page of the web can have; insecureNullOrigin: true lets them all in';

/** Scheme, host and port, and what is too much. */
const APP_ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([a-z0-9._~-]*(?::\d{1,5})?)(.*)$/i;

/** Browsers leave the host of such an origin as it is. That of `file://` is empty. */
function parseAppOrigin(input: string): Parsed<string> {
  const [, scheme = '', host = '', rest = ''] = APP_ORIGIN.exec(input) ?? [];
  const origin = `${scheme.toLowerCase()}://${host}`;
  if (scheme === '' || (host === '' && origin !== 'file://')) return fault('is not an origin');
  return rest === '' || rest === '/'
    ? ok(origin)
    : fault(`has more than scheme, host and port (its origin is ${origin})`);
}

/** An origin, or `https://*.example.org` for those of all hosts below example.org. */
export function parseOriginPattern(input: string): Parsed<string> {
  const [scheme, host, ...rest] = input.split('://*.');
  if (host === undefined) return parseOrigin(input);
  const parsed = rest.length > 0 ? fault('') : parseOrigin(`${scheme}://x.${host}`);
  return parsed.ok ? ok(parsed.value.replace('://x.', '://*.')) : fault('is not a pattern of origins');
}

/** A host as a Host header names it, without a port: a domain, `*.example.org` for all below it, an IP address. */
export function parseHost(input: string): Parsed<string> {
  if (isIP(input) === 4) return ok(input);
  const bare = /^\[(.*)\]$/.exec(input)?.[1] ?? input;
  if (isIP(bare) === 6) return ok(new URL(`http://[${bare}]`).hostname);
  const domain = input === '*' ? fault('') : parseDomainPattern(input);
  return domain.ok ? domain : fault('is not a host without a port');
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A domain in lower case and in its ASCII form; one without a dot is a name of the local network. */
export function parseDomain(input: string): Parsed<string> {
  const name = domainToASCII(input);
  const labels = name.split('.');
  if (name.length > 253 || isIP(name) !== 0 || !labels.every((label) => LABEL.test(label))) {
    return fault('is not a domain');
  }
  return ok(name);
}

/** `example.org` (it alone), `*.example.org` (everything below it, at label boundaries) or `*` (all). */
export function parseDomainPattern(input: string): Parsed<string> {
  if (input === '*') return ok(input);
  const below = input.startsWith('*.');
  const domain = parseDomain(below ? input.slice(2) : input);
  if (!domain.ok) return fault('is not a domain or a pattern of domains');
  return ok(below ? `*.${domain.value}` : domain.value);
}
