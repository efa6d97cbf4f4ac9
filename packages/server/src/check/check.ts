import { type ManagerConfig, planDial, type Reason, reasonFacts } from '@boshd/engine/manager';
import { admitDomain, type DialPlan, type DomainOverride } from '@boshd/engine/site';
import { nodeToolbox } from '../toolbox.ts';
import { createSurroundings } from '../upstream/connect/surroundings.ts';
import { hostName } from '../upstream/discovery/host-name.ts';
import type { UpstreamOptions } from '../upstream/kit/options.ts';
import { advise } from './advice.ts';
import { offeredFeatures, startTlsOf } from './features.ts';
import { type Lead, lookUp } from './look-up.ts';
import type { EndpointReport, Outcome, Report } from './report/report.ts';
import { startSession, type Trial } from './trial.ts';

export interface CheckParts {
  readonly manager: ManagerConfig;
  readonly upstream: UpstreamOptions;
}

/** The certificate is wrong, but there is one to look at. */
const CERTIFICATE_REASONS: ReadonlySet<Reason> = new Set([
  'tls-name-mismatch',
  'tls-untrusted',
  'tls-expired',
]);

/** The reason's own words are about a creation request, which nobody has made here. */
const NO_DOMAIN = 'That is no name that an XMPP domain can have.';

/**
 * Does for a domain what a session start does, with the very parts that do it there, and tries every endpoint alone too.
 *
 * @param domain as a client would name it in `to`
 */
export async function checkDomain(domain: string, parts: CheckParts): Promise<Report> {
  const { upstream } = parts;
  // A check is about this service, not about another one that new sessions are sent to.
  const manager = { ...parts.manager, seeOther: undefined };
  const admitted = admitDomain(manager.domains, domain, nodeToolbox());
  if (!admitted.ok) {
    const { code, detail } = admitted.fault;
    const text = code === 'no-domain' ? NO_DOMAIN : reasonFacts(code).text;
    return refused(domain, { status: 'failed', reason: code, text, detail });
  }
  const { ascii } = admitted.value;
  const around = createSurroundings(upstream);
  const plan = planDial(manager.domains, admitted.value, undefined, '', nodeToolbox());
  const found = await lookUp(plan, hostName(ascii) ?? ascii, around);
  around.dns.close();
  const endpoints = await Promise.all(
    found.leads.map((lead) => tryEndpoint(lead, plan, { manager, upstream })),
  );
  const start = await startSession(domain, manager, upstream);
  const report = {
    domain,
    asciiDomain: ascii,
    override: plan.target === 'discover' ? undefined : `${plan.target.host}:${plan.target.port}`,
    questions: found.questions,
    endpoints,
    start: {
      outcome: start.outcome,
      tookMs: start.tookMs,
      endpoint: start.outcome.status === 'ok' ? start.endpoint : undefined,
      secure: start.secure,
    },
    works: start.outcome.status === 'ok',
  };
  return { ...report, advice: advise(report) };
}

/** One endpoint alone. Where the certificate is refused, it is looked at, and what the server would offer, in a second try. */
async function tryEndpoint(lead: Lead, plan: DialPlan, parts: CheckParts): Promise<EndpointReport> {
  const { forbidden } = lead;
  if (forbidden !== undefined) {
    const { reason, detail } = forbidden;
    const outcome: Outcome = { status: 'failed', reason, text: reasonFacts(reason).text, detail };
    return endpointReport(lead, outcome, undefined, parts);
  }
  const trial = await tryAlone(lead, plan, parts);
  const { outcome } = trial;
  const isCertificate = outcome.status === 'failed' && CERTIFICATE_REASONS.has(outcome.reason);
  const seen = isCertificate ? await tryAlone(lead, { ...plan, verify: false }, parts) : trial;
  return endpointReport(lead, outcome, seen, parts);
}

function tryAlone(
  { target, address }: Lead,
  plan: DialPlan,
  { manager, upstream }: CheckParts,
): Promise<Trial> {
  const { domain, tls, tlsMin, verify, ca, proxyProtocol } = plan;
  const override: DomainOverride = {
    target: { host: address, port: target.port },
    tls: target.isDirectTls ? 'direct' : tls,
    tlsMin,
    verify,
    ca,
    proxyProtocol,
  };
  const domains = { ...manager.domains, overrides: new Map([[domain, override]]) };
  return startSession(domain, { ...manager, domains }, upstream);
}

function endpointReport(
  { target, endpoint }: Lead,
  outcome: Outcome,
  trial: Trial | undefined,
  { manager }: CheckParts,
): EndpointReport {
  const { isDirectTls: directTls, host } = target;
  const { dialledMs = 0, connectedMs, securedMs, features = [] } = trial ?? {};
  const [first] = features;
  const last = features.at(-1);
  const beforeTlsMs = directTls ? connectedMs : first?.atMs;
  return {
    endpoint,
    host,
    directTls,
    outcome,
    connectMs: difference(dialledMs, connectedMs),
    tlsMs: difference(beforeTlsMs, securedMs),
    featuresMs: difference(securedMs ?? connectedMs, last?.atMs),
    tls: trial?.tls,
    features: last === undefined ? undefined : offeredFeatures(last.element, manager.showExternal),
    startTls: first === undefined || directTls ? undefined : startTlsOf(first.element),
  };
}

function difference(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined || toMs < fromMs ? undefined : toMs - fromMs;
}

function refused(domain: string, outcome: Outcome): Report {
  const start = { outcome, tookMs: 0, endpoint: undefined, secure: false };
  const report = {
    domain,
    asciiDomain: '',
    override: undefined,
    questions: [],
    endpoints: [],
    start,
    works: false,
  };
  return { ...report, advice: advise(report) };
}
