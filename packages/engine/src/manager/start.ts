import { after, type Duration, type Instant, type Toolbox } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { DialPlan } from '../site/index.ts';
import type { Payload } from '../wire/index.ts';
import { isRedirect, isShutdown, redirectTarget } from './redirect.ts';

/*
 * A start is the way to a stream that is ready. A target that could be connected to may still be of no use: no TLS, a
 * wrong certificate, no XMPP, an error instead of features. Then the next one is dialled, as after a refused
 * connection; when there is no other, and what went wrong may pass, the same ones again after a pause, as long as there
 * is time. A server may also say that another host is the right one. Only then has the session failed.
 */

/**
 * Links of one start. What stands before a server that restarts (a balancer, the proxy of a container) accepts and closes connections, so
 * there are as many as there is time for, with a pause of a second; but boshd must not be led on for ever.
 */
const DIALS_MAX = 12;
/** Servers that may be of no use, one after the other. With each up to sixteen sockets are tried. */
const SERVERS_MAX = 5;
/** RFC 6120 §4.9.3.19: at least 2, but no more than 5. */
const REDIRECTS_MAX = 3;
const DETAIL_CHARS_MAX = 500;

/** What a further dial would find, as `link-up` tells: another endpoint, or the same ones once more. */
export type NextDial = 'other' | 'again';

/** A start that is under way; there is none for a stream that is ready. */
export interface Start {
  readonly plan: DialPlan;
  /** When the first link was dialled. */
  readonly startedAt: Instant;
  readonly dials: number;
  readonly redirects: number;
  /** What went wrong so far, the first thing first. At most `DIALS_MAX`. */
  readonly failures: readonly StartFailure[];
  /** Undefined until the link is up, and where nothing is left to dial. */
  readonly next: NextDial | undefined;
}

export interface StartFailure {
  readonly reason: Reason;
  /** For logs. */
  readonly detail: string;
  /** The server's <stream:error/>. */
  readonly error?: Payload | undefined;
}

export type StartVerdict =
  | { readonly type: 'dial'; readonly start: Start }
  | { readonly type: 'give-up'; readonly failure: StartFailure };

/** Where and when a start failed. */
export interface Scene {
  readonly now: Instant;
  /** No link is dialled later than this after the first. */
  readonly within: Duration;
  readonly toolbox: Toolbox;
  /** The endpoint that was of no use; '' when none was connected to. */
  readonly remote: string;
  /** The link was under TLS: who spoke is who the certificate says. */
  readonly isSecure: boolean;
}

/** What may be different a moment later: a server or a balancer in front of it that is just being restarted. */
const PASSING: ReadonlySet<Reason> = new Set(['link-lost', 'stream-closed', 'tls-failed']);
/** The same of a server that could not be connected to. Its dial has taken its time already, but for what an earlier one left over. */
const UNREACHED: ReadonlySet<Reason> = new Set([
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'connect-unreachable',
  'dns-failed',
  'dns-timeout',
]);
/** What the next target can not make better: it was boshd or the client that did it. */
const FINAL: ReadonlySet<Reason> = new Set(['client-flood', 'server-flood']);

export function beginStart(plan: DialPlan, now: Instant): Start {
  return { plan, startedAt: now, dials: 1, redirects: 0, failures: [], next: undefined };
}

/** Decides what follows when a link of a start failed, or was of no use. */
export function judgeStart(start: Start, failure: StartFailure, scene: Scene): StartVerdict {
  const { remote, now, toolbox } = scene;
  if (remote === '' && !isLeftOver(start, failure))
    return { type: 'give-up', failure: summary(start, failure) };
  const described = { ...failure, detail: describe(failure, remote) };
  const failures = [...start.failures, described];
  const hasTime = now < after(start.startedAt, scene.within);
  if (!hasTime || start.dials >= DIALS_MAX || FINAL.has(failure.reason)) {
    return { type: 'give-up', failure: summary(start, failure) };
  }
  const next = { ...start, dials: start.dials + 1, next: undefined };
  if (isRedirect(failure.error, toolbox)) return judgeRedirect(next, described, scene);
  const { plan } = start;
  if (start.next === 'other') {
    const tried = [...plan.tried, remote];
    if (tried.length >= SERVERS_MAX) return { type: 'give-up', failure: summary(start, failure) };
    return { type: 'dial', start: { ...next, failures, plan: { ...plan, tried, isRetry: false } } };
  }
  if (remote === '' || (start.next === 'again' && mayPass(failure, toolbox))) {
    return { type: 'dial', start: { ...next, failures, plan: { ...plan, tried: [], isRetry: true } } };
  }
  return { type: 'give-up', failure: summary(start, failure) };
}

/** The last of several servers cannot be reached, and one that was met may be of use by now. */
function isLeftOver({ plan, failures }: Start, { reason }: StartFailure): boolean {
  const reasons = [reason, ...failures.map((failure) => failure.reason)];
  return plan.tried.length > 0 && reasons.some((each) => PASSING.has(each) || UNREACHED.has(each));
}

function mayPass({ reason, error }: StartFailure, toolbox: Toolbox): boolean {
  return PASSING.has(reason) || (error !== undefined && isShutdown(error, toolbox));
}

/**
 * RFC 6120 §4.9.3.19: followed only when the server has shown who it is, only a few times, and always to a host with a
 * certificate of the very same domain.
 */
function judgeRedirect(start: Start, failure: StartFailure, { isSecure, toolbox }: Scene): StartVerdict {
  const { plan } = start;
  const target = failure.error === undefined ? undefined : redirectTarget(failure.error, toolbox);
  if (target === undefined || !isSecure || start.redirects >= REDIRECTS_MAX) {
    const why =
      target === undefined ? 'to no host' : isSecure ? 'too often' : 'without TLS, by whoever it was';
    const detail = `redirected ${why}: ${failure.detail}`.slice(0, DETAIL_CHARS_MAX);
    return { type: 'give-up', failure: { ...failure, reason: 'redirect-refused', detail } };
  }
  const tls = plan.tls === 'direct' ? 'required' : plan.tls;
  return {
    type: 'dial',
    start: {
      ...start,
      redirects: start.redirects + 1,
      failures: [...start.failures, { ...failure, error: undefined }],
      plan: { ...plan, target, tls, tried: [], isRetry: false },
    },
  };
}

/**
 * One failure for all of a start. A server that was met tells more than one that could not be; where one led to another,
 * the last word counts.
 */
function summary(start: Start, last: StartFailure): StartFailure {
  const [first] = start.failures;
  if (first === undefined) return last;
  const details = [...start.failures, last].map(({ detail }) => detail).filter((detail) => detail !== '');
  const told = start.redirects > 0 ? last : first;
  return { ...told, detail: [...new Set(details)].join('; ').slice(0, DETAIL_CHARS_MAX) };
}

function describe({ reason, detail }: StartFailure, remote: string): string {
  if (remote === '' || detail.startsWith(remote)) return detail;
  return `${remote}: ${reason}${detail === '' ? '' : ` (${detail})`}`;
}
