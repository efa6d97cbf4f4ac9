import { NS } from '@boshd/engine/wire';
import type { Random } from '../world/random.ts';
import { textOf } from './chatter.ts';
import type { ServerFast } from './server-fast.ts';

export const HEADER = `<?xml version='1.0'?><stream:stream id='st' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`;
export const TLS_FEATURES = `<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>`;
const MECHANISMS = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms>`;
export const MANAGED_FEATURES = `<stream:features><bind xmlns='${NS.bind}'/><sm xmlns='${NS.streamManagement}'/></stream:features>`;
export const BIND_FEATURES = `<stream:features><bind xmlns='${NS.bind}'/></stream:features>`;

/** Before the log-in. */
export const saslFeatures = (fast: ServerFast | undefined): string =>
  `<stream:features>${MECHANISMS}${fast?.feature ?? ''}</stream:features>`;

/** What others say to the client: each with an id of its own. */
export class ServerTexts {
  readonly #random: Random;
  #stanzas = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  message(): string {
    this.#stanzas += 1;
    const kind = this.#random.chance(0.1) ? " type='headline'" : '';
    return `<message${kind} from='romeo@example.org/y' id='s${this.#stanzas}'><body>${textOf(this.#random)}</body></message>`;
  }

  any(): string {
    if (!this.#random.chance(0.2)) return this.message();
    this.#stanzas += 1;
    return `<iq type='get' from='romeo@example.org/y' id='s${this.#stanzas}'><query xmlns='jabber:iq:version'/></iq>`;
  }
}
