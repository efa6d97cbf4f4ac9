/** A range of addresses that are not ordinary hosts of the public Internet. */
export interface SpecialRange {
  /** As `10.0.0.0/8`. */
  readonly network: string;
  readonly name: string;
  readonly source: string;
}

/**
 * Every block of IANA's IPv4 Special-Purpose Address Registry, globally reachable or not (no XMPP server is an
 * anycast relay), with what the registry does not list: multicast and one cloud's own service address.
 */
export const SPECIAL_IPV4: readonly SpecialRange[] = [
  { network: '0.0.0.0/8', name: 'this network', source: 'RFC 791' },
  { network: '10.0.0.0/8', name: 'private use', source: 'RFC 1918' },
  { network: '100.64.0.0/10', name: 'shared address space (carrier-grade NAT)', source: 'RFC 6598' },
  { network: '127.0.0.0/8', name: 'loopback', source: 'RFC 1122' },
  { network: '168.63.129.16/32', name: 'platform service of Azure', source: 'Microsoft Learn' },
  { network: '169.254.0.0/16', name: 'link-local (cloud metadata too)', source: 'RFC 3927' },
  { network: '172.16.0.0/12', name: 'private use', source: 'RFC 1918' },
  { network: '192.0.0.0/24', name: 'IETF protocol assignments', source: 'RFC 6890' },
  { network: '192.0.0.0/29', name: 'IPv4 service continuity prefix', source: 'RFC 7335' },
  { network: '192.0.0.8/32', name: 'IPv4 dummy address', source: 'RFC 7600' },
  { network: '192.0.0.9/32', name: 'Port Control Protocol anycast', source: 'RFC 7723' },
  { network: '192.0.0.10/32', name: 'TURN anycast', source: 'RFC 8155' },
  { network: '192.0.0.170/31', name: 'NAT64/DNS64 discovery', source: 'RFC 8880' },
  { network: '192.0.2.0/24', name: 'documentation (TEST-NET-1)', source: 'RFC 5737' },
  { network: '192.31.196.0/24', name: 'AS112 service', source: 'RFC 7535' },
  { network: '192.52.193.0/24', name: 'automatic multicast tunnelling', source: 'RFC 7450' },
  { network: '192.88.99.0/24', name: '6to4 relay anycast (deprecated)', source: 'RFC 7526' },
  { network: '192.168.0.0/16', name: 'private use', source: 'RFC 1918' },
  { network: '192.175.48.0/24', name: 'direct delegation AS112 service', source: 'RFC 7534' },
  { network: '198.18.0.0/15', name: 'benchmarking', source: 'RFC 2544' },
  { network: '198.51.100.0/24', name: 'documentation (TEST-NET-2)', source: 'RFC 5737' },
  { network: '203.0.113.0/24', name: 'documentation (TEST-NET-3)', source: 'RFC 5737' },
  { network: '224.0.0.0/4', name: 'multicast', source: 'RFC 5771' },
  { network: '240.0.0.0/4', name: 'reserved', source: 'RFC 1112' },
  { network: '255.255.255.255/32', name: 'limited broadcast', source: 'RFC 919' },
];

/**
 * Every block of IANA's IPv6 Special-Purpose Address Registry but those of `EMBEDDED_IPV4`, with what that registry
 * does not list: multicast, forms of old, and the rule that only 2000::/3 is allocated for unicast.
 */
export const SPECIAL_IPV6: readonly SpecialRange[] = [
  { network: '::/128', name: 'unspecified', source: 'RFC 4291' },
  { network: '::1/128', name: 'loopback', source: 'RFC 4291' },
  { network: '::/96', name: 'IPv4-compatible (deprecated)', source: 'RFC 4291' },
  { network: '::ffff:0:0:0/96', name: 'IPv4-translated', source: 'RFC 2765' },
  { network: '64:ff9b:1::/48', name: 'local-use NAT64', source: 'RFC 8215' },
  { network: '100::/64', name: 'discard-only', source: 'RFC 6666' },
  { network: '100:0:0:1::/64', name: 'dummy prefix', source: 'RFC 9780' },
  { network: '2001::/23', name: 'IETF protocol assignments', source: 'RFC 2928' },
  { network: '2001::/32', name: 'Teredo', source: 'RFC 4380' },
  { network: '2001:1::1/128', name: 'Port Control Protocol anycast', source: 'RFC 7723' },
  { network: '2001:1::2/128', name: 'TURN anycast', source: 'RFC 8155' },
  { network: '2001:1::3/128', name: 'DNS-SD service registration anycast', source: 'RFC 9665' },
  { network: '2001:2::/48', name: 'benchmarking', source: 'RFC 5180' },
  { network: '2001:3::/32', name: 'automatic multicast tunnelling', source: 'RFC 7450' },
  { network: '2001:4:112::/48', name: 'AS112 service', source: 'RFC 7535' },
  { network: '2001:10::/28', name: 'ORCHID (deprecated)', source: 'RFC 4843' },
  { network: '2001:20::/28', name: 'ORCHIDv2', source: 'RFC 7343' },
  { network: '2001:30::/28', name: 'drone remote identification', source: 'RFC 9374' },
  { network: '2001:db8::/32', name: 'documentation', source: 'RFC 3849' },
  { network: '2002::/16', name: '6to4', source: 'RFC 3056' },
  { network: '2620:4f:8000::/48', name: 'direct delegation AS112 service', source: 'RFC 7534' },
  { network: '3fff::/20', name: 'documentation', source: 'RFC 9637' },
  { network: '5f00::/16', name: 'segment routing identifiers', source: 'RFC 9602' },
  { network: 'fc00::/7', name: 'unique local', source: 'RFC 4193' },
  { network: 'fe80::/10', name: 'link-local', source: 'RFC 4291' },
  { network: 'fec0::/10', name: 'site-local (deprecated)', source: 'RFC 3879' },
  { network: 'ff00::/8', name: 'multicast', source: 'RFC 4291' },
  { network: '::/3', name: 'not allocated for unicast', source: 'RFC 4291' },
  { network: '4000::/2', name: 'not allocated for unicast', source: 'RFC 4291' },
  { network: '8000::/1', name: 'not allocated for unicast', source: 'RFC 4291' },
];

/**
 * IPv6 forms whose last 32 bits are the IPv4 address that is really reached: judged by that one. The NAT64 prefix
 * must not be refused outright: on networks with IPv6 alone every IPv4 server has such an address.
 */
export const EMBEDDED_IPV4: readonly SpecialRange[] = [
  { network: '::ffff:0:0/96', name: 'IPv4-mapped', source: 'RFC 4291' },
  { network: '64:ff9b::/96', name: 'NAT64', source: 'RFC 6052' },
];
