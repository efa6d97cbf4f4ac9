import type { AdmittedDomain, DialPlan, DomainPolicy } from '../site/index.ts';
import type { StartTls } from '../stream/index.ts';

/** How to reach the server of a domain that was admitted. */
export function planDial(policy: DomainPolicy, { ascii }: AdmittedDomain, clientAddress: string): DialPlan {
  const override = policy.overrides.get(ascii);
  return {
    domain: ascii,
    target: override?.target ?? 'discover',
    tls: override?.tls ?? 'required',
    verify: override?.verify ?? true,
    ca: override?.ca,
    clientAddress,
  };
}

/** What the stream does about STARTTLS on a link that is not under TLS yet. */
export function startTlsOf(plan: DialPlan): StartTls {
  if (plan.tls === 'insecure-none') return 'never';
  return plan.tls === 'insecure-optional' ? 'optional' : 'required';
}
