import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '../kit/failure.ts';
import type { Dns, DnsAnswer } from './dns.ts';
import { isLocalhost } from './host-name.ts';
import type { Target } from './targets.ts';

/** RFC 8305 §3: IPv4 addresses wait this long for the IPv6 ones. */
const RESOLUTION_DELAY_MS = 50;
/** Addresses of one family and host that are tried. */
const ADDRESSES_MAX = 4;

/** RFC 6761 §6.3. */
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

/**
 * Takes addresses as they become known, perhaps twice for one target.
 *
 * @param position where the first of them stands among the target's addresses; the next one stands `step` further on
 */
export type TakeAddresses = (addresses: readonly string[], position: number, step: number) => void;

/**
 * Finds the addresses of a target, IPv6 and IPv4 in parallel and to be tried in turns (RFC 8305 §4).
 *
 * @returns why there are none, undefined when there are some
 */
export async function findAddresses(
  target: Target,
  dns: Dns,
  take: TakeAddresses,
): Promise<Failure | undefined> {
  const { host } = target;
  if (isIP(host) !== 0) return takeAll([host], take);
  if (isLocalhost(host)) return takeAll(LOOPBACK, take);
  if (target.namedBy === 'operator' && dns.ofOperator !== undefined) {
    const answer = await dns.ofOperator(host);
    return answer.kind === 'found' ? takeAll(answer.entries, take) : noAddresses(target, [answer]);
  }
  return raceFamilies(target, dns, take);
}

function takeAll(addresses: readonly string[], take: TakeAddresses): undefined {
  take(addresses.slice(0, 2 * ADDRESSES_MAX), 0, 1);
}

async function raceFamilies(target: Target, dns: Dns, take: TakeAddresses): Promise<Failure | undefined> {
  const { host } = target;
  const takeFamily = (answer: DnsAnswer<string>, position: number): DnsAnswer<string> => {
    if (answer.kind === 'found') take(answer.entries.slice(0, ADDRESSES_MAX), position, 2);
    return answer;
  };
  let isIpv6Settled = false;
  const ipv6 = dns.ipv6(host).then((answer) => {
    isIpv6Settled = true;
    return takeFamily(answer, 0);
  });
  const ipv4 = dns.ipv4(host).then(async (answer) => {
    if (!isIpv6Settled) await Promise.race([ipv6, pause(RESOLUTION_DELAY_MS)]);
    return takeFamily(answer, 1);
  });
  const answers = await Promise.all([ipv6, ipv4]);
  return answers.some((answer) => answer.kind === 'found') ? undefined : noAddresses(target, answers);
}

function noAddresses(target: Target, answers: readonly DnsAnswer<string>[]): Failure {
  const { host, namedBy } = target;
  for (const answer of answers) {
    if (answer.kind === 'failed') {
      const reason = answer.code === 'ETIMEOUT' ? 'dns-timeout' : 'dns-failed';
      return { reason, detail: `the address of ${host}: ${answer.code}` };
    }
  }
  const exists = answers.some((answer) => answer.kind === 'none' && answer.exists);
  if (exists) return { reason: 'dns-no-service', detail: `${host} has no address` };
  return {
    reason: namedBy === 'domain' ? 'dns-no-such-domain' : 'dns-no-service',
    detail: `${host} does not exist`,
  };
}
