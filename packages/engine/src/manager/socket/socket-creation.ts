import { millis } from '../../kit/index.ts';
import { type AdmittedDomain, admitDomain } from '../../site/index.ts';
import { endElsewhere, endWithError, type SocketTurn } from '../../socket/index.ts';
import type { StreamRequest } from '../../stream/index.ts';
import type { ClientFrame } from '../../wire/index.ts';
import { type Guest, isRefusal } from '../admission/admission.ts';
import type { Sites } from '../admission/sites.ts';
import type { Conductor } from '../conductor.ts';
import { planDial, streamRequestOf } from '../dialling.ts';
import type { Reason } from '../reasons.ts';
import { socketUriFor } from '../start/see-other.ts';
import { beginStart, type Start } from '../start/start.ts';
import { streamErrorOf } from './conditions.ts';
import type { SocketSlot } from './socket-slot.ts';

type Open = Extract<ClientFrame, { type: 'open' }>;
type Dial = (slot: SocketSlot, request: StreamRequest, start: Start) => void;

/** boshd does not resume a stream over WebSocket: its client does. */
const NOT_RESUMED = { inactivity: millis(0), maxpause: millis(0) };

/** How sockets come to their streams: admission and the dial, as Creation does it for sessions. */
export class SocketCreation {
  readonly #sites: Sites;
  readonly #conductor: Conductor;
  readonly #dial: Dial;
  #closing: 'drain' | 'shutdown' | undefined;

  constructor(sites: Sites, conductor: Conductor, dial: Dial) {
    this.#sites = sites;
    this.#conductor = conductor;
    this.#dial = dial;
  }

  /** From now on no stream is opened. */
  stop(why: 'drain' | 'shutdown'): void {
    this.#closing = why;
  }

  /** The first <open/>: the same policy as for a session over BOSH (XEP-0124 §7.1). */
  open(slot: SocketSlot, open: Open, turn: SocketTurn): void {
    const { socket, site } = slot;
    const { domains, seeOther } = site.policy;
    const { now, toolbox } = turn;
    const uri = socketUriFor(seeOther, socket.secure, this.#closing !== undefined);
    const admitted = admitDomain(domains, open.to, toolbox);
    if (uri !== undefined) {
      this.#refused(slot, 'sent-elsewhere', uri);
      endElsewhere(socket, uri, turn);
    } else if (this.#closing !== undefined) {
      this.#refuse(slot, 'shutdown', '', turn);
    } else if (!admitted.ok) {
      this.#refuse(slot, admitted.fault.code, admitted.fault.detail, turn);
    } else {
      socket.domain = admitted.value.name;
      const outcome = this.#sites.enter(site, socket.address, now);
      if (isRefusal(outcome)) this.#refuse(slot, outcome.reason, outcome.detail, turn);
      else this.#admit(slot, outcome, open, admitted.value, turn);
    }
  }

  #admit(slot: SocketSlot, guest: Guest, open: Open, domain: AdmittedDomain, turn: SocketTurn): void {
    const { socket, site } = slot;
    const { domains, showExternal } = site.policy;
    const { name: session, address } = socket;
    slot.guest = guest;
    this.#conductor.log({
      event: 'session-created',
      session,
      site: site.name,
      domain: domain.name,
      address,
      transport: 'websocket',
    });
    const plan = planDial(domains, domain, undefined, address, turn.toolbox);
    const asked = { from: open.from, lang: open.lang, route: undefined, xmppVersion: open.version };
    const request = streamRequestOf(domain, asked, plan, showExternal, NOT_RESUMED);
    this.#dial(slot, request, beginStart(plan, turn.now));
  }

  #refuse(slot: SocketSlot, reason: Reason, detail: string, turn: SocketTurn): void {
    this.#refused(slot, reason, detail);
    endWithError(slot.socket, streamErrorOf(reason, false), '', turn);
  }

  #refused({ socket, site }: SocketSlot, reason: Reason, detail: string): void {
    const { address } = socket;
    this.#conductor.log({ event: 'session-refused', site: site.name, reason, detail, address });
  }
}
