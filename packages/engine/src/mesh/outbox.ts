import type { Toolbox, Work } from '../kit/index.ts';
import { encodeMessage, type Incarnation, type Message } from './codec/index.ts';
import type { MeshLimits } from './limits.ts';
import type { MeshWork } from './work.ts';

/** Where messages to other members are put: each is one piece of bytes, or several if it is long. */
export class Outbox {
  readonly #own: Incarnation;
  readonly #limits: MeshLimits;
  readonly #toolbox: Toolbox;
  readonly #work: Work<MeshWork>;
  #serial = 0;

  constructor(own: Incarnation, limits: MeshLimits, toolbox: Toolbox, work: Work<MeshWork>) {
    this.#own = own;
    this.#limits = limits;
    this.#toolbox = toolbox;
    this.#work = work;
  }

  send(to: Incarnation, message: Message): void {
    for (const bytes of this.#encode(message)) this.#work.push({ type: 'send', to, bytes });
  }

  /** To all other members. */
  announce(message: Message): void {
    for (const bytes of this.#encode(message)) this.#work.push({ type: 'announce', bytes });
  }

  #encode(message: Message) {
    this.#serial += 1;
    return encodeMessage(this.#own, message, this.#limits.pieceBytesMax, this.#serial, this.#toolbox);
  }
}
