import { assert } from '../kit/index.ts';
import { type AddressBytes, isInNetwork, type Network, parseAddress, parseNetwork } from './ip-address.ts';
import { EMBEDDED_IPV4, SPECIAL_IPV4, SPECIAL_IPV6, type SpecialRange } from './special-addresses.ts';

/** What an operator has said about addresses that the DNS of a foreign domain may lead boshd to. */
export interface AddressPolicy {
  /** Dialled whatever they are: an intranet. */
  readonly allowNetworks: readonly Network[];
  /** Never dialled, even where `allowNetworks` has them. */
  readonly denyNetworks: readonly Network[];
  /** Addresses of this machine and of the other members: their services trust what comes from here. */
  readonly ownAddresses: readonly Network[];
}

export type AddressVerdict =
  | { readonly allowed: true }
  /** `why` is for logs: as `private use (RFC 1918)`. */
  | { readonly allowed: false; readonly why: string };

const ALLOWED: AddressVerdict = { allowed: true };

interface ParsedRange {
  readonly network: Network;
  readonly why: string;
}

const embedding = EMBEDDED_IPV4.map(parsed);
/** Longest prefix first, so that the first match has the most telling name. */
const special = [...SPECIAL_IPV4, ...SPECIAL_IPV6]
  .map(parsed)
  .sort((a, b) => b.network.prefixBits - a.network.prefixBits);

function parsed(range: SpecialRange): ParsedRange {
  const network = parseNetwork(range.network);
  assert(network !== undefined, `the table of special addresses has ${range.network}`);
  return { network, why: `${range.name} (${range.source})` };
}

/**
 * Whether boshd may dial this address for a domain that a web page named: only ordinary hosts of the public Internet,
 * and what the operator allows. Ask with the very address that is dialled, never with a name: between a check of a name
 * and the dialling the DNS can change its answer.
 *
 * @param address an IPv4 or IPv6 literal; anything else is refused
 */
export function addressVerdict(address: string, policy: AddressPolicy): AddressVerdict {
  const bytes = parseAddress(address);
  if (bytes === undefined) return refused('not an address');
  const reached = reachedBy(bytes);
  const isIn = (network: Network): boolean => isInNetwork(bytes, network) || isInNetwork(reached, network);
  if (policy.denyNetworks.some(isIn)) return refused('denied by the operator');
  if (policy.allowNetworks.some(isIn)) return ALLOWED;
  const range = special.find(({ network }) => isInNetwork(reached, network));
  if (range !== undefined) return refused(range.why);
  return policy.ownAddresses.some(isIn) ? refused('an address of boshd itself') : ALLOWED;
}

function reachedBy(bytes: AddressBytes): AddressBytes {
  return embedding.some(({ network }) => isInNetwork(bytes, network)) ? bytes.subarray(-4) : bytes;
}

function refused(why: string): AddressVerdict {
  return { allowed: false, why };
}
