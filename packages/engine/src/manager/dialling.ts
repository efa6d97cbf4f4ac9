import type { AdmittedDomain, DialPlan, DomainPolicy } from '../site/index.ts';
import type { StartTls } from '../stream/index.ts';

const NOTHING: readonly string[] = [];

/** How to reach the server of a domain that was admitted. */
export function planDial(policy: DomainPolicy, { ascii }: AdmittedDomain, clientAddress: string): DialPlan {
  const override = policy.overrides.get(ascii);
  return {
    domain: ascii,
    target: override?.target ?? 'discover',
    tls: override?.tls ?? 'required',
    verify: override?.verify ?? true,
    tlsMin: override?.tlsMin ?? policy.tlsMin ?? '1.2',
    ca: override?.ca,
    clientAddress,
    proxyProtocol: override?.proxyProtocol,
    tried: NOTHING,
    isRetry: false,
  };
}

/** What the stream does about STARTTLS on a link that is not under TLS yet. */
export function startTlsOf(plan: DialPlan): StartTls {
  if (plan.tls === 'insecure-none') return 'never';
  return plan.tls === 'insecure-optional' ? 'optional' : 'required';
}
