import { fault, ok, type Result } from '@boshd/engine/kit';
import { parseDomain, parseMember } from '../../config/index.ts';
import type { Listen, Member, Service } from '../../proxy-config/index.ts';

/** Values of the flags. What is read here may stand in the files of all servers, so the alphabets are narrow. */

type Parsed<Value> = Result<Value, string>;

const PORT_MAX = 65_535;

/** `8080`, `:8080`, `127.0.0.1:8080`, `[::1]:8080`. */
export function parseListen(input: string): Parsed<Listen> {
  const alone = /^:?(\d{1,5})$/.exec(input)?.[1];
  if (alone !== undefined) {
    const port = Number(alone);
    return port >= 1 && port <= PORT_MAX ? ok({ host: undefined, port }) : fault('is not a port');
  }
  const at = parseMember(input);
  return at.ok
    ? ok({ host: at.value.host, port: at.value.port })
    : fault('is not a port or an address with a port');
}

export function parseHost(input: string): Parsed<string> {
  // What a URL would end a host with is none of its letters.
  const domain = /[/?#@:\\\s]/.test(input) ? fault('') : parseDomain(input);
  return domain.ok ? domain : fault('is not the name of a host');
}

const PLAIN_PATH = /^(?:\/(?:[\w.~+-]|\{host\})+)+\/?$/;

/** The absolute path of a file or directory. */
export function parsePath(input: string): Parsed<string> {
  return PLAIN_PATH.test(input)
    ? ok(input.replace(/(?<=.)\/$/, ''))
    : fault('is not an absolute path of letters, digits and . _ ~ + -');
}

/** A directory, or `http://127.0.0.1:8080`. */
export function parsePages(input: string): Parsed<string> {
  if (!/^\w+:/.test(input)) return parsePath(input);
  const url = URL.canParse(input.replaceAll('{host}', 'host'))
    ? new URL(input.replaceAll('{host}', 'host'))
    : undefined;
  if (url?.protocol !== 'http:') return fault('is not a directory or an http URL');
  return url.pathname === '/' && url.search === '' && url.username === ''
    ? ok(input.replace(/\/$/, ''))
    : fault('has more than scheme, host and port');
}

const WEB_PATH = /^(?:\/[\w.~-]+)+$/;

/** A path of the site; `none` for none. */
export function parseWebPath(input: string): Parsed<string | undefined> {
  if (input === 'none') return ok(undefined);
  return WEB_PATH.test(input) ? ok(input) : fault('is not a plain path, nor none');
}

/** `https://bosh.example.net/http-bind` */
export function parseService(input: string): Parsed<Service> {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return fault('is not an http or https URL');
  if (url.username !== '' || url.password !== '') return fault('has a user in it: no BOSH client sends one');
  if (!/^[^?#\s]*$/.test(input)) return fault('has more than a path');
  if (!WEB_PATH.test(url.pathname))
    return fault('has no plain path: a BOSH URL ends in something like /http-bind');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return ok({ secure, host: url.hostname.replace(/^\[|\]$/g, ''), port, path: url.pathname });
}

/** As `sites` has them. */
export function parseSiteKey(input: string): Parsed<string> {
  return /^[\w.~-]{16,256}$/.test(input)
    ? ok(input)
    : fault('is not of 16 to 256 letters, digits and . _ ~ -');
}

/** nginx knows no other letters in the name of a cookie. */
export function parseCookieName(input: string): Parsed<string> {
  return /^[A-Za-z0-9_]{1,64}$/.test(input) ? ok(input) : fault('is not a name of letters, digits and _');
}

export function parseSeconds(input: string): Parsed<number> {
  const match = /^(\d{1,4})s?$/.exec(input);
  const seconds = Number(match?.[1]);
  return match !== null && seconds >= 1 && seconds <= 3600
    ? ok(seconds * 1000)
    : fault('is not a number of seconds from 1 to 3600');
}

/** How much a proxy keeps of a request; HAProxy takes no buffer of 256 MiB. */
export function parseBytes(input: string): Parsed<number> {
  const bytes = Number(input);
  return /^\d{4,7}$/.test(input) && bytes >= 4096
    ? ok(bytes)
    : fault('is not a number of bytes from 4096 to 9999999');
}

/** A member; `index` names one that has no name. */
export function parseNamedMember(input: string, index: number): Parsed<Member> {
  const member = parseMember(input);
  return member.ok ? ok({ ...member.value, id: member.value.id ?? `m${index + 1}` }) : member;
}
