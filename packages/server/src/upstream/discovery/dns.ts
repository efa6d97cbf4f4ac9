import { lookup, Resolver } from 'node:dns/promises';
import { codeOf } from '../kit/failure.ts';
import type { UpstreamLimits } from '../kit/options.ts';
import { Recent } from '../kit/recent.ts';
import type { SrvRecord } from './srv-order.ts';

export type DnsAnswer<Entry> =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  /** The DNS says that there are no such records; `exists`: the name has others. */
  | { readonly kind: 'none'; readonly exists: boolean }
  /** No answer in time, or an error. */
  | { readonly kind: 'failed'; readonly code: string };

/** Entries of one answer that are looked at: more is no service but an attack. */
const ENTRIES_MAX = 32;
/** Questions of one type whose answers are remembered. */
const ANSWERS_MAX = 500;
/** A lost datagram is asked for again well within `dnsMs`. */
const QUESTION = { timeout: 1_500, tries: 2 };

/** Codes that mean "there is none" (of c-ares and getaddrinfo) and not "I could not find out". */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'EBADNAME']);
const NO_SUCH_RECORDS: ReadonlySet<string> = new Set(['ENODATA']);

/**
 * All look-ups of the upstream. An answer comes in bounded time, a question that is under way is not asked again, and
 * answers are remembered for a few seconds: when a thousand browsers come back at once, the DNS is asked once.
 */
export class Dns {
  readonly srv: (name: string) => Promise<DnsAnswer<SrvRecord>>;
  readonly ipv4: (host: string) => Promise<DnsAnswer<string>>;
  readonly ipv6: (host: string) => Promise<DnsAnswer<string>>;
  /**
   * Addresses of a host that the operator named. The system's own look-up knows what operators rely on: the hosts file,
   * search domains, the names of containers. It has four threads, which is why hosts that foreign domains name
   * never come here. Where DNS servers are configured, those are asked for everything.
   */
  readonly ofOperator: ((host: string) => Promise<DnsAnswer<string>>) | undefined;

  readonly #resolver = new Resolver(QUESTION);

  /** @param servers the system's when empty */
  constructor(servers: readonly string[], limits: UpstreamLimits, nowMs: () => number) {
    const resolver = this.#resolver;
    if (servers.length > 0) resolver.setServers(servers);
    const shared = <Entry>(ask: Ask<Entry>) => sharing(ask, limits, nowMs);
    this.srv = shared((name) => resolver.resolveSrv(name));
    this.ipv4 = shared((host) => resolver.resolve4(host));
    this.ipv6 = shared((host) => resolver.resolve6(host));
    this.ofOperator = servers.length > 0 ? undefined : shared(systemLookUp);
  }

  /** Gives up what is still asked. */
  close(): void {
    this.#resolver.cancel();
  }
}

type Ask<Entry> = (name: string) => Promise<readonly Entry[]>;

async function systemLookUp(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

function sharing<Entry>(
  ask: Ask<Entry>,
  limits: UpstreamLimits,
  nowMs: () => number,
): (name: string) => Promise<DnsAnswer<Entry>> {
  const underWay = new Map<string, Promise<DnsAnswer<Entry>>>();
  const known = new Recent<DnsAnswer<Entry>>(ANSWERS_MAX, limits.dnsKeepMs, nowMs);

  async function askAnew(name: string): Promise<DnsAnswer<Entry>> {
    const answer = await inTime(answerOf(ask(name)), limits.dnsMs);
    underWay.delete(name);
    if (answer.kind !== 'failed') known.set(name, answer);
    return answer;
  }

  return async (name) => {
    const answer = known.get(name);
    if (answer !== undefined) return answer;
    const asked = underWay.get(name) ?? askAnew(name);
    underWay.set(name, asked);
    return asked;
  };
}

async function answerOf<Entry>(asked: Promise<readonly Entry[]>): Promise<DnsAnswer<Entry>> {
  try {
    const entries = (await asked).slice(0, ENTRIES_MAX);
    return entries.length === 0 ? { kind: 'none', exists: true } : { kind: 'found', entries };
  } catch (error) {
    const code = codeOf(error);
    if (NO_SUCH_RECORDS.has(code)) return { kind: 'none', exists: true };
    if (NO_SUCH_NAME.has(code)) return { kind: 'none', exists: false };
    return { kind: 'failed', code: code === '' ? 'EUNKNOWN' : code };
  }
}

async function inTime<Entry>(answer: Promise<DnsAnswer<Entry>>, limitMs: number): Promise<DnsAnswer<Entry>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<DnsAnswer<Entry>>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'failed', code: 'ETIMEOUT' }), limitMs);
  });
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}
