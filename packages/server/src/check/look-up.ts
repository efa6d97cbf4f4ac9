import type { DialPlan } from '@boshd/engine/site';
import { forbiddance } from '../upstream/connect/attempt.ts';
import type { Surroundings } from '../upstream/connect/surroundings.ts';
import { findAddresses } from '../upstream/discovery/addresses.ts';
import type { DnsAnswer } from '../upstream/discovery/dns.ts';
import type { SrvRecord } from '../upstream/discovery/srv-order.ts';
import { findTargets, type Target } from '../upstream/discovery/targets.ts';
import { endpointText } from '../upstream/kit/endpoint.ts';
import type { Failure } from '../upstream/kit/failure.ts';
import type { Question } from './report/report.ts';

/** An address and port that the look-up led to. */
export interface Lead {
  readonly target: Target;
  readonly address: string;
  readonly endpoint: string;
  /** The policy forbids it. */
  readonly forbidden: Failure | undefined;
}

export interface LookUp {
  readonly questions: readonly Question[];
  readonly leads: readonly Lead[];
}

/** As many as a session start tries. */
const LEADS_MAX = 16;

/** Asks the DNS what a session start asks, and judges what it says, each step timed. */
export async function lookUp(plan: DialPlan, host: string, around: Surroundings): Promise<LookUp> {
  const { dns, random } = around;
  const services =
    plan.target === 'discover' ? [`_xmpps-client._tcp.${host}`, `_xmpp-client._tcp.${host}`] : [];
  const srvQuestions = await Promise.all(
    services.map(async (name) => {
      const [answer, tookMs] = await timed(() => dns.srv(name));
      return srvQuestion(name, tookMs, answer);
    }),
  );
  // The answers are remembered, so this asks nobody again.
  const targets = await findTargets(plan, dns, random);
  const found = targets.ok ? await Promise.all(targets.value.map((target) => resolve(target, around))) : [];
  const leads = found.flatMap(({ leads: ofTarget }) => ofTarget);
  const seen = new Set<string>();
  return {
    questions: [...srvQuestions, ...distinct(found.map(({ question }) => question))],
    leads: leads
      .filter(({ endpoint }) => !seen.has(endpoint) && seen.add(endpoint) !== undefined)
      .slice(0, LEADS_MAX),
  };
}

async function resolve(
  target: Target,
  around: Surroundings,
): Promise<{ readonly question: Question; readonly leads: readonly Lead[] }> {
  const placed: { readonly address: string; readonly place: number }[] = [];
  const [failure, tookMs] = await timed(() =>
    findAddresses(target, around.dns, (addresses, position, step) => {
      addresses.forEach((address, at) => {
        placed.push({ address, place: position + at * step });
      });
    }),
  );
  const answers = placed.sort((a, b) => a.place - b.place).map(({ address }) => address);
  const leads = answers.map((address) => leadTo(target, address, around));
  const missing = failure === undefined ? undefined : failure.detail;
  return { question: { name: target.host, type: 'address', tookMs, answers, missing }, leads };
}

function leadTo(target: Target, address: string, around: Surroundings): Lead {
  const { port, isDirectTls, namedBy } = target;
  const endpoint = { address, port, isDirectTls, isOperators: namedBy === 'operator' };
  return {
    target,
    address,
    endpoint: endpointText(endpoint),
    forbidden: forbiddance(endpoint, address, around),
  };
}

function srvQuestion(name: string, tookMs: number, answer: DnsAnswer<SrvRecord>): Question {
  const records = answer.kind === 'found' ? [...answer.entries] : [];
  const offered = records.filter((record) => record.name !== '');
  return {
    name,
    type: 'SRV',
    tookMs,
    answers: offered
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      .map(
        (record) => `${record.name}:${record.port} (priority ${record.priority}, weight ${record.weight})`,
      ),
    missing: offered.length > 0 ? undefined : whyMissing(answer),
  };
}

function whyMissing(answer: DnsAnswer<unknown>): string {
  if (answer.kind === 'found') return 'not offered';
  return answer.kind === 'none' ? 'none' : (FAILURES[answer.code] ?? answer.code);
}

/** What the codes of a look-up that failed mean. */
const FAILURES: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'nothing listens at the address of the resolver',
  ESERVFAIL: 'the resolver could not find out (SERVFAIL)',
  EREFUSED: 'the resolver refused the question (REFUSED)',
};

/** One host may serve both by direct TLS and by STARTTLS: its addresses are the same. */
function distinct(questions: readonly Question[]): readonly Question[] {
  return questions.filter(({ name }, at) => questions.findIndex((other) => other.name === name) === at);
}

async function timed<Value>(work: () => Promise<Value>): Promise<readonly [Value, number]> {
  const startedMs = performance.now();
  const value = await work();
  return [value, performance.now() - startedMs];
}
