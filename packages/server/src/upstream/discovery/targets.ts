import { isIP } from 'node:net';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { type DialPlan, type ForeignTarget, portVerdict } from '@boshd/engine/site';
import type { Failure } from '../kit/failure.ts';
import type { Dns, DnsAnswer } from './dns.ts';
import { hostName, isLocalhost } from './host-name.ts';
import { type SrvRecord, srvOrder } from './srv-order.ts';

/** A host and port to try. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (XEP-0368), not by STARTTLS. */
  readonly isDirectTls: boolean;
  /** Who named the host. For what the operator named, neither port nor address policy applies. */
  readonly namedBy: 'operator' | 'srv' | 'domain' | 'foreigner';
}

/** Ports where no SRV record names one (RFC 6120 §3.2.2); that of direct TLS is custom only. */
const STARTTLS_PORT = 5222;
const DIRECT_TLS_PORT = 5223;
/** More targets could not be tried within the time of a dial anyway. */
const TARGETS_MAX = 8;

interface MarkedSrv extends SrvRecord {
  readonly isDirectTls: boolean;
}

/** The operator's override for the plan's domain, which comes before everything else. */
export function operatorsTarget({ target, tls }: DialPlan): Target | undefined {
  if (target === 'discover' || 'isForeign' in target) return undefined;
  return { host: target.host, port: target.port, isDirectTls: tls === 'direct', namedBy: 'operator' };
}

/**
 * Where the plan's domain is served, in the order of trying: an operator's override, else the client's route (XEP-0124 §7.1,
 * "xmpp": STARTTLS), else SRV records, else the domain itself (RFC 6120 §3.2).
 */
export async function findTargets(
  plan: DialPlan,
  dns: Dns,
  random: () => number,
): Promise<Result<readonly Target[], Failure>> {
  const operators = operatorsTarget(plan);
  if (operators !== undefined) return ok([operators]);
  const { domain, target } = plan;
  const host = hostName(domain);
  if (host === undefined) {
    return fault({ reason: 'dns-no-such-domain', detail: 'no host can have the name of the domain' });
  }
  if (target !== 'discover' && 'isForeign' in target) return findForeign(plan, target, dns, random);
  return discover(plan, host, dns, random);
}

async function findForeign(
  plan: DialPlan,
  { host: named, port }: ForeignTarget,
  dns: Dns,
  random: () => number,
): Promise<Result<readonly Target[], Failure>> {
  const host = hostName(named);
  if (host === undefined) {
    return fault({ reason: 'dns-no-such-domain', detail: 'no host can have the name that was given' });
  }
  if (port === undefined) return discover(plan, host, dns, random);
  const target = { host, port, isDirectTls: plan.tls === 'direct', namedBy: 'foreigner' as const };
  const verdict = portVerdict(port);
  return verdict.allowed ? ok([target]) : fault({ reason: 'port-forbidden', detail: portComplaint(target) });
}

async function discover(
  plan: DialPlan,
  host: string,
  dns: Dns,
  random: () => number,
): Promise<Result<readonly Target[], Failure>> {
  if (isIP(host) !== 0 || isLocalhost(host)) return ok(fallback(plan, host));
  const records = await srvRecords(plan, host, dns);
  if (records.length === 0) return ok(fallback(plan, host));
  const offered = records.filter((record) => record.name !== '');
  if (offered.length === 0) {
    // XEP-0368 §3: a domain that knows SRV records and offers nothing by them must not be tried at its addresses.
    return fault({ reason: 'dns-no-service', detail: `the SRV records of ${host} say "not offered"` });
  }
  return withAllowedPorts(srvOrder(offered, random));
}

async function srvRecords(plan: DialPlan, host: string, dns: Dns): Promise<readonly MarkedSrv[]> {
  const [direct, startTls] = await Promise.all([
    plan.tls === 'insecure-none' ? undefined : dns.srv(`_xmpps-client._tcp.${host}`),
    plan.tls === 'direct' ? undefined : dns.srv(`_xmpp-client._tcp.${host}`),
  ]);
  return [...marked(direct, true), ...marked(startTls, false)];
}

/** RFC 6120 §3.2.1: a question without an answer is taken as one without records. */
function marked(answer: DnsAnswer<SrvRecord> | undefined, isDirectTls: boolean): MarkedSrv[] {
  return answer?.kind === 'found' ? answer.entries.map((record) => ({ ...record, isDirectTls })) : [];
}

function withAllowedPorts(records: readonly MarkedSrv[]): Result<readonly Target[], Failure> {
  const allowed = records.filter((record) => portVerdict(record.port).allowed);
  if (allowed.length === 0) {
    return fault({
      reason: 'port-forbidden',
      detail: records.map(({ name, port }) => portComplaint({ host: name, port })).join('; '),
    });
  }
  const targets = allowed.slice(0, TARGETS_MAX).map(({ name, port, isDirectTls }) => ({
    host: name,
    port,
    isDirectTls,
    namedBy: 'srv' as const,
  }));
  return ok(targets);
}

function portComplaint({ host, port }: Pick<Target, 'host' | 'port'>): string {
  const verdict = portVerdict(port);
  return `${host}:${port} is ${verdict.allowed ? 'allowed' : verdict.why}`;
}

function fallback(plan: DialPlan, host: string): readonly Target[] {
  const isDirectTls = plan.tls === 'direct';
  return [{ host, port: isDirectTls ? DIRECT_TLS_PORT : STARTTLS_PORT, isDirectTls, namedBy: 'domain' }];
}
