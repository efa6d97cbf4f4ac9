import { millis, type Toolbox } from '../kit/index.ts';
import type { SessionTerms } from '../session/index.ts';
import { type AdmittedDomain, admitRoute, type DialPlan, type DomainPolicy } from '../site/index.ts';
import { type StartTls, type StreamRequest, streamVersion } from '../stream/index.ts';
import type { BodyAttributes } from '../wire/index.ts';

const NOTHING: readonly string[] = [];

/** What a client says of the stream that it wants. */
export type AskedStream = Pick<BodyAttributes, 'from' | 'lang' | 'route' | 'xmppVersion'>;

/** How to reach the server of a domain that was admitted. What the operator says of a domain wins over a client's route. */
export function planDial(
  policy: DomainPolicy,
  { ascii }: AdmittedDomain,
  route: string | undefined,
  clientAddress: string,
  toolbox: Toolbox,
): DialPlan {
  const override = policy.overrides.get(ascii);
  const target = override === undefined ? admitRoute(policy.routePorts, route, toolbox) : override.target;
  return {
    domain: ascii,
    target: target ?? 'discover',
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

/** What the client asks of the stream that is opened over such a link. */
export function streamRequestOf(
  { name }: AdmittedDomain,
  { from, lang, route, xmppVersion }: AskedStream,
  plan: DialPlan,
  showExternal: boolean,
  { inactivity, maxpause }: Pick<SessionTerms, 'inactivity' | 'maxpause'>,
): StreamRequest {
  const version = streamVersion(xmppVersion);
  // A session lives so long unheard, and so may its stream.
  const resumeWithin = millis(inactivity + maxpause);
  const startTls = startTlsOf(plan);
  return { domain: name, from, lang, version, startTls, showExternal, route, resumeWithin };
}

/** What the stream does about STARTTLS on a link that is not under TLS yet. */
export function startTlsOf(plan: DialPlan): StartTls {
  if (plan.tls === 'insecure-none') return 'never';
  return plan.tls === 'insecure-optional' ? 'optional' : 'required';
}
