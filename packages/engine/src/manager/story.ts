import { between, type Duration, type Instant, type Toolbox } from '../kit/index.ts';
import { asksForAnswer } from '../session/index.ts';
import type { Payload } from '../wire/index.ts';

/** The newest thing that decided something about the stream of a client. */
export type Milestone =
  | 'created'
  | 'stream-ready'
  | 'login-refused'
  | 'logged-in'
  | 'stream-broken'
  | 'stream-resumed';

/**
 * What an operator asks about a session or WebSocket: which XMPP server it has, what happened last, how long the server takes.
 * Never a person's address or a payload.
 */
export class Story {
  milestone: Milestone = 'created';
  milestoneAt: Instant;
  /** The endpoint of the XMPP server that its stream was ready on last; '' before. */
  server = '';
  isSecure = false;
  /** Of the log-in that succeeded, '' before; `jabber:iq:auth` for XEP-0078. */
  mechanism = '';
  /** From the creation to the log-in. */
  loginTook: Duration | undefined;
  /** How long the server took for its newest answer, and for the slowest. */
  answerTook: Duration | undefined;
  slowestAnswer: Duration | undefined;
  #askedAt: Instant | undefined;

  constructor(now: Instant) {
    this.milestoneAt = now;
  }

  reach(milestone: Milestone, now: Instant): void {
    this.milestone = milestone;
    this.milestoneAt = now;
  }

  isOn(server: string, isSecure: boolean): void {
    this.server = server;
    this.isSecure = isSecure;
  }

  loggedIn(mechanism: string, took: Duration): void {
    this.mechanism = mechanism;
    this.loginTook = took;
  }

  /** The client sent these: one that asks for an answer (an iq, a step of SASL) is timed, unless another is under way. */
  sent(payloads: readonly Payload[], now: Instant, toolbox: Toolbox): void {
    if (this.#askedAt === undefined && asksForAnswer(payloads, toolbox)) this.#askedAt = now;
  }

  /** The server sent these: the first that is neither message nor presence is taken for the answer. */
  received(payloads: readonly Payload[], now: Instant): void {
    if (this.#askedAt === undefined || !payloads.some(isAnswer)) return;
    const took = between(this.#askedAt, now);
    this.#askedAt = undefined;
    this.answerTook = took;
    if (this.slowestAnswer === undefined || took > this.slowestAnswer) this.slowestAnswer = took;
  }
}

function isAnswer({ name }: Payload): boolean {
  return name !== 'message' && name !== 'presence';
}
