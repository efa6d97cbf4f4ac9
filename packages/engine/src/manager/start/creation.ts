import { createSession, grantContentType } from '../../session/index.ts';
import { type AdmittedDomain, admitDomain } from '../../site/index.ts';
import { type Guest, isRefusal, type Refusal } from '../admission/admission.ts';
import type { Site, Sites } from '../admission/sites.ts';
import { UNAVAILABLE } from '../cloud/replies.ts';
import type { Conductor } from '../conductor.ts';
import type { ManagerConfig } from '../config.ts';
import type { Input } from '../input.ts';
import { type Reason, reasonFacts } from '../reasons.ts';
import { refusal } from '../refusal.ts';
import { makeSlot } from '../slot.ts';
import type { SessionTable } from '../table.ts';
import type { Dialler } from './dialler.ts';
import { otherUriFor, otherUriReply } from './see-other.ts';

export type RequestInput = Extract<Input, { type: 'request' }>;

/** How sessions come to be: admission, the first state, the dial (XEP-0124 §7.1). */
export class Creation {
  readonly #sites: Sites;
  readonly #table: SessionTable;
  readonly #conductor: Conductor;
  readonly #dialler: Dialler;
  readonly #makeSid: ManagerConfig['makeSid'];
  #closing: 'drain' | 'shutdown' | undefined;

  constructor(
    sites: Sites,
    table: SessionTable,
    conductor: Conductor,
    dialler: Dialler,
    makeSid: ManagerConfig['makeSid'],
  ) {
    this.#makeSid = makeSid;
    this.#sites = sites;
    this.#table = table;
    this.#conductor = conductor;
    this.#dialler = dialler;
  }

  /** From now on no session is created; in a drain the client is asked to try again, and may come to another member. */
  stop(why: 'drain' | 'shutdown'): void {
    this.#closing = why;
  }

  create(input: RequestInput): void {
    const site = this.#sites.of(input.site);
    const { domains, seeOther } = site.policy;
    const { toolbox } = this.#conductor.sessionTurn;
    const otherUri = otherUriFor(seeOther, input.secure, this.#closing !== undefined);
    const admitted = admitDomain(domains, input.body.attributes.to, toolbox);
    if (otherUri !== undefined) {
      this.#sendElsewhere(input, otherUri);
    } else if (this.#closing === 'shutdown') {
      this.#refuse(input, { reason: 'shutdown', detail: '' });
    } else if (this.#closing === 'drain') {
      this.#log(input, 'shutdown', 'no new sessions while it drains');
      this.#conductor.put({ type: 'respond', request: input.request, reply: UNAVAILABLE });
    } else if (!admitted.ok) {
      const { code, detail } = admitted.fault;
      this.#refuse(input, { reason: code, detail });
    } else {
      const outcome = this.#sites.enter(site, input.address, this.#conductor.now);
      if (isRefusal(outcome)) this.#refuse(input, outcome);
      else this.#admit(input, site, outcome, admitted.value);
    }
  }

  #admit(input: RequestInput, site: Site, guest: Guest, domain: AdmittedDomain): void {
    const { request, address, secure, body } = input;
    const birth = { request, site: site.name, domain: domain.name, address, secure, sid: this.#makeSid?.() };
    const session = createSession(birth, body, site.policy.session, this.#conductor.sessionTurn);
    const slot = makeSlot(session, site, guest);
    this.#table.add(slot, request);
    this.#conductor.log({
      event: 'session-created',
      session: session.name,
      site: site.name,
      domain: domain.name,
      address,
    });
    const [stream] = session.streams;
    if (session.terminal === undefined && stream !== undefined)
      this.#dialler.dial(slot, stream, domain, body.attributes);
    this.#conductor.settle(slot);
  }

  /** XEP-0124 §17.2, see-other-uri */
  #sendElsewhere({ site, address, request, body }: RequestInput, uri: string): void {
    this.#conductor.log({ event: 'session-refused', site, reason: 'sent-elsewhere', detail: uri, address });
    const contentType = grantContentType(body.attributes.content);
    const reply = otherUriReply(uri, contentType, this.#conductor.sessionTurn.toolbox);
    this.#conductor.put({ type: 'respond', request, reply });
  }

  #log({ site, address }: RequestInput, reason: Reason, detail: string): void {
    this.#conductor.log({ event: 'session-refused', site, reason, detail, address });
  }

  #refuse(input: RequestInput, why: Pick<Refusal, 'reason' | 'detail'> & Partial<Refusal>): void {
    const { reason, detail, retryAfterSeconds } = why;
    this.#log(input, reason, detail);
    const { request, body } = input;
    const { ver, content } = body.attributes;
    const { condition } = reasonFacts(reason);
    const contentType = grantContentType(content);
    this.#conductor.put(refusal(request, condition, ver === undefined, contentType, retryAfterSeconds));
  }
}
