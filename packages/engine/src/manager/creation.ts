import { type Reason, reasonFacts, streamErrorOf } from '../reasons.ts';
import { createSession, grantContentType } from '../session/index.ts';
import { type AdmittedDomain, admitDomain } from '../site/index.ts';
import { endElsewhere, endWithError } from '../socket/index.ts';
import { full, type Guest, isRefusal, type Refusal } from './admission/admission.ts';
import { BoshClient, type ManagerParts } from './bosh-client.ts';
import { newClaim } from './claim.ts';
import type { ClientSide } from './client-side.ts';
import type { ManagerConfig } from './config.ts';
import type { Input } from './input.ts';
import { refusal } from './refusal.ts';
import { UNAVAILABLE } from './replies.ts';
import { otherUriFor, otherUriReply, socketUriFor } from './see-other.ts';
import type { Site } from './sites.ts';
import type { Open, WebSocketClient } from './websocket-client.ts';

export type RequestInput = Extract<Input, { type: 'request' }>;

/** Whether a client may have a stream to a domain. */
type Verdict =
  | { readonly is: 'elsewhere'; readonly uri: string }
  | { readonly is: 'closing'; readonly why: 'drain' | 'shutdown' }
  | ({ readonly is: 'refused'; readonly domain: AdmittedDomain | undefined } & Pick<
      Refusal,
      'reason' | 'detail'
    > &
      Partial<Refusal>)
  | { readonly is: 'admitted'; readonly domain: AdmittedDomain; readonly guest: Guest };

/** How sessions, and the streams of WebSockets, come to be: admission, the first state, the dial (XEP-0124 §7.1). */
export class Creation {
  readonly #parts: ManagerParts;
  readonly #makeSid: ManagerConfig['makeSid'];
  #closing: 'drain' | 'shutdown' | undefined;
  #displaced: readonly Guest[] = [];

  constructor(parts: ManagerParts, makeSid: ManagerConfig['makeSid']) {
    this.#parts = parts;
    this.#makeSid = makeSid;
  }

  /** From now on nothing is created; in a drain the client is asked to try again, and may come to another member. */
  stop(why: 'drain' | 'shutdown'): void {
    this.#closing = why;
  }

  /**
   * Ends the sessions whose places went to others. Not before the newcomer is handled: all clients share one list of work, and
   * that of the newcomer may not be done yet.
   */
  endDisplaced(): void {
    const displaced = this.#displaced;
    if (displaced.length === 0) return;
    this.#displaced = [];
    for (const guest of displaced) guest.end?.(displacement());
  }

  /** A creation request. */
  create(input: RequestInput): void {
    const { turn, sites } = this.#parts;
    const site = sites.of(input.site);
    const uri = otherUriFor(site.policy.seeOther, input.secure, this.#closing !== undefined);
    const verdict = this.#judge(site, uri, input.body.attributes.to, input.address);
    switch (verdict.is) {
      case 'elsewhere':
        this.#sendElsewhere(input, verdict.uri);
        break;
      case 'closing':
        if (verdict.why === 'shutdown') {
          this.#refuse(input, { reason: 'shutdown', detail: '' });
        } else {
          this.#log(input, 'shutdown', 'no new sessions while it drains');
          turn.put({ type: 'respond', request: input.request, reply: UNAVAILABLE });
        }
        break;
      case 'refused':
        this.#refuse(input, verdict);
        break;
      default:
        this.#admit(input, site, verdict.guest, verdict.domain);
    }
  }

  /** The first <open/> of a WebSocket: the same policy as for a session over BOSH. */
  open(client: WebSocketClient, open: Open): void {
    const { socket, site } = client;
    const turn = this.#parts.turn.socket;
    const uri = socketUriFor(site.policy.seeOther, socket.secure, this.#closing !== undefined);
    const verdict = this.#judge(site, uri, open.to, socket.address);
    switch (verdict.is) {
      case 'elsewhere':
        this.#log(socket, 'sent-elsewhere', verdict.uri);
        endElsewhere(socket, verdict.uri, turn);
        break;
      case 'closing':
        this.#refuseSocket(client, 'shutdown', '');
        break;
      case 'refused':
        socket.domain = verdict.domain?.name ?? '';
        this.#refuseSocket(client, verdict.reason, verdict.detail);
        break;
      default:
        socket.domain = verdict.domain.name;
        this.#parts.turn.log({
          event: 'session-created',
          session: socket.name,
          site: site.name,
          domain: verdict.domain.name,
          address: socket.address,
          transport: 'websocket',
        });
        letEnd(verdict.guest, client);
        client.admitted(verdict.guest, verdict.domain, open);
    }
  }

  #judge(site: Site, otherUri: string | undefined, to: string | undefined, address: string): Verdict {
    const { turn, sites } = this.#parts;
    if (otherUri !== undefined) return { is: 'elsewhere', uri: otherUri };
    if (this.#closing !== undefined) return { is: 'closing', why: this.#closing };
    const domain = admitDomain(site.policy.domains, to, turn.toolbox);
    if (!domain.ok) {
      const { code, detail } = domain.fault;
      return { is: 'refused', domain: undefined, reason: code, detail };
    }
    const outcome = sites.enter(site, address, turn.now);
    if (isRefusal(outcome)) return { is: 'refused', domain: domain.value, ...outcome };
    const displaced = site.admission.takeDisplaced();
    if (displaced.length > 0) this.#displaced = [...this.#displaced, ...displaced];
    return { is: 'admitted', domain: domain.value, guest: outcome };
  }

  #admit(input: RequestInput, site: Site, guest: Guest, domain: AdmittedDomain): void {
    const { turn, clients, upstreams } = this.#parts;
    const { request, address, secure, body } = input;
    const birth = { request, site: site.name, domain: domain.name, address, secure, sid: this.#makeSid?.() };
    const session = createSession(birth, body, site.policy.session, turn.session);
    const { forPage } = input;
    const claim = forPage === undefined ? undefined : newClaim(forPage.cookie);
    const client = new BoshClient(session, site, guest, this.#parts, claim);
    letEnd(guest, client);
    clients.addSession(client, request);
    turn.log({
      event: 'session-created',
      session: session.name,
      site: site.name,
      domain: domain.name,
      address,
    });
    const [stream] = session.streams.open;
    if (session.life.terminal === undefined && stream !== undefined)
      upstreams.dial(client, stream, domain, body.attributes);
    client.settle();
  }

  /** XEP-0124 §17.2, see-other-uri */
  #sendElsewhere(input: RequestInput, uri: string): void {
    const { turn } = this.#parts;
    this.#log(input, 'sent-elsewhere', uri);
    const contentType = grantContentType(input.body.attributes.content);
    const reply = otherUriReply(uri, contentType, turn.toolbox);
    turn.put({ type: 'respond', request: input.request, reply });
  }

  #refuse(input: RequestInput, why: Pick<Refusal, 'reason' | 'detail'> & Partial<Refusal>): void {
    const { reason, detail, retryAfterSeconds } = why;
    this.#log(input, reason, detail);
    const { request, body } = input;
    const { ver, content } = body.attributes;
    const { condition } = reasonFacts(reason);
    const contentType = grantContentType(content);
    const output = refusal(request, condition, ver === undefined, contentType, retryAfterSeconds);
    this.#parts.turn.put(output);
  }

  #refuseSocket({ socket }: WebSocketClient, reason: Reason, detail: string): void {
    this.#log(socket, reason, detail);
    endWithError(socket, streamErrorOf(reason, false), '', this.#parts.turn.socket);
  }

  #log({ site, address }: Pick<RequestInput, 'site' | 'address'>, reason: Reason, detail: string): void {
    this.#parts.turn.log({ event: 'session-refused', site, reason, detail, address });
  }
}

export function letEnd(guest: Guest, client: ClientSide): void {
  guest.end = ({ reason, detail }) => {
    if (!client.isOver) client.endByOthers(reason, detail);
  };
}

function displacement(): Refusal {
  return full(
    'too many sessions are live without a log-in, most of them of this network: the place of the oldest went to another network',
  );
}
