import type { Toolbox } from '../kit/index.ts';
import type { ForeignTarget } from './dial-plan.ts';
import { asciiDomain } from './domain-policy.ts';
import { parseAddress } from './ip-address.ts';
import { portVerdict } from './port-policy.ts';

/** XEP-0124 §7.1: proto:host:port, which is no URI and must not be read as one. An IPv6 address needs its brackets. */
const ROUTE = /^xmpp:(?:\[([0-9a-f:.]{2,45})\]|([^:[\]]{1,253})):([1-9][0-9]{0,4})$/i;

/**
 * Where a client's `route` says that its server is, if it may say so at all: by a port that the operator lists and that no
 * other service is known by. What it names is still under the address policy when it is dialled. Undefined: as if there
 * were none, never an error, for Gajim and JSJaC always send one (XEP-0124 §7.1: MAY ignore).
 *
 * @param ports those that a route may name; none: routes are ignored
 */
export function admitRoute(
  ports: readonly number[],
  route: string | undefined,
  toolbox: Toolbox,
): ForeignTarget | undefined {
  if (route === undefined || ports.length === 0) return undefined;
  const [, inBrackets, name, digits] = ROUTE.exec(route) ?? [];
  const port = Number(digits);
  if (!ports.includes(port) || !portVerdict(port).allowed) return undefined;
  const host = inBrackets === undefined ? asciiDomain((name ?? '').toLowerCase(), toolbox) : ipv6(inBrackets);
  return host === '' ? undefined : { host, port, isForeign: true };
}

function ipv6(text: string): string {
  return parseAddress(text)?.length === 16 ? text.toLowerCase() : '';
}
