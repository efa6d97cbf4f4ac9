import { JID_PART_BYTES_MAX } from './limits.ts';

/** An address (RFC 7622): `local@domain/resource`. */
export interface Jid {
  /** '' where there is none. */
  readonly local: string;
  readonly domain: string;
  /** '' where there is none. */
  readonly resource: string;
}

/** Characters that a localpart must not have (RFC 7622 §3.3.1), and controls. */
const BAD_IN_LOCAL = /["&'/:<>@\s\p{Cc}]/u;
const BAD_IN_DOMAIN = /["&'/<>@\s\p{Cc}]/u;
const BAD_IN_RESOURCE = /\p{Cc}/u;

/** Reads an address; undefined where it is none. Case is folded simply, which is less than PRECIS asks for. */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf('/');
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf('@');
  const local = at < 0 ? '' : bare.slice(0, at).normalize('NFKC').toLowerCase();
  const domain = bare.slice(at + 1).toLowerCase();
  const resource = slash < 0 ? '' : text.slice(slash + 1);
  const whole = (at < 0 || isPart(local, BAD_IN_LOCAL)) && (slash < 0 || isPart(resource, BAD_IN_RESOURCE));
  return whole && isPart(domain, BAD_IN_DOMAIN) ? { local, domain, resource } : undefined;
}

export function isResource(text: string): boolean {
  return isPart(text, BAD_IN_RESOURCE);
}

export function bareOf(jid: Jid): string {
  return jid.local === '' ? jid.domain : `${jid.local}@${jid.domain}`;
}

function isPart(text: string, bad: RegExp): boolean {
  return text !== '' && Buffer.byteLength(text) <= JID_PART_BYTES_MAX && !bad.test(text);
}
