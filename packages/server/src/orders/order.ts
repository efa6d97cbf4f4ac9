import type { LoginOptions } from '@boshd/client/login';
import { fault, ok, type Result } from '@boshd/engine/kit';

/** What a web application asks for: a session of this address, logged in. */
export interface PrebindOrder {
  /** The XMPP domain. */
  readonly domain: string;
  /** Name and domain, by which attempts are counted; undefined: a guest. */
  readonly account: string | undefined;
  readonly login: LoginOptions;
  /** The site that the page is of; undefined: the order does not say. */
  readonly site: string | undefined;
}

const KEYS = ['jid', 'password', 'token', 'anonymous', 'resource', 'site'];
/** RFC 7622 §3: 1023 bytes a part. */
const JID_CHARS_MAX = 3071;
const TEXT_CHARS_MAX = 8192;

/** Reads the JSON of an order. The fault never repeats what was in it. */
export function readOrder(text: string): Result<PrebindOrder, string> {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return fault('the order is not JSON');
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    return fault('the order is not a JSON object');
  const fields = new Map<string, unknown>(Object.entries(read));
  const odd = [...fields.keys()].find((name) => !KEYS.includes(name));
  if (odd !== undefined) return fault(`the order may have ${KEYS.join(', ')}, and nothing else`);
  for (const name of ['jid', 'password', 'token', 'resource', 'site']) {
    const value = fields.get(name);
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.length > TEXT_CHARS_MAX))
      return fault(`${name} is not a text that can be used`);
  }
  if (![undefined, true, false].includes(fields.get('anonymous') as undefined))
    return fault('anonymous is neither true nor false');
  return orderOf(fields);
}

function orderOf(fields: ReadonlyMap<string, unknown>): Result<PrebindOrder, string> {
  const textOf = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const [jid, password, token, resource, site] = ['jid', 'password', 'token', 'resource', 'site'].map(textOf);
  const isGuest = fields.get('anonymous') === true;
  const ways = [password !== undefined, token !== undefined, isGuest].filter(Boolean).length;
  if (ways !== 1) return fault('the order needs one of password, token and anonymous');
  const [, name, domain] = /^(?:([^@/]+)@)?([^@/\s]+)$/.exec(jid ?? '') ?? [];
  if (jid === undefined || domain === undefined || jid.length > JID_CHARS_MAX)
    return fault('jid is not an address like name@example.org, without a resource');
  if (isGuest !== (name === undefined))
    return fault('jid is name@example.org, and with anonymous the domain alone');
  const credentials =
    name === undefined
      ? ({ type: 'anonymous' } as const)
      : token === undefined
        ? ({ type: 'password', user: name, password: password ?? '' } as const)
        : ({ type: 'token', jid, token } as const);
  const account = name === undefined ? undefined : jid.toLowerCase();
  return ok({ domain, account, login: { credentials, resource }, site });
}
